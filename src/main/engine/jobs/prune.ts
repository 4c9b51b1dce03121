import { notProbabilistic, nothingToPrune, prunable } from '../../../shared/collapse.ts'
import { withoutStatistics, type Config } from '../../../shared/config.ts'
import type { Evaluation, Preview } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { measuredOf, readResult, writeCheckpoint, type Checkpoint } from '../checkpoint/checkpoint.ts'
import { bound } from '../evaluate/bound.ts'
import { unitStatistics } from '../evaluate/collapse.ts'
import { activationRange } from '../network/activation.ts'
import { withoutUnits } from '../network/prune.ts'
import { countParameters, headsOf } from '../network/weights.ts'
import { CompiledModel } from '../training/compiled.ts'
import { evaluateTrained } from '../training/evaluation.ts'
import type { RunFolders } from '../training/messages.ts'
import type { Port } from '../training/port.ts'
import { makePreview } from '../training/preview.ts'
import type { ModelSpec } from '../training/modelSpec.ts'
import { likelihoodOf } from '../variants/variant.ts'
import { openTrained } from './openTrained.ts'
import { reporting, telling } from './share.ts'

export interface PruneJob extends RunFolders {
  kind: 'prune'
  /** Becomes the folder of the pruned run. */
  outFolder: string
}
export interface PruneResult {
  config: Config
  /** Code units of the run that its pruned network lacks. */
  removed: number[]
  /** The run's bound, measured in the same way as the pruned one's; nats. */
  elbo: number
  evaluation: Evaluation
  preview: Preview | null
  parameters: number
  /** How far the weights had been trained. */
  step: number
  epoch: number
  seconds: number
}

/**
 * Makes a run's network anew without its collapsed code units, writes it as a run's checkpoint and measures it as a training
 * would at its end. The units are found, and the bound before is measured, on the test split; the units' means are those of the
 * training split.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH, RUN_DIVERGED, VARIANT_UNSUITABLE,
 * NOTHING_TO_PRUNE, CANCELLED
 */
export async function pruneRun(job: PruneJob, port: Port): Promise<PruneResult> {
  const { checkpoint, data, train, spec, load } = openTrained(readResult(job.runFolder), job.datasetFolder)
  const { name, config, state, position } = checkpoint
  const { variant } = spec
  const dataset = data.seen
  const model = load()
  if (!model.latent) throw new WorkbenchError('VARIANT_UNSUITABLE', notProbabilistic(variant.title), { field: 'run' })
  const outputRange = activationRange[config.network.outputActivation]
  const before = await bound.measure({ model, dataset, train, outputRange, codes: null }, reporting(port, 'Pruning', { to: 0.6 }))
  const removed = prunable(before)
  if (removed.length === 0 || before.elbo === null)
    throw new WorkbenchError('NOTHING_TO_PRUNE', nothingToPrune(before), { field: 'run' })
  const { mean } = await unitStatistics(model.latent, dataset, train, reporting(port, 'Pruning', { from: 0.6 }))
  model.close()

  const { network, weights } = withoutUnits(
    { network: config.network, input: dataset, heads: headsOf(likelihoodOf(variant, config)), weights: state },
    removed,
    mean,
  )
  const smaller: ModelSpec = { ...spec, config: { ...config, network } }
  const smallerCheckpoint: Checkpoint = { ...checkpoint, config: smaller.config, state: weights }
  writeCheckpoint(job.outFolder, 'last', smallerCheckpoint)
  if (name === 'best') writeCheckpoint(job.outFolder, 'best', smallerCheckpoint)
  const pruned = new CompiledModel(smaller)
  pruned.load(weights)
  const preview = makePreview(pruned, smaller, dataset, position.step, position.epoch)
  const evaluation = await evaluateTrained(pruned, smaller, dataset, train, telling(port))
  return {
    config: withoutStatistics(smaller.config),
    removed,
    elbo: before.elbo,
    evaluation: { ...evaluation, ...measuredOf(name, position) },
    preview,
    parameters: countParameters(pruned.specs),
    step: position.step,
    epoch: position.epoch,
    seconds: position.seconds,
  }
}
