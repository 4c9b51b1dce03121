import { sizeOf } from '../../../shared/shape.ts'
import { usuallyConvolved } from '../../../shared/convolutions.ts'
import type { CallInput } from '../../../shared/calls.ts'
import type { Dataset, Run } from '../../../shared/domain.ts'
import type { PlanInput } from '../../../shared/experiments.ts'
import { splitCounts, trainingRows } from '../../../shared/split.ts'
import { usualLength } from '../../../shared/trainingLength.ts'
import { usualCode, usualLayers } from '../../../shared/usualSizes.ts'

/** The first comparison: the baseline and two variants with one network, small enough for a minute or some. */
export const plan = [
  { variant: 'pca', name: 'First PCA', why: 'The baseline: the best linear code, computed in closed form.', trained: false },
  { variant: 'classical', name: 'First classical', why: 'Learns to rebuild each image from its code.', trained: true },
  {
    variant: 'denoising',
    name: 'First denoising',
    why: 'The same network, but it has to reconstruct the clean image from a corrupted one.',
    trained: true,
  },
] as const

/** Layers of the networks, and of them the code, where nothing is known of the images. */
const most = [256, 32] as const

/**
 * Layers that fit a dataset, after convolutions the code alone; it leaves something out, also of vectors, so that there is
 * something to compare.
 */
export function layersOf(dataset: Pick<Dataset, 'width' | 'height' | 'channels' | 'kind'> | undefined): number[] {
  if (!dataset) return [...most]
  const values = sizeOf(dataset),
    code = usualCode(values, most[1])
  return usuallyConvolved(dataset, dataset.kind) ? [code] : [usualLayers(values, dataset.kind, most)[0], code]
}

/** A run of the plan: enough passes over the images, few or many, to fill the time. */
export function request(line: (typeof plan)[number], dataset: Dataset): CallInput<'runs.create'> {
  const layers = layersOf(dataset)
  const { epochs, batchSize } = usualLength(trainingRows(splitCounts(dataset)), usuallyConvolved(dataset, dataset.kind))
  return {
    dataset: dataset.id,
    variant: line.variant,
    name: line.name,
    seed: 1,
    settings: line.trained ? { network: { layers }, training: { epochs, batchSize } } : { network: { layers: layers.slice(-1) } },
  }
}

/** All of its runs as a plan, of which the engine says how long they take and what of them follows from the data. */
export function wholePlan(dataset: Dataset): PlanInput {
  const variants = plan.map((line) => ({ variant: line.variant, settings: request(line, dataset).settings }))
  return { name: 'First comparison', dataset: dataset.id, seeds: [1], variants, baseline: null, reuse: false }
}

/** The latest run of each line of the plan on a dataset; null where there is none. So a reload finds what was begun. */
export const begun = <T extends Pick<Run, 'name' | 'variant' | 'datasetId'>>(
  newestFirst: readonly T[],
  dataset: string,
): (T | null)[] =>
  plan.map(
    ({ name, variant }) =>
      newestFirst.find((run) => run.name === name && run.variant === variant && run.datasetId === dataset) ?? null,
  )
