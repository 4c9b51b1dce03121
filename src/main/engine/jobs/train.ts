import { thinRun } from '../checkpoint/thin.ts'
import { measuredOf } from '../checkpoint/checkpoint.ts'
import { squaredErrorOf } from '../evaluate/reconstruction.ts'
import { countParameters } from '../network/weights.ts'
import { variantOf } from '../variants/index.ts'
import { rowsOf } from '../training/batches.ts'
import { CompiledModel } from '../training/compiled.ts'
import { TrainingRun } from '../training/trainingRun.ts'
import { openTrainingData } from '../training/data.ts'
import { withStep } from '../training/diverged.ts'
import type { TrainJob, TrainResult } from '../training/messages.ts'
import { cleanErrorName } from '../training/objective.ts'
import { evaluateTrained } from '../training/evaluation.ts'
import { Stopped, type Port } from '../training/port.ts'
import { pretrainLayer } from '../training/pretrain.ts'
import { makePreview } from '../training/preview.ts'
import type { ModelSpec } from '../training/modelSpec.ts'
import { stageOf } from '../training/stages.ts'
import { standardisedJob } from '../training/statistics.ts'
import { trainWhole } from '../training/whole.ts'

/**
 * Trains one run from its beginning or from its last checkpoint, stage by stage, and evaluates it. Everything random is a
 * function of (seed, step) and (seed, epoch), so that a run which was interrupted any number of times ends with the same
 * weights, bit for bit. Throws Stopped after a requested stop, Diverged when values are no longer finite.
 */
export async function train(given: TrainJob, threads: number, port: Port): Promise<TrainResult> {
  const data = openTrainingData(given.datasetFolder, given.config)
  const job = await standardisedJob(given, data, port)
  const run = new TrainingRun(job, port, data)
  const { plan, progress } = run
  const last = plan.at(-1)
  port.send({
    type: 'begun',
    step: run.position.step,
    epoch: run.position.epoch,
    seconds: run.position.seconds,
    steps: progress.steps,
    epochs: last ? last.startEpoch + last.epochs : 0,
    stages: plan.map(stageOf),
    parameters: countParameters(run.specs),
    threads,
  })

  while (run.position.stage < plan.length - 1) await pretrainLayer(run, plan[run.position.stage]!)
  const model = last ? await trainWhole(run, last) : await fit(run)

  const measured = run.best ? measuredOf('best', run.best.position) : measuredOf('last', run.position)
  if (run.best) model.load(run.best.state)
  const stepsPerSecond = progress.stepsPerSecond()
  const { step, epoch, seconds } = run.position
  const trained = { variant: variantOf(job.variant), config: job.config }
  const evaluation = await evaluateTrained(model, trained, run.data.seen, run.rows.train, {
    signal: port.signal,
    onProgress: (progress) => port.send({ type: 'progress', progress, step, epoch, seconds, stepsPerSecond }),
  }).catch((thrown: unknown) => {
    throw port.signal.aborted ? new Stopped(run.position) : withStep(thrown, step)
  })
  port.send({ type: 'evaluation', evaluation: { ...evaluation, ...measured } })
  // Nothing goes on from here: what was needed for that need not be kept.
  thinRun(job.runFolder, { snapshots: [], ended: true })
  return { step, epoch, seconds, stepsPerSecond }
}

/** In a worker process, of which the engine has pinned the threads. */
export const trainRun = (job: TrainJob, port: Port): Promise<TrainResult> =>
  train(job, Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 1), port)

/** Variants in closed form: one pass over the data instead of training. */
async function fit(run: TrainingRun): Promise<CompiledModel> {
  const {
    job: { variant: id, config },
    data: { read, seen },
    rows,
    port,
    progress,
  } = run
  const variant = variantOf(id)
  const spec: ModelSpec = { variant, config, input: read, kind: read.kind }
  const model = new CompiledModel(spec)
  model.load(run.whole)
  const weights = await variant.fit!(rowsOf(read, rows.train), config, async (done, total) => {
    if (await port.wanted()) throw new Stopped(run.position)
    port.send({ type: 'progress', ...progress.message(run.position, { done, total, unit: 'images', stage: 'Fitting' }) })
  }).catch((thrown: unknown) => {
    throw withStep(thrown, 0)
  })
  model.load(Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [name, tensor.dataSync().slice() as Float32Array])))
  run.position = { ...run.position, seconds: progress.seconds() }
  if (rows.validation.length > 0)
    progress.add('validation/', [cleanErrorName], [await squaredErrorOf(model, seen, rows.validation)], run.position)
  await run.save(model, false, 'last')
  const preview = makePreview(model, spec, seen, 0, 0)
  if (preview) port.send({ type: 'preview', preview })
  return model
}
