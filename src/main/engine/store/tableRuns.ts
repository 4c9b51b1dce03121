import { z } from 'zod'
import { evaluationSchema, originSchema, presetRefSchema, stageSchema, type Evaluation, type Run } from '../../../shared/domain.ts'
import { isObject } from '../../../shared/json.ts'
import { noteOf } from '../../../shared/runRows.ts'
import type { RunRow } from '../../../shared/runTable.ts'
import type { Database } from './database.ts'
import { configOf, itemsOf, said, understood } from './lenient.ts'

/** A run as the table of runs needs it: what it is, without what is live or long. */
export interface TableRun extends Pick<
  Run,
  | 'id'
  | 'name'
  | 'datasetId'
  | 'dataset'
  | 'variant'
  | 'seed'
  | 'colour'
  | 'state'
  | 'createdAt'
  | 'origin'
  | 'latest'
  | 'stages'
  | 'config'
  | 'experiment'
> {
  /** As it was stored, unchecked: see `evaluationSchema` for what newer versions have. */
  evaluation: Evaluation | null
}
type RowText = Omit<RunRow, 'progress' | 'preset' | 'origin' | 'experiment' | 'tags' | 'archived' | 'note'> & {
  preset: string | null
  origin: string | null
  experiment: string | null
  cell: number | null
  tags: string
  archived: 0 | 1
  notes: string
}
type RunText = Omit<TableRun, 'origin' | 'latest' | 'stages' | 'config' | 'evaluation' | 'experiment'> & {
  experiment: string | null
  cell: number | null
  origin: string | null
  latest: string
  stages: string
  config: string
  evaluation: string | null
}

const toRow = ({ cell, notes, ...row }: RowText): RunRow => ({
  ...row,
  progress: null,
  preset: row.preset === null ? null : understood(presetRefSchema, said(row.preset), null),
  origin: row.origin === null ? null : understood(originSchema, said(row.origin), null),
  experiment: row.experiment === null || cell === null ? null : { id: row.experiment, cell },
  tags: row.tags === '[]' ? [] : itemsOf(z.string(), said(row.tags)),
  archived: row.archived === 1,
  note: noteOf(notes),
})

/** Figures as they were stored; where one is not what it should be, none of that evaluation. */
function evaluationIn(text: string | null): Evaluation | null {
  const stored = said(text)
  if (!isObject(stored)) return null
  // What most runs have is not checked, for speed; the rest is.
  return isObject(stored['robustness']) && typeof stored['version'] === 'number'
    ? (stored as unknown as Evaluation)
    : understood(evaluationSchema, stored, null)
}

const numbersIn = (text: string): Run['latest'] => {
  const stored = said(text)
  return isObject(stored) ? (stored as Run['latest']) : {}
}

/** What a text says, found out once for each text. */
function once<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    let value = known.get(text)
    if (value === undefined) known.set(text, (value = read(text)))
    return value
  }
}

/**
 * Many runs at once, for the table of runs: ten thousand rows in some ten milliseconds, and their settings and figures without
 * the checks that every single run gets when it is read (`runStore`), which would take a second.
 */
export function tableRunStore(database: Database) {
  // Whoever changes a run, and by whatever statement: it is noticed here. In memory, so that a full disk is no matter for it.
  database.pragma('temp_store = MEMORY')
  // Not OR IGNORE: the statement that sets off a trigger, such as a foreign key's, has its own way with conflicts, and that goes before.
  database.exec(`CREATE TEMP TABLE changedRuns (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TEMP TRIGGER runInserted AFTER INSERT ON main.runs BEGIN INSERT INTO changedRuns VALUES (new.id) ON CONFLICT DO NOTHING; END;
    CREATE TEMP TRIGGER runUpdated AFTER UPDATE ON main.runs BEGIN INSERT INTO changedRuns VALUES (new.id) ON CONFLICT DO NOTHING; END;
    CREATE TEMP TRIGGER runDeleted AFTER DELETE ON main.runs BEGIN INSERT INTO changedRuns VALUES (old.id) ON CONFLICT DO NOTHING; END;
    CREATE TEMP TRIGGER datasetRenamed AFTER UPDATE OF name ON main.datasets BEGIN
      INSERT INTO changedRuns SELECT id FROM main.runs WHERE dataset = new.id ON CONFLICT DO NOTHING; END;`)
  const from = 'FROM runs JOIN datasets ON datasets.id = runs.dataset WHERE runs.removedAt IS NULL'
  const rows = database.prepare<
    [],
    RowText
  >(`SELECT runs.id AS id, runs.name AS name, runs.dataset AS datasetId, datasets.name AS dataset, variant, seed, state, colour, epoch, epochs, step, steps,
    parameters, runs.createdAt AS createdAt, startedAt, endedAt, seconds, runs.bytes AS bytes, preset, origin, experiment, cell, tags, archived, substr(runs.notes, 1, 300) AS notes
    ${from} ORDER BY runs.createdAt, runs.rowid`)
  const whole = `SELECT runs.id AS id, runs.name AS name, runs.dataset AS datasetId, datasets.name AS dataset, variant, seed, state, colour, runs.createdAt AS createdAt,
    config, stages, origin, latest, evaluation, experiment, cell ${from}`
  const one = database.prepare<[string], RunText>(`${whole} AND runs.id = ?`)
  const ids = database.prepare<[], string>('SELECT id FROM runs WHERE removedAt IS NULL ORDER BY createdAt, rowid').pluck()
  const changed = database.prepare<[], string>('SELECT id FROM changedRuns').pluck()
  const forget = database.prepare('DELETE FROM changedRuns')
  // The seeds of one setting share these texts, and what they say.
  const settingsOf = once((text) => configOf(text).config),
    stagesOf = once((text) => itemsOf(stageSchema, said(text)))
  return {
    /** Every run that was not removed, oldest first. `progress` is live and belongs to the queue: always null here. */
    rows: (): RunRow[] => rows.all().map(toRow),
    ids: (): string[] => ids.all(),
    /** Null where there is none, or where it was removed. Runs of one config share its object. */
    read(id: string): TableRun | null {
      const text = one.get(id)
      if (text === undefined) return null
      const { cell, experiment, ...plain } = text
      return {
        ...plain,
        config: settingsOf(text.config),
        stages: stagesOf(text.stages),
        experiment: experiment === null || cell === null ? null : { id: experiment, cell },
        latest: numbersIn(text.latest),
        origin: understood(originSchema, said(text.origin), null),
        evaluation: evaluationIn(text.evaluation),
      }
    },
    /** Ids of the runs that were made, changed or removed since the last call. */
    takeChanged(): string[] {
      const found = changed.all()
      if (found.length > 0) forget.run()
      return found
    },
  }
}
export type TableRunStore = ReturnType<typeof tableRunStore>
