import type { Corruption } from '../../../shared/questions.ts'

/** Input of the networks: the images as they are, as each one's own training corrupted them, or all of them corrupted alike. */
export interface InputChoice {
  value: string
  title: string
  corruption: Corruption | null
}

export const inputs: readonly InputChoice[] = [
  { value: 'clean', title: 'Uncorrupted', corruption: null },
  { value: 'own', title: 'Corrupted as in each training', corruption: null },
  { value: 'masking-0.25', title: '25% of the pixels masked', corruption: { kind: 'masking', level: 0.25 } },
  { value: 'masking-0.5', title: '50% of the pixels masked', corruption: { kind: 'masking', level: 0.5 } },
  { value: 'saltAndPepper-0.25', title: '25% salt and pepper', corruption: { kind: 'saltAndPepper', level: 0.25 } },
  { value: 'gaussian-0.25', title: 'Gaussian noise of 0.25', corruption: { kind: 'gaussian', level: 0.25 } },
  { value: 'gaussian-0.5', title: 'Gaussian noise of 0.5', corruption: { kind: 'gaussian', level: 0.5 } },
]
