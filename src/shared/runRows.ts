import type { Run } from './domain.ts'
import type { RowColumns, RunRow } from './runTable.ts'

/** Rows of the table of runs, made and carried; without the schemas, which no page needs. */

const longestNote = 200
export const noteOf = (notes: string): string => (notes.length > longestNote ? `${notes.slice(0, longestNote)}…` : notes)

export const rowOf = (run: Run): RunRow => ({
  id: run.id, name: run.name, datasetId: run.datasetId, dataset: run.dataset, variant: run.variant, seed: run.seed, state: run.state, colour: run.colour,
  epoch: run.epoch, epochs: run.epochs, step: run.step, steps: run.steps, parameters: run.parameters, createdAt: run.createdAt, startedAt: run.startedAt,
  endedAt: run.endedAt, seconds: run.seconds, progress: run.progress, preset: run.preset, experiment: run.experiment, tags: run.tags, archived: run.archived,
  bytes: run.bytes, note: noteOf(run.notes),
})

export function toRowColumns(rows: readonly RunRow[]): RowColumns {
  const column = <K extends keyof RunRow>(field: K): RunRow[K][] => rows.map((row) => row[field])
  return {
    id: column('id'), name: column('name'), datasetId: column('datasetId'), dataset: column('dataset'), variant: column('variant'), seed: column('seed'),
    state: column('state'), colour: column('colour'), epoch: column('epoch'), epochs: column('epochs'), step: column('step'), steps: column('steps'),
    parameters: column('parameters'), createdAt: column('createdAt'), startedAt: column('startedAt'), endedAt: column('endedAt'), seconds: column('seconds'),
    progress: column('progress'), preset: column('preset'), experiment: column('experiment'), tags: column('tags'), archived: column('archived'),
    bytes: column('bytes'), note: column('note'),
  }
}

export function fromRowColumns(columns: RowColumns): RunRow[] {
  const fields = Object.keys(columns) as (keyof RunRow)[]
  return columns.id.map((_, index) => Object.fromEntries(fields.map((field) => [field, columns[field][index]])) as unknown as RunRow)
}

/** What runs may be grouped by besides a column: everything but the seed. */
export const bySeeds = 'seeds'
