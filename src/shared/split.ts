/** Share of the rows that are not for testing which a run keeps aside for validation, where its dataset brings no validation part. */
export const validationShare = 0.1

/** Shares of training, validation and testing as they are written: `70/15/15`, or `80/20`. */
export const sharesForm = /^\d+(\.\d+)?(\/\d+(\.\d+)?){1,2}$/
/** What to write instead of what is none of that form. */
export const sharesSentence =
  'Shares are written in per cent, with strokes between them, and come to 100: training/validation/testing like 70/15/15, ' +
  'or training/testing like 80/20.'

/** `round(share * rows)`, at least one and never all, where there are two or more. */
export const drawnOf = (rows: number, share: number): number =>
  rows < 2 ? 0 : Math.min(rows - 1, Math.max(1, Math.round(rows * share)))

/** What the sizes of a run's splits depend on. */
export interface SplitCounts {
  /** Rows that are neither for testing nor of a validation part that the dataset brings. */
  trainCount: number
  /** Rows of the validation part that the dataset brings; 0 or left out: each run's seed draws its own of the rows above. */
  validationCount?: number | undefined
}

/** Rows that a run is validated with. */
export const validationRows = ({ trainCount, validationCount = 0 }: SplitCounts): number =>
  validationCount || drawnOf(trainCount, validationShare)

/** Rows that a run is trained with. */
export const trainingRows = ({ trainCount, validationCount = 0 }: SplitCounts): number =>
  validationCount > 0 ? trainCount : trainCount - drawnOf(trainCount, validationShare)

/** Images over which an objective is validated at once, at most. @param batchSize of training */
export const validatedTogether = (batchSize: number): number => Math.max(batchSize, 256)

/** The rows of a dataset, as `SplitCounts` wants them. */
export const splitCounts = ({
  count,
  testCount,
  validationCount,
}: {
  count: number
  testCount: number
  validationCount: number
}) => ({ trainCount: count - testCount - validationCount, validationCount })

/** Images in each part of a dataset; validation 0 where each run's seed draws it of those to train with. */
export const partsOf = (dataset: { count: number; testCount: number; validationCount: number }) => ({
  train: splitCounts(dataset).trainCount,
  validation: dataset.validationCount,
  test: dataset.testCount,
})
