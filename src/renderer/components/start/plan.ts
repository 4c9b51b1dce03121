import { sizeOf } from '../../../shared/shape.ts'
import type { CallInput } from '../../../shared/calls.ts'
import type { Dataset, Run } from '../../../shared/domain.ts'
import { splitCounts, trainingRows } from '../../../shared/split.ts'
import { usualLength } from '../../../shared/trainingLength.ts'
import { usualCode, usualLayers } from '../../../shared/usualSizes.ts'

/** The first comparison: the baseline and two variants with one network, small enough for about a minute on two cores. */
export const plan = [
  { variant: 'pca', name: 'First PCA', why: 'The baseline: the best linear code, computed in closed form.', trained: false },
  { variant: 'classical', name: 'First classical', why: 'Learns to rebuild each image from its code.', trained: true },
  {
    variant: 'denoising',
    name: 'First denoising',
    why: 'The same network, but it has to reconstruct the clean image from a masked one.',
    trained: true,
  },
] as const

/** Layers of the networks, and of them the code, where nothing is known of the images. */
const most = [256, 32] as const

/** Layers that fit a dataset; the code leaves something out, also of vectors, so that there is something to compare. */
export function layersOf(
  dataset: Pick<Dataset, 'width' | 'height' | 'channels' | 'kind'> | undefined,
): [hidden: number, code: number] {
  if (!dataset) return [...most]
  const values = sizeOf(dataset)
  return [usualLayers(values, dataset.kind, most)[0], usualCode(values, most[1])]
}

/** A run of the plan: enough passes over the images, few or many, to fill the time. */
export function request(line: (typeof plan)[number], dataset: Dataset): CallInput<'runs.create'> {
  const [hidden, code] = layersOf(dataset)
  const { epochs, batchSize } = usualLength(trainingRows(splitCounts(dataset)))
  return {
    dataset: dataset.id,
    variant: line.variant,
    name: line.name,
    seed: 1,
    settings: line.trained
      ? { network: { layers: [hidden, code] }, training: { epochs, batchSize } }
      : { network: { layers: [code] } },
  }
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
