import { evaluationSchema, stageSchema, type Evaluation, type Run } from '../../../shared/domain.ts'
import { isObject } from '../../../shared/json.ts'
import { rowFields } from '../../../shared/rowFields.ts'
import { noteOf } from '../../../shared/runRows.ts'
import type { RunRow } from '../../../shared/runTable.ts'
import type { Database } from './database.ts'
import { configOf, itemsOf, said, understood } from './lenient.ts'
import { reader, selected, type Row } from './runFields.ts'

const tableFields = [
  'id',
  'name',
  'datasetId',
  'dataset',
  'variant',
  'seed',
  'colour',
  'state',
  'createdAt',
  'config',
  'stages',
  'origin',
  'latest',
  'evaluation',
  'experiment',
] as const
/**
 * A run as the table of runs needs it: what it is, without what is live or long. The evaluation is as it was stored, unchecked:
 * see `evaluationSchema` for what newer versions have.
 */
export type TableRun = Pick<Run, (typeof tableFields)[number]>

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
      INSERT INTO changedRuns SELECT id FROM main.runs WHERE dataset = new.id ON CONFLICT DO NOTHING; END;
    CREATE TEMP TRIGGER experimentMarked AFTER UPDATE OF removedAt ON main.experiments BEGIN
      INSERT INTO changedRuns SELECT id FROM main.runs WHERE experiment = new.id ON CONFLICT DO NOTHING; END;`)
  const from = 'FROM runs JOIN datasets ON datasets.id = runs.dataset WHERE runs.removedAt IS NULL'
  const kept = rowFields.filter((field) => field !== 'progress')
  const toRow = reader(kept)
  const rows = database.prepare<[], Row>(
    `SELECT ${selected(kept)}, substr(runs.notes, 1, 300) AS note ${from} ORDER BY runs.createdAt, runs.rowid`,
  )
  const one = database.prepare<[string], Row>(`SELECT ${selected(tableFields)} ${from} AND runs.id = ?`)
  const ids = database.prepare<[], string>('SELECT id FROM runs WHERE removedAt IS NULL ORDER BY createdAt, rowid').pluck()
  const changed = database.prepare<[], string>('SELECT id FROM changedRuns').pluck()
  const forget = database.prepare('DELETE FROM changedRuns')
  // The seeds of one setting share these texts, and what they say.
  const settingsOf = once((text) => configOf(text).config),
    stagesOf = once((text) => itemsOf(stageSchema, said(text)))
  const toTableRun = reader(tableFields, { config: settingsOf, stages: stagesOf, latest: numbersIn, evaluation: evaluationIn })
  return {
    /** Every run that was not removed, oldest first. `progress` is live and belongs to the queue: always null here. */
    rows: (): RunRow[] => rows.all().map((row) => ({ ...toRow(row), progress: null, note: noteOf(String(row['note'])) })),
    ids: (): string[] => ids.all(),
    /** Null where there is none, or where it was removed. Runs of one config share its object. */
    read(id: string): TableRun | null {
      const row = one.get(id)
      return row === undefined ? null : toTableRun(row)
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
