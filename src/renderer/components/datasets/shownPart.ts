import type { Dataset, Split } from '../../../shared/domain.ts'

/** Which part of a dataset is shown. */
export interface ShownPart {
  dataset: Dataset
  /** Null: all splits. */
  split: Split | null
  /** Of the class; null: all of them. */
  label: number | null
  /** How many samples that leaves; null until it is known. */
  total?: number | null
}

/** The same, as calls name it. */
export const filterOf = ({ split, label }: Pick<ShownPart, 'split' | 'label'>): { split?: Split; label?: number } => ({
  ...(split ? { split } : {}),
  ...(label === null ? {} : { label }),
})
