/** Share of the rows that are not for testing which a run keeps aside for validation. */
export const validationShare = 0.1

/** `round(share * rows)`, at least one and never all, where there are two or more. */
export const drawnOf = (rows: number, share: number): number => (rows < 2 ? 0 : Math.min(rows - 1, Math.max(1, Math.round(rows * share))))

/** How many of `rows` rows that are not for testing a run keeps aside for validation. */
export const validationCount = (rows: number): number => drawnOf(rows, validationShare)
