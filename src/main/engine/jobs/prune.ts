import { notProbabilistic, nothingToPrune, prunable } from '../../../shared/collapse.ts'
import { withoutStatistics } from '../../../shared/config.ts'
import type { Progress } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { sizeOf } from '../../../shared/shape.ts'
import { readResult, writeCheckpoint, type Checkpoint } from '../checkpoint/checkpoint.ts'
import { validationSplit } from '../data/split.ts'
import { bound } from '../evaluate/bound.ts'
import { unitStatistics } from '../evaluate/collapse.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import type { Report } from '../evaluate/report.ts'
import { activationRange } from '../network/activation.ts'
import { withoutUnits } from '../network/prune.ts'
import { countParameters, headsOf } from '../network/weights.ts'
import { variantOf } from '../variants/index.ts'
import { likelihoodOf } from '../variants/variant.ts'
import { CompiledModel } from '../training/compiled.ts'
import { openTrainingData } from '../training/data.ts'
import type { PruneJob, PruneResult } from '../training/messages.ts'
import type { Port } from '../training/port.ts'
import { makePreview } from '../training/preview.ts'
import type { ModelSpec } from '../training/program.ts'

/**
 * Makes a run's network anew without its collapsed code units, writes it as a run's checkpoint and measures it as a training
 * would at its end. The units are found, and the bound before is measured, on the test split; the units' means are those of the
 * training split.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH, RUN_DIVERGED, VARIANT_UNSUITABLE,
 * NOTHING_TO_PRUNE, CANCELLED
 */
export async function pruneRun(job: PruneJob, port: Port): Promise<PruneResult> {
  const { name, ...checkpoint } = readResult(job.runFolder)
  const { config, seed, inputShape, state, position } = checkpoint
  const { seen: dataset } = openTrainingData(job.datasetFolder, config)
  if (sizeOf(inputShape) !== dataset.rowSize) {
    throw new WorkbenchError(
      'RUN_MISMATCH',
      `The checkpoint takes ${sizeOf(inputShape)} values and the dataset's samples have ${dataset.rowSize}; train the run again.`,
    )
  }
  const variant = variantOf(checkpoint.variant)
  const { train } = validationSplit(dataset, seed)
  const outputRange = activationRange[config.network.outputActivation]
  const send = (progress: Progress) => port.send({ type: 'progress', progress, ...position, stepsPerSecond: null })
  /** Progress of a part of what comes before the evaluation. */
  const part =
    (from: number, to: number): Report =>
    async (share) => {
      send({
        done: Math.round(100 * (from + (to - from) * share)),
        total: 100,
        unit: 'per cent',
        perSecond: null,
        secondsLeft: null,
        stage: 'Pruning',
      })
      if (await port.wanted()) throw new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.')
    }

  const spec: ModelSpec = { variant, config, input: dataset, kind: dataset.kind }
  const model = new CompiledModel(spec)
  model.load(state)
  if (!model.latent) throw new WorkbenchError('VARIANT_UNSUITABLE', notProbabilistic(variant.title), { field: 'run' })
  const before = await bound.measure({ model, dataset, train, outputRange, codes: null }, part(0, 0.6))
  const removed = prunable(before)
  if (removed.length === 0 || before.elbo === null)
    throw new WorkbenchError('NOTHING_TO_PRUNE', nothingToPrune(before), { field: 'run' })
  const { mean } = await unitStatistics(model.latent, dataset, train, part(0.6, 1))
  model.close()

  const { network, weights } = withoutUnits(
    { network: config.network, input: dataset, heads: headsOf(likelihoodOf(variant, config)), weights: state },
    removed,
    mean,
  )
  const smaller: ModelSpec = { ...spec, config: { ...config, network } }
  const made: Checkpoint = { ...checkpoint, config: smaller.config, state: weights }
  writeCheckpoint(job.outFolder, 'last', made)
  if (name === 'best') writeCheckpoint(job.outFolder, 'best', made)
  const pruned = new CompiledModel(smaller)
  pruned.load(weights)
  const preview = makePreview(pruned, smaller, dataset, position.step, position.epoch)
  const evaluation = await evaluate({ model: pruned, dataset, train, outputRange, signal: port.signal, onProgress: send })
  return {
    kind: 'prune',
    config: withoutStatistics(smaller.config),
    removed,
    elbo: before.elbo,
    evaluation: { ...evaluation, checkpoint: name },
    preview,
    parameters: countParameters(pruned.specs),
    step: position.step,
    epoch: position.epoch,
    seconds: position.seconds,
  }
}
