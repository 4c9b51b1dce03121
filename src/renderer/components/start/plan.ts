import type { CallInput } from '../../../shared/calls.ts'
import type { Run } from '../../../shared/domain.ts'

/** The first comparison: the baseline and two variants with one network, small enough for about a minute on two cores. */
export const plan: { variant: string; name: string; why: string; settings: NonNullable<CallInput<'runs.create'>['settings']> }[] = [
  { variant: 'pca', name: 'First PCA', why: 'The baseline: the best linear code, computed at once.', settings: { network: { layers: [32] } } },
  {
    variant: 'classical', name: 'First classical', why: 'Learns to rebuild each image from a code of 32 numbers.',
    settings: { network: { layers: [256, 32] }, training: { epochs: 12 } },
  },
  {
    variant: 'denoising', name: 'First denoising', why: 'The same network, but it has to rebuild the clean image from one with holes.',
    settings: { network: { layers: [256, 32] }, training: { epochs: 12 } },
  },
]

/** The latest run of each line of the plan on a dataset; null where there is none. So a reload finds what was begun. */
export const begun = (newestFirst: readonly Run[], dataset: string): (Run | null)[] =>
  plan.map(({ name, variant }) => newestFirst.find((run) => run.name === name && run.variant === variant && run.datasetId === dataset) ?? null)
