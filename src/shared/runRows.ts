import type { Run } from './domain.ts'
import type { RowColumns, RunRow } from './runTable.ts'

/** Rows of the table of runs, made and carried; without the schemas, which no page needs. */

const longestNote = 200
/** The beginning of a run's notes, for its row. */
export const noteOf = (notes: string): string => (notes.length > longestNote ? `${notes.slice(0, longestNote)}…` : notes)

/** A run in short. */
export const rowOf = (run: Run): RunRow => ({
  id: run.id,
  name: run.name,
  datasetId: run.datasetId,
  dataset: run.dataset,
  variant: run.variant,
  seed: run.seed,
  state: run.state,
  colour: run.colour,
  epoch: run.epoch,
  epochs: run.epochs,
  step: run.step,
  steps: run.steps,
  parameters: run.parameters,
  createdAt: run.createdAt,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  seconds: run.seconds,
  progress: run.progress,
  preset: run.preset,
  origin: run.origin,
  experiment: run.experiment,
  tags: run.tags,
  archived: run.archived,
  bytes: run.bytes,
  note: noteOf(run.notes),
})

/**
 * Newest first. Runs that were made together, those of an experiment, have one moment: they keep the order in which they came,
 * which is that of the queue.
 */
export const newestFirst = <T extends Pick<Run, 'createdAt'>>(rows: Iterable<T>): T[] =>
  [...rows].sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0))

/** Rows as columns, which travel faster. */
export function toRowColumns(rows: readonly RunRow[]): RowColumns {
  const column = <K extends keyof RunRow>(field: K): RunRow[K][] => rows.map((row) => row[field])
  return {
    id: column('id'),
    name: column('name'),
    datasetId: column('datasetId'),
    dataset: column('dataset'),
    variant: column('variant'),
    seed: column('seed'),
    state: column('state'),
    colour: column('colour'),
    epoch: column('epoch'),
    epochs: column('epochs'),
    step: column('step'),
    steps: column('steps'),
    parameters: column('parameters'),
    createdAt: column('createdAt'),
    startedAt: column('startedAt'),
    endedAt: column('endedAt'),
    seconds: column('seconds'),
    progress: column('progress'),
    preset: column('preset'),
    origin: column('origin'),
    experiment: column('experiment'),
    tags: column('tags'),
    archived: column('archived'),
    bytes: column('bytes'),
    note: column('note'),
  }
}

/**
 * The rows of such columns. Written out: an object made field by field from names is slower to make and to read, and here there
 * are ten thousand.
 */
export const fromRowColumns = (columns: RowColumns): RunRow[] =>
  columns.id.map((id, at) => ({
    id,
    name: columns.name[at]!,
    datasetId: columns.datasetId[at]!,
    dataset: columns.dataset[at]!,
    variant: columns.variant[at]!,
    seed: columns.seed[at]!,
    state: columns.state[at]!,
    colour: columns.colour[at]!,
    epoch: columns.epoch[at]!,
    epochs: columns.epochs[at]!,
    step: columns.step[at]!,
    steps: columns.steps[at]!,
    parameters: columns.parameters[at]!,
    createdAt: columns.createdAt[at]!,
    startedAt: columns.startedAt[at]!,
    endedAt: columns.endedAt[at]!,
    seconds: columns.seconds[at]!,
    progress: columns.progress[at]!,
    preset: columns.preset[at]!,
    origin: columns.origin[at]!,
    experiment: columns.experiment[at]!,
    tags: columns.tags[at]!,
    archived: columns.archived[at]!,
    bytes: columns.bytes[at]!,
    note: columns.note[at]!,
  }))

/** What runs may be grouped by besides a column: everything but the seed. */
export const bySeeds = 'seeds'
