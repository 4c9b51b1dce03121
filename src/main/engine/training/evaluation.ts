import type { Progress } from '../../../shared/domain.ts'
import type { PackedDataset } from '../data/packed.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import type { AnyWeights } from '../evaluate/measurement.ts'
import type { Model } from '../evaluate/model.ts'
import { activationRange } from '../network/activation.ts'
import { ownCorruption } from './ownCorruption.ts'
import type { ModelSpec } from './modelSpec.ts'

/**
 * The evaluation of a network on what it was trained on, as every run has it at its end.
 * @param train rows of its training split
 * @throws WorkbenchError RUN_DIVERGED, CANCELLED
 */
export const evaluateTrained = (
  model: Model,
  { variant, config }: Pick<ModelSpec, 'variant' | 'config'>,
  dataset: PackedDataset,
  train: Uint32Array,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<AnyWeights> =>
  evaluate({
    model,
    dataset,
    train,
    outputRange: activationRange[config.network.outputActivation],
    corrupt: ownCorruption(variant, config, dataset.channels),
    signal,
    onProgress,
  })
