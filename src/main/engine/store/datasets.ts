import { z } from 'zod'
import { datasetNoteSchema, type Dataset, type Skipped } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Database } from './database.ts'
import { itemsOf, said } from './lenient.ts'

type Json = 'classes' | 'classCounts' | 'notes'
type Row = Omit<Dataset, Json> & Record<Json, string>

const toDataset = (row: Row): Dataset => ({
  ...row,
  classes: itemsOf(z.string(), said(row.classes)),
  classCounts: itemsOf(z.int(), said(row.classCounts)),
  notes: itemsOf(datasetNoteSchema, said(row.notes)),
})
const toRow = (dataset: Dataset): Row => ({
  ...dataset,
  classes: JSON.stringify(dataset.classes),
  classCounts: JSON.stringify(dataset.classCounts),
  notes: JSON.stringify(dataset.notes),
})

const columns = [
  'id',
  'name',
  'kind',
  'count',
  'testCount',
  'validationCount',
  'notes',
  'width',
  'height',
  'channels',
  'classes',
  'classCounts',
  'sha256',
  'source',
  'fit',
  'duplicates',
  'movedToOneSide',
  'skippedCount',
  'bytes',
  'createdAt',
] as const satisfies (keyof Dataset)[]

/** Rows of the tables `datasets` and `skipped` as domain types. */
export function datasetStore(database: Database) {
  const all = database.prepare<[], Row>('SELECT * FROM datasets ORDER BY createdAt, id')
  const byReference = database.prepare<{ reference: string }, Row>(
    'SELECT * FROM datasets WHERE id = @reference OR name = @reference ORDER BY id = @reference DESC LIMIT 1',
  )
  const byName = database.prepare<[string], Row>('SELECT * FROM datasets WHERE name = ?')
  const byFingerprint = database.prepare<[string], Row>('SELECT * FROM datasets WHERE sha256 = ?')
  const insert = database.prepare<Row>(
    `INSERT INTO datasets (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`,
  )
  const insertSkipped = database.prepare<[string, number, string, string]>(
    'INSERT INTO skipped (dataset, position, path, reason) VALUES (?, ?, ?, ?)',
  )
  const skipped = database.prepare<[string], Skipped>('SELECT path, reason FROM skipped WHERE dataset = ? ORDER BY position')
  const moveSource = database.prepare<[string, string]>('UPDATE datasets SET source = ? WHERE id = ?')
  const rename = database.prepare<[string, string]>('UPDATE datasets SET name = ? WHERE id = ?')
  const remove = database.prepare<[string]>('DELETE FROM datasets WHERE id = ?')
  const users = database.prepare<[string], { name: string }>(
    'SELECT name FROM runs WHERE dataset = ? AND removedAt IS NULL ORDER BY createdAt',
  )
  const planners = database.prepare<[string], { name: string }>(
    'SELECT name FROM experiments WHERE dataset = ? AND removedAt IS NULL ORDER BY createdAt',
  )

  const maybe = (row: Row | undefined): Dataset | null => (row === undefined ? null : toDataset(row))
  return {
    list: (): Dataset[] => all.all().map(toDataset),
    find: (reference: string): Dataset | null => maybe(byReference.get({ reference })),
    /** By id or name. Error: DATASET_UNKNOWN. */
    get(reference: string): Dataset {
      const dataset = maybe(byReference.get({ reference }))
      if (dataset !== null) return dataset
      const names = all.all().map((row) => row.name)
      const remedy =
        names.length === 0 ? 'import one first' : `there are: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}`
      throw new WorkbenchError('DATASET_UNKNOWN', `There is no dataset “${reference}”; ${remedy}.`, { field: 'dataset' })
    },
    findByFingerprint: (sha256: string): Dataset | null => maybe(byFingerprint.get(sha256)),
    isTaken: (name: string): boolean => byName.get(name) !== undefined,
    /** Error: DATASET_NAME_TAKEN. `except`: the dataset that may have the name. */
    requireFreeName(name: string, except?: string): void {
      const namesake = byName.get(name)
      if (namesake !== undefined && namesake.id !== except) {
        throw new WorkbenchError(
          'DATASET_NAME_TAKEN',
          `There is a dataset “${name}” already; choose another name or remove that one.`,
          { field: 'name' },
        )
      }
    },
    insert: database.transaction((dataset: Dataset, files: readonly Skipped[]) => {
      insert.run(toRow(dataset))
      files.forEach((file, position) => insertSkipped.run(dataset.id, position, file.path, file.reason))
    }),
    skipped: (id: string): Skipped[] => skipped.all(id),
    rename: (id: string, name: string): void => void rename.run(name, id),
    /** Where it is from now. */
    moveSource: (id: string, source: string): void => void moveSource.run(source, id),
    /** Error: DATASET_IN_USE. */
    requireUnused(id: string, name: string): void {
      const plans = planners.all(id).map((experiment) => experiment.name)
      if (plans.length > 0) {
        const [noun, them] = plans.length === 1 ? ['experiment', 'it'] : ['experiments', 'them']
        const message = `The dataset “${name}” is used by the ${noun} ${namesOf(plans)}; remove ${them} first (aebench experiment remove).`
        throw new WorkbenchError('DATASET_IN_USE', message)
      }
      const runs = users.all(id).map((run) => run.name)
      if (runs.length > 0) {
        throw new WorkbenchError(
          'DATASET_IN_USE',
          `The dataset “${name}” is used by ${namesOf(runs)}; ` +
            `remove ${runs.length === 1 ? 'that run' : 'those runs'} first (aebench runs remove).`,
        )
      }
    },
    /** Error: DATASET_IN_USE. */
    remove(id: string, name: string): void {
      this.requireUnused(id, name)
      remove.run(id)
    },
  }
}

/** Three at most. */
const namesOf = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '')
export type DatasetStore = ReturnType<typeof datasetStore>
