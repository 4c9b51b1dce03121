import { z } from 'zod'
import { evaluationSchema, originSchema, presetRefSchema, stageSchema, type Run } from '../../../shared/domain.ts'
import { configOf, errorOf, itemsOf, said, understood } from './lenient.ts'

/** What SQLite gives and takes. */
type Stored = string | number | null
export type Row = Record<string, Stored>

/** How something that is known of a run is kept in the table `runs`. */
interface Field<T> {
  /** Whether it is what it was when the run was made. */
  fixed: boolean
  /** What is selected under its name. */
  select: string
  /** What was selected, as it is known; null where that is the same. */
  read: ((stored: never) => T) | null
  /** The values of its columns. */
  write(value: T): Row
}

const text = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value))

/** As it is; of a column of this name. */
const plain = <K extends keyof Run>(name: K, column: string = name): Field<Run[K]> => ({
  fixed: false,
  select: `runs.${column}`,
  read: null,
  write: (value) => ({ [column]: value as Stored }),
})
/** As JSON. */
const json = <K extends keyof Run>(name: K, read: (stored: string | null) => Run[K]): Field<Run[K]> => ({
  ...plain(name),
  read,
  write: (value) => ({ [name]: text(value) }),
})
const fixed = <T>(field: Field<T>) => ({ ...field, fixed: true as const })

/** What a schema makes of a stored text; null where there is none, and where this version cannot understand it. */
const orNull =
  <T>(schema: z.ZodType<T>) =>
  (stored: string | null): T | null =>
    stored === null ? null : understood(schema, said(stored), null)

const latestSchema = z.record(z.string(), z.number().nullable())

/** The experiment of a run, unless that was removed. */
const experiment = `(SELECT json_object('id', experiments.id, 'cell', runs.cell) FROM experiments
  WHERE experiments.id = runs.experiment AND experiments.removedAt IS NULL AND runs.cell IS NOT NULL)`

/** Everything that is known of a run and kept: a column is one entry here, and a migration. */
export const runFields = {
  id: fixed(plain('id')),
  name: plain('name'),
  datasetId: fixed(plain('datasetId', 'dataset')),
  dataset: fixed({ fixed: true, select: 'datasets.name', read: null, write: () => ({}) } as Field<string>),
  variant: fixed(plain('variant')),
  seed: fixed(plain('seed')),
  config: fixed(json('config', (stored) => configOf(stored!).config)),
  state: plain('state'),
  colour: plain('colour'),
  epoch: plain('epoch'),
  epochs: plain('epochs'),
  step: plain('step'),
  steps: plain('steps'),
  stages: json('stages', (stored) => itemsOf(stageSchema, said(stored))),
  preset: fixed(json('preset', orNull(presetRefSchema))),
  origin: fixed(json('origin', orNull(originSchema))),
  parameters: plain('parameters'),
  createdAt: fixed(plain('createdAt')),
  startedAt: plain('startedAt'),
  endedAt: plain('endedAt'),
  seconds: plain('seconds'),
  stepsPerSecond: plain('stepsPerSecond'),
  threads: plain('threads'),
  // The column `place` is that of the queue.
  place: plain('place', 'site'),
  processor: plain('processor'),
  latest: json('latest', (stored) => understood(latestSchema, said(stored), {})),
  evaluation: {
    // Null also where another version of the workbench measured something else.
    ...json('evaluation', orNull(evaluationSchema)),
    write: (value) => ({ evaluation: text(value), evaluationVersion: value?.version ?? null }),
  },
  error: json('error', errorOf),
  experiment: fixed({
    ...json('experiment', (stored) => said(stored) as Run['experiment']),
    select: experiment,
    write: (value) => ({ experiment: value?.id ?? null, cell: value?.cell ?? null }),
  } as Field<Run['experiment']>),
  tags: json('tags', (stored) => (stored === '[]' ? [] : itemsOf(z.string(), said(stored)))),
  notes: plain('notes'),
  archived: { ...plain('archived'), read: (stored: number) => stored === 1, write: (value) => ({ archived: value ? 1 : 0 }) },
  bytes: plain('bytes'),
} satisfies { [K in Exclude<keyof Run, 'progress' | 'newer'>]: Field<Run[K]> }

export type RunField = keyof typeof runFields
type FixedField = { [K in RunField]: (typeof runFields)[K] extends { fixed: true } ? K : never }[RunField]
/** What a run's row says; `progress` is live and belongs to the queue. */
export type KeptRun = Pick<Run, RunField>

/** Columns of the table that are nobody's but the store's and the queue's. */
interface QueueColumns {
  queuedAt: string
  /** Its place in the queue. */
  turn: number
  /** The workbench that trained it. */
  version: string
  removedAt: string | null
  /** Whether the next engine takes it up by itself, and how often that was tried. */
  goesOn: 0 | 1
  attempts: number
  /** The folder that it was sent to, as this machine sees it; null where it was not. */
  sentTo: string | null
  /** How far its journal there was read, and whose it is: JSON of `remote/collect.ts`. */
  journal: string | null
}
const columnNames = new Map([['turn', 'place']])
/** What changes in a run's life; absent keys stay as they are. */
export type RunChange = Partial<Omit<KeptRun, FixedField> & QueueColumns>

const isField = (key: string): key is RunField => Object.hasOwn(runFields, key)

/** The columns of what is given of a run; other keys are columns by themselves. */
export function columnsOf(values: Partial<KeptRun & QueueColumns>): Row {
  const row: Row = {}
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue
    if (isField(key)) Object.assign(row, runFields[key].write(value as never))
    else row[columnNames.get(key) ?? key] = value as Stored
  }
  return row
}

/** What to select for these fields. */
export const selected = (fields: readonly RunField[]): string =>
  fields.map((field) => `${runFields[field].select} AS ${field}`).join(', ')

/**
 * Makes of a selected row what is known of a run; in place, as there may be ten thousand.
 * @param otherwise how some of the fields are read instead
 */
export function reader<F extends RunField>(
  fields: readonly F[],
  otherwise: { [K in F]?: (stored: string) => KeptRun[K] } = {},
): (row: Row) => Pick<KeptRun, F> {
  const readers = fields.flatMap((field) => {
    const read = (otherwise[field] ?? runFields[field].read) as ((stored: Stored) => never) | null
    return read === null ? [] : [[field, read] as const]
  })
  return (row) => {
    for (const [field, read] of readers) row[field] = read(row[field]!)
    return row as unknown as Pick<KeptRun, F>
  }
}
