import type { Run } from './domain.ts'
import { rowFields } from './rowFields.ts'
import type { RowColumns, RunRow } from './runTable.ts'

/** Rows of the table of runs, made and carried; without the schemas, which no page needs. */

const longestNote = 200
/** The beginning of a run's notes, for its row. */
export const noteOf = (notes: string): string => (notes.length > longestNote ? `${notes.slice(0, longestNote)}…` : notes)

/** A run in short. */
export const rowOf = (run: Run): RunRow =>
  Object.fromEntries([...rowFields.map((field) => [field, run[field]]), ['note', noteOf(run.notes)]]) as RunRow

/**
 * Newest first. Runs that were made together, those of an experiment, have one moment: they keep the order in which they came,
 * which is that of the queue.
 */
export const newestFirst = <T extends Pick<Run, 'createdAt'>>(rows: Iterable<T>): T[] =>
  [...rows].sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0))

const columns = [...rowFields, 'note'] as const

/** Rows as columns, which travel faster. */
export const toRowColumns = (rows: readonly RunRow[]): RowColumns =>
  Object.fromEntries(columns.map((field) => [field, rows.map((row) => row[field])])) as RowColumns

/** The rows of such columns. Each begins as a copy of one object: made field by field they would be slower to read. */
export function fromRowColumns(given: RowColumns): RunRow[] {
  const empty = Object.fromEntries(columns.map((field) => [field, null])) as unknown as RunRow
  const rows = given.id.map(() => ({ ...empty }))
  const fill = <F extends keyof RunRow>(field: F): void => {
    const values = given[field]
    for (let at = 0; at < rows.length; at++) rows[at]![field] = values[at]!
  }
  columns.forEach(fill)
  return rows
}

/** What runs may be grouped by besides a column: everything but the seed. */
export const bySeeds = 'seeds'
