import type { Run } from './domain.ts'

/** What every window knows of every run. Nothing in it is long: ten thousand of them are there at once. */
export const rowFields = [
  'id',
  'name',
  'datasetId',
  'dataset',
  'variant',
  'seed',
  'state',
  'colour',
  'epoch',
  'epochs',
  'step',
  'steps',
  'parameters',
  'createdAt',
  'startedAt',
  'endedAt',
  'seconds',
  'progress',
  'preset',
  'origin',
  'experiment',
  'tags',
  'archived',
  'bytes',
] as const satisfies readonly (keyof Run)[]
