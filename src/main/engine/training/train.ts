import { setImmediate } from 'node:timers/promises'
import { WorkbenchError } from '../../../shared/errors.ts'
import { hasNonFinite, readCheckpoint, removeCheckpoints, removePartials, snapshotEpochs, writeCheckpoint, type CheckpointName, type Position } from '../checkpoint/checkpoint.ts'
import { openDataset } from '../data/open.ts'
import { shuffled, validationSplit } from '../data/split.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { activationRange } from '../network/activation.ts'
import { initialValues } from '../network/initialise.ts'
import { countParameters } from '../network/weights.ts'
import { variantOf } from '../variants/index.ts'
import { gatherBatch } from '../network/inputs.ts'
import { batchesOf, rowsOf } from './batches.ts'
import { CompiledModel, type State } from './compiled.ts'
import { Diverged, withStep } from './diverged.ts'
import { Meter } from './meter.ts'
import type { TrainJob, TrainResult } from './messages.ts'
import { Stopped, type Port } from './port.ts'
import { makePreview } from './preview.ts'
import type { ModelSpec } from './program.ts'
import { learningRateAt } from './schedule.ts'

/** A checkpoint is written at the end of an epoch if the last one is older than this, and within an epoch after the longer time. */
const checkpointSeconds = { epochEnd: 5, within: 30 }
/** Points of training curves that are kept of each epoch. */
const pointsPerEpoch = 50
/** Images at a time in passes over the whole training split. */
const refreshBatch = 2048

/**
 * Trains one run from its beginning or from its last checkpoint, and evaluates it. Everything random is a function of (seed, step) and
 * (seed, epoch), so that a run which was interrupted any number of times ends with the same weights, bit for bit.
 * Throws Stopped after a requested stop, Diverged when values are no longer finite.
 */
export async function train(job: TrainJob, threads: number, port: Port): Promise<TrainResult> {
  const variant = variantOf(job.variant)
  const { config, seed } = job
  const { epochs, batchSize, patience } = config.training
  const dataset = openDataset(job.datasetFolder)
  const spec: ModelSpec = { variant, config, inputSize: dataset.rowSize, kind: dataset.kind }
  const rows = validationSplit(dataset, seed)
  const stepsPerEpoch = variant.fit ? 1 : Math.floor(rows.train.length / batchSize)
  if (stepsPerEpoch === 0) throw new WorkbenchError('SETTING_INVALID', `The training split has ${rows.train.length} images; set training.batchSize to at most that.`, { field: 'training.batchSize' })
  const steps = variant.fit ? 0 : epochs * stepsPerEpoch
  const validationBatches = [...batchesOf(rows.validation, Math.max(batchSize, 256))]
  const model = new CompiledModel(spec, variant.fit ? [] : validationBatches.map((batch) => batch.length))

  // Where to begin: at the checkpoint, or at step 0 with the initial weights, which are a checkpoint too.
  let position: Position = { step: 0, epoch: 0, seconds: 0, best: null }
  let bestState: State | null = null
  removePartials(job.runFolder)
  if (job.resume) {
    const last = readCheckpoint(job.runFolder, 'last')
    position = last.position
    model.load(last.state)
    if (patience > 0 && position.best) bestState = readCheckpoint(job.runFolder, 'best').state
  } else {
    removeCheckpoints(job.runFolder)
    model.load(Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, seed)])))
  }
  const meter = new Meter(position, steps)
  const write = (name: CheckpointName, state: State) => writeCheckpoint(job.runFolder, name, { variant: variant.id, config, seed, inputSize: dataset.rowSize, position, state })
  /** Makes everything up to now durable: first the points, then the weights. */
  const save = async (...names: CheckpointName[]) => {
    const state = model.state()
    if (hasNonFinite(state)) throw new Diverged(position.step)
    await port.commit(meter.takePoints())
    // The best weights go first: `last` says where to resume, and what came before it must be there.
    if (bestState) write('best', bestState)
    for (const name of names) write(name, state)
    meter.saved()
  }
  const showMoment = () => {
    const preview = makePreview(model, spec, dataset, position.step, position.epoch)
    if (preview) port.send({ type: 'preview', preview })
  }
  /** The objective on the validation split; its draws are the same after every epoch. */
  const validate = async () => {
    const sums = new Float64Array(model.terms.length)
    for (const [index, batch] of validationBatches.entries()) {
      const terms = model.validate(gatherBatch(dataset, batch), batch, seed, -1 - index)
      terms.forEach((term, at) => { sums[at] = sums[at]! + term * batch.length })
      await setImmediate()
    }
    return sums.map((sum) => sum / rows.validation.length)
  }

  const mean = variant.trainingMean?.(config.regularizer as never) ?? null
  /** Sets a state of the variant to the mean code over the training split. */
  const refresh = async (name: string) => {
    const sum = new Float64Array(model.codeSize)
    for (const part of batchesOf(rows.train, refreshBatch)) {
      model.codeSum(gatherBatch(dataset, part)).forEach((value, unit) => { sum[unit] = sum[unit]! + value })
      await setImmediate()
    }
    model.setState(name, Float32Array.from(sum, (value) => value / rows.train.length))
  }

  port.send({ type: 'begun', step: position.step, epoch: position.epoch, seconds: position.seconds, steps, epochs: variant.fit ? 0 : epochs, parameters: countParameters(model.specs), threads })
  const snapshots = snapshotEpochs(epochs)

  if (variant.fit) {
    const weights = await variant.fit(rowsOf(dataset, rows.train), config, async (done, total) => {
      if (await port.wanted()) throw new Stopped(position)
      port.send({ type: 'progress', ...meter.progress(position, { done, total, unit: 'images', stage: 'Fitting' }) })
    }).catch((thrown: unknown) => { throw withStep(thrown, 0) })
    model.load(Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, tensor.dataSync().slice() as Float32Array])))
    position = { ...position, seconds: meter.seconds() }
    await save('last')
    showMoment()
  } else {
    if (position.step === 0) {
      showMoment()
      await save('last', 'snapshot-0')
    }
    const window = Math.max(1, Math.floor(stepsPerEpoch / pointsPerEpoch))
    const names = model.terms
    let epochsSinceBest = position.best ? position.epoch - position.best.epoch : 0
    while (position.step < steps && !(patience > 0 && epochsSinceBest >= patience)) {
      const epoch = Math.floor(position.step / stepsPerEpoch)
      const order = shuffled(rows.train, seed, epoch)
      for (let at = position.step - epoch * stepsPerEpoch; at < stepsPerEpoch; at++) {
        const step = position.step + 1
        if (mean && (step - 1) % mean.every === 0) await refresh(mean.state)
        const batchRows = order.subarray(at * batchSize, (at + 1) * batchSize)
        const endsWindow = (at + 1) % window === 0 || at + 1 === stepsPerEpoch
        const { terms, norms } = model.step(gatherBatch(dataset, batchRows), batchRows, seed, step, learningRateAt(config.training, step, stepsPerEpoch), endsWindow, (step - 1) / stepsPerEpoch)
        if (!terms.every(Number.isFinite)) throw new Diverged(step)
        position = { ...position, step, epoch: step / stepsPerEpoch, seconds: meter.seconds() }
        meter.count(terms)
        // A window of points ends where a checkpoint may be: after a resume the windows are the same.
        if (endsWindow) {
          meter.endWindow('train', names, position)
          meter.add(null, model.norms, norms!, position)
          if (at + 1 < stepsPerEpoch && meter.secondsSinceSave() > checkpointSeconds.within) await save('last')
        }
        if (meter.dueToReport()) {
          port.send({ type: 'progress', ...meter.progress(position, { done: step, total: steps, unit: 'steps', stage: 'Training' }) })
          port.send({ type: 'points', points: meter.takePoints(), flush: false })
        }
        // At an epoch's end only once it has been validated: whoever resumes begins with the next one.
        if (at + 1 < stepsPerEpoch && await port.wanted()) {
          await save('last')
          throw new Stopped(position)
        }
      }
      const values = await validate()
      if (!values.every(Number.isFinite)) throw new Diverged(position.step)
      meter.add('validation', names, values, position)
      epochsSinceBest++
      if (patience > 0 && (position.best === null || values[0]! < position.best.loss)) {
        position = { ...position, best: { loss: values[0]!, epoch: position.epoch } }
        bestState = model.weights()
        epochsSinceBest = 0
      }
      const isLast = position.step === steps || (patience > 0 && epochsSinceBest >= patience)
      const isSnapshot = snapshots.has(epoch + 1)
      if (isSnapshot || isLast) showMoment()
      const stops = !isLast && await port.wanted()
      if (isSnapshot) await save('last', `snapshot-${position.step}`)
      else if (isLast || stops || meter.secondsSinceSave() > checkpointSeconds.epochEnd) await save('last')
      if (stops) throw new Stopped(position)
    }
  }

  const checkpoint = bestState ? 'best' : 'last'
  if (bestState) model.load(bestState)
  const stepsPerSecond = meter.stepsPerSecond()
  const { step, epoch, seconds } = position
  const evaluation = await evaluate({
    model, dataset, train: rows.train, outputRange: activationRange[config.network.outputActivation], signal: port.signal,
    onProgress: (progress) => port.send({ type: 'progress', progress, step, epoch, seconds, stepsPerSecond }),
  }).catch((thrown: unknown) => { throw port.signal.aborted ? new Stopped(position) : withStep(thrown, step) })
  port.send({ type: 'evaluation', evaluation: { ...evaluation, checkpoint } })
  return { kind: 'train', step, epoch, seconds, stepsPerSecond }
}
