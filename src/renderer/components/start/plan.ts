import { sizeOf } from '../../../shared/shape.ts'
import { usuallyConvolved } from '../../../shared/convolutions.ts'
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

/** The latest run of each line of the plan on a dataset; null where there is none. So a reload finds what was begun. */
export const begun = <T extends Pick<Run, 'name' | 'variant' | 'datasetId'>>(
  newestFirst: readonly T[],
  dataset: string,
): (T | null)[] =>
  plan.map(
    ({ name, variant }) =>
      newestFirst.find((run) => run.name === name && run.variant === variant && run.datasetId === dataset) ?? null,
  )

/** Milliseconds of two cores for a step on 16 images of 64 x 64 pixels with the usual convolutions, evaluation included. */
const convolutionalStep = 22
/** Of a dense network on as many values as an image of 28 x 28 has. */
const denseStep = 6

/** About how long the plan takes on two cores, most of it two trainings, as it stands behind “Takes”. */
export function timeOf(dataset: Dataset): string {
  const images = trainingRows(splitCounts(dataset)),
    convolves = usuallyConvolved(dataset, dataset.kind)
  const { epochs, batchSize } = usualLength(images, convolves)
  const step = convolves
    ? (convolutionalStep * dataset.width * dataset.height * batchSize) / (64 * 64 * 16)
    : Math.max(2, (denseStep * sizeOf(dataset)) / 784)
  const minutes = Math.round((2 * epochs * Math.max(1, images / batchSize) * step) / 60_000)
  return minutes < 2 ? 'about a minute' : `about ${minutes} minutes`
}
