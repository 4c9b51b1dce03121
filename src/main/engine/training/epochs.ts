import { setImmediate } from 'node:timers/promises'
import { keepsBest } from '../../../shared/config.ts'
import { validatedTogether } from '../../../shared/split.ts'
import { deadUnitsName, isDead } from '../../../shared/activity.ts'
import { snapshotEpochs, type CheckpointName } from '../checkpoint/checkpoint.ts'
import { keptEpochs } from '../checkpoint/snapshots.ts'
import type { PackedDataset } from '../data/packed.ts'
import { shuffled } from '../data/split.ts'
import { gatherBatch } from '../network/inputs.ts'
import { batchesOf } from './batches.ts'
import type { CompiledModel } from './compiled.ts'
import type { TrainingRun } from './trainingRun.ts'
import { Diverged } from './diverged.ts'
import { cleanErrorName } from './objective.ts'
import { isOutOfPatience } from '../variants/settings/lengthRules.ts'
import { Stopped } from './port.ts'
import type { ModelSpec } from './modelSpec.ts'
import { learningRateAt } from './schedule.ts'
import type { PlannedStage } from './stages.ts'

/** A checkpoint is written at the end of an epoch if the last one is older than this, and within an epoch after the longer time. */
const checkpointSeconds = { epochEnd: 5, within: 30 }
/** Points of training curves that are kept of each epoch. */
const pointsPerEpoch = 50
/** Images at a time in passes over the whole training split. */
const refreshBatch = 2048

export interface StageTraining {
  stage: PlannedStage
  spec: ModelSpec
  model: CompiledModel
  /** What the stage's network reads. */
  inputs: PackedDataset
  /** The same as it is judged: what is binarised anew for every step has one draw there. */
  clean: PackedDataset
  train: Uint32Array
  validation: Uint32Array
  /** After an epoch, once it has been validated and before it is saved; `shows`: a moment to keep a picture of. */
  onEpoch(moment: { shows: boolean; last: boolean }): void
}

/** Batch sizes at which a stage's objective is validated. */
export const validationSizes = (stage: PlannedStage, validation: Uint32Array): number[] =>
  [...validationBatchesOf(stage, validation)].map((batch) => batch.length)
const validationBatchesOf = (stage: PlannedStage, validation: Uint32Array) =>
  batchesOf(validation, validatedTogether(stage.batchSize))

/** Sets a state of a variant to the mean code over the training rows. */
export async function refreshMean(model: CompiledModel, inputs: PackedDataset, train: Uint32Array, name: string): Promise<void> {
  const sum = new Float64Array(model.codeSize)
  for (const part of batchesOf(train, refreshBatch)) {
    model.codeSum(gatherBatch(inputs, part)).forEach((value, unit) => {
      sum[unit] = sum[unit]! + value
    })
    await setImmediate()
  }
  model.setState(
    name,
    Float32Array.from(sum, (value) => value / train.length),
  )
}

/** Trains one stage from where the run is to its end. @throws Stopped, Diverged */
export async function trainEpochs(
  run: TrainingRun,
  { stage, spec, model, inputs, clean, train, validation, onEpoch }: StageTraining,
): Promise<void> {
  const {
    port,
    progress,
    job: { seed },
  } = run
  const { variant, config } = spec
  const { stepsPerEpoch, batchSize, prefix, startStep, startEpoch } = stage
  const { patience } = config.training,
    keeps = keepsBest(config)
  const layer = stage.kind === 'layer'
  const end = startStep + stage.steps
  const validationBatches = [...validationBatchesOf(stage, validation)]
  const labelsOf = (rows: Uint32Array) =>
    stage.kind === 'classification' ? Int32Array.from(rows, (row) => inputs.labels![row]!) : null
  const save = (...names: CheckpointName[]) => run.save(model, layer, ...names)

  /** The objective on validation rows, what is watched there, and dead units. Draws are the same each time, but for `anew`. */
  const validate = async () => {
    const sums = new Float64Array(model.terms.length + model.watched.length)
    const active: number[] = []
    for (const [index, batch] of validationBatches.entries()) {
      const given = gatherBatch(inputs, batch)
      const judged = clean === inputs ? null : gatherBatch(clean, batch)
      const values = model.validate(given, batch, seed, -1 - index, labelsOf(batch), judged, run.position.step)
      values.forEach((value, at) => {
        sums[at] = sums[at]! + value * batch.length
      })
      model.activeSum(judged ?? given).forEach((count, unit) => {
        active[unit] = (active[unit] ?? 0) + count
      })
      await setImmediate()
    }
    return {
      values: sums.map((sum) => sum / validation.length),
      dead: active.filter((count) => isDead(count / validation.length)).length,
    }
  }
  const measured = [...model.terms, ...model.watched]

  const mean = variant.trainingMean?.(config.regularizer as never) ?? null
  const moments = layer ? new Set<number>() : snapshotEpochs(stage.epochs)
  const snapshots = layer ? new Set<number>() : keptEpochs(stage.epochs, run.snapshots)
  const window = Math.max(1, Math.floor(stepsPerEpoch / pointsPerEpoch))
  const { terms: names } = model
  if (run.position.step === startStep && validation.length > 0 && measured.includes(cleanErrorName)) {
    // What the network makes of clean inputs before its first step: the curve begins there. A variant's state may not be there
    // yet, so nothing else is.
    const { values, dead } = await validate()
    const before = [values[measured.indexOf(cleanErrorName)]!, dead]
    progress.add(`${prefix}validation/`, [cleanErrorName, deadUnitsName], before, run.position)
  }
  const outOfPatience = (): boolean => validation.length > 0 && isOutOfPatience(variant, config, run.position, startEpoch)
  while (run.position.step < end && !outOfPatience()) {
    const epoch = Math.floor((run.position.step - startStep) / stepsPerEpoch)
    const order = shuffled(train, seed, epoch)
    for (let at = run.position.step - startStep - epoch * stepsPerEpoch; at < stepsPerEpoch; at++) {
      const step = run.position.step + 1
      const updates = step - startStep
      if (mean && (updates - 1) % mean.every === 0) await refreshMean(model, inputs, train, mean.state)
      const rows = order.subarray(at * batchSize, (at + 1) * batchSize)
      const endsWindow = (at + 1) % window === 0 || at + 1 === stepsPerEpoch
      const { terms, norms } = model.step(
        gatherBatch(inputs, rows),
        rows,
        seed,
        step,
        learningRateAt(config.training, updates, stepsPerEpoch),
        {
          withNorms: endsWindow,
          epoch: (updates - 1) / stepsPerEpoch,
          labels: labelsOf(rows),
          updates,
        },
      )
      if (!terms.every(Number.isFinite)) throw Diverged.in(stage, step)
      run.position = { ...run.position, step, epoch: startEpoch + updates / stepsPerEpoch, seconds: progress.seconds() }
      progress.count(terms)
      // A window of points ends where a checkpoint may be: after a resume the windows are the same.
      if (endsWindow) {
        progress.endWindow(`${prefix}train/`, names, run.position)
        progress.add(prefix, model.norms, norms!, run.position)
        if (at + 1 < stepsPerEpoch && progress.secondsSinceSave() > checkpointSeconds.within) await save('last')
      }
      if (progress.dueToReport()) {
        port.send({
          type: 'progress',
          ...progress.message(run.position, { done: step, total: progress.steps, unit: 'steps', stage: stage.title }),
        })
        port.send({ type: 'points', points: progress.takePoints(), flush: false })
      }
      // At an epoch's end only once it has been validated: whoever resumes begins with the next one.
      if (at + 1 < stepsPerEpoch && (await port.wanted())) {
        await save('last')
        throw new Stopped(run.position)
      }
    }
    if (validation.length > 0) {
      const { values, dead } = await validate()
      // Clean inputs are not what it is trained on: where they alone are too much for it, the evaluation says so.
      if (!values.every((value, index) => Number.isFinite(value) || measured[index] === cleanErrorName))
        throw Diverged.in(stage, run.position.step)
      progress.add(`${prefix}validation/`, [...measured, deadUnitsName], [...values, dead], run.position)
      if ((patience > 0 || keeps) && (run.position.best === null || values[0]! < run.position.best.loss)) {
        run.position = { ...run.position, best: { loss: values[0]!, epoch: run.position.epoch } }
        if (keeps) run.best = { state: model.weights(), position: run.position }
      }
    }
    const last = run.position.step === end || outOfPatience()
    const shows = moments.has(epoch + 1) || (last && !layer)
    onEpoch({ shows, last })
    const stops = (!last || layer) && (await port.wanted())
    if (snapshots.has(epoch + 1)) await save('last', `snapshot-${run.position.step}`)
    else if (shows || last || stops || progress.secondsSinceSave() > checkpointSeconds.epochEnd) await save('last')
    if (stops) throw new Stopped(run.position)
  }
}
