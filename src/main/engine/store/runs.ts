import { configSchema, type Config } from '../../../shared/config.ts'
import { evaluationSchema, errorInfoSchema, originSchema, presetRefSchema, stageSchema, type Evaluation, type Run, type RunState } from '../../../shared/domain.ts'
import { WorkbenchError, type ErrorInfo } from '../../../shared/errors.ts'
import type { Database } from './database.ts'

type Row = Omit<Run, 'datasetId' | 'config' | 'progress' | 'latest' | 'evaluation' | 'error' | 'stages' | 'preset' | 'origin'> & {
  datasetId: string; config: string; latest: string; evaluation: string | null; error: string | null; stages: string; preset: string | null; origin: string | null
}
export type NewRun = Pick<Run, 'id' | 'name' | 'datasetId' | 'variant' | 'seed' | 'config' | 'epochs' | 'steps' | 'stages' | 'parameters'> & Partial<Pick<Run, 'preset' | 'origin'>>
/** What changes in a run's life; absent keys stay as they are. */
export type RunChange = Partial<Pick<Run, 'name' | 'epoch' | 'epochs' | 'step' | 'steps' | 'parameters' | 'startedAt' | 'endedAt' | 'seconds'
  | 'stepsPerSecond' | 'threads' | 'stages'>> & { state?: RunState; queuedAt?: string; evaluation?: Evaluation | null; error?: ErrorInfo | null; latest?: Run['latest'] }

/** Settings that came after the run was made get their defaults. */
function toConfig(text: string): Config {
  const stored: unknown = JSON.parse(text)
  const known = configSchema.safeParse(stored)
  return known.success ? known.data : stored as Config
}

/** Null also where an earlier version of the workbench measured something else. */
const toEvaluation = (text: string | null): Evaluation | null => (text === null ? null : evaluationSchema.safeParse(JSON.parse(text)).data ?? null)

const toRun = (row: Row): Run => ({
  ...row,
  config: toConfig(row.config),
  progress: null,
  latest: JSON.parse(row.latest) as Run['latest'],
  evaluation: toEvaluation(row.evaluation),
  error: row.error === null ? null : errorInfoSchema.parse(JSON.parse(row.error)),
  stages: stageSchema.array().parse(JSON.parse(row.stages)),
  preset: row.preset === null ? null : presetRefSchema.parse(JSON.parse(row.preset)),
  origin: row.origin === null ? null : originSchema.parse(JSON.parse(row.origin)),
})

const toColumns = ({ evaluation, error, latest, stages, ...plain }: RunChange): Record<string, string | number | null> => ({
  ...plain,
  ...(latest === undefined ? {} : { latest: JSON.stringify(latest) }),
  ...(stages === undefined ? {} : { stages: JSON.stringify(stages) }),
  ...(error === undefined ? {} : { error: error === null ? null : JSON.stringify(error) }),
  ...(evaluation === undefined ? {} : {
    evaluation: evaluation === null ? null : JSON.stringify(evaluation), evaluationVersion: evaluation?.version ?? null,
  }),
})

const selected = `SELECT runs.id, runs.name, runs.dataset AS datasetId, datasets.name AS dataset, variant, seed, config, state, colour, epoch, epochs, step,
  steps, parameters, runs.createdAt AS createdAt, startedAt, endedAt, seconds, stepsPerSecond, threads, latest, evaluation, error,
  stages, preset, origin
  FROM runs JOIN datasets ON datasets.id = runs.dataset`

/** Rows of the table `runs` as domain types. `progress` is live and belongs to the queue: always null here. */
export function runStore(database: Database) {
  const all = database.prepare<[], Row>(`${selected} ORDER BY runs.createdAt, runs.rowid`)
  const byId = database.prepare<[string], Row>(`${selected} WHERE runs.id = ?`)
  const byName = database.prepare<[string], Row>(`${selected} WHERE runs.name = ?`)
  const byBeginning = database.prepare<{ beginning: string }, Row>(`${selected} WHERE substr(runs.id, 1, length(@beginning)) = @beginning LIMIT 2`)
  const queued = database.prepare<[], { id: string }>("SELECT id FROM runs WHERE state = 'queued' ORDER BY queuedAt, rowid")
  const colours = database.prepare<[], { colour: number }>('SELECT DISTINCT colour FROM runs ORDER BY colour')
  const names = database.prepare<[], { name: string }>('SELECT name FROM runs')
  const insert = database.prepare(`INSERT INTO runs (id, name, dataset, variant, seed, config, state, colour, epochs, steps, stages, preset, origin, parameters, createdAt, queuedAt)
    VALUES (@id, @name, @datasetId, @variant, @seed, @config, 'queued', @colour, @epochs, @steps, @stages, @preset, @origin, @parameters, @now, @now)`)
  const interrupt = database.prepare<[string, string]>("UPDATE runs SET state = 'interrupted', endedAt = ?, error = ? WHERE state = 'running'")
  const remove = database.prepare<[string]>('DELETE FROM runs WHERE id = ?')
  const updates = new Map<string, ReturnType<Database['prepare']>>()

  const get = (id: string): Run => {
    const row = byId.get(id)
    if (row === undefined) throw new WorkbenchError('RUN_UNKNOWN', `There is no run "${id}"; "runs list" shows those that exist.`, { field: 'run' })
    return toRun(row)
  }
  return {
    list: (): Run[] => all.all().map(toRun),
    get,
    has: (id: string): boolean => byId.get(id) !== undefined,
    /** By id, name or unambiguous beginning of an id, in this order. Error: RUN_UNKNOWN. */
    resolve(reference: string): Run {
      const exact = byId.get(reference)
      if (exact !== undefined) return toRun(exact)
      const named = byName.all(reference)
      const found = named.length > 0 ? named : byBeginning.all({ beginning: reference })
      if (found.length === 1) return toRun(found[0]!)
      const message = found.length === 0
        ? `There is no run "${reference}"; "runs list" shows those that exist.`
        : `Several runs match "${reference}" (${found.slice(0, 3).map((run) => run.id).join(', ')}${found.length > 3 ? ', ...' : ''}); give the whole id.`
      throw new WorkbenchError('RUN_UNKNOWN', message, { field: 'run' })
    },
    /** Ids of the waiting runs, the one to start first in front. */
    queued: (): string[] => queued.all().map((row) => row.id),
    /** `VARIANT-1`, `VARIANT-2`, ...: the first that no run has. */
    freeName(variant: string): string {
      const taken = new Set(names.all().map((row) => row.name))
      let number = 1
      while (taken.has(`${variant}-${number}`)) number += 1
      return `${variant}-${number}`
    },
    /** The first palette index that no run has. */
    freeColour(): number {
      const taken = new Set(colours.all().map((row) => row.colour))
      let colour = 0
      while (taken.has(colour)) colour += 1
      return colour
    },
    insert(run: NewRun & { colour: number }, now: string): Run {
      const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value))
      insert.run({ ...run, config: JSON.stringify(run.config), stages: JSON.stringify(run.stages), preset: json(run.preset), origin: json(run.origin), now })
      return get(run.id)
    },
    update(id: string, change: RunChange): void {
      const columns = toColumns(change)
      const keys = Object.keys(columns).filter((key) => columns[key] !== undefined)
      if (keys.length === 0) return
      const sql = `UPDATE runs SET ${keys.map((key) => `${key} = @${key}`).join(', ')} WHERE id = @id`
      let statement = updates.get(sql)
      if (statement === undefined) updates.set(sql, statement = database.prepare(sql))
      statement.run({ ...columns, id })
    },
    /** For runs that a dead engine left behind. Returns how many there were. */
    interruptRunning: (now: string, error: ErrorInfo): number => interrupt.run(now, JSON.stringify(error)).changes,
    remove: (id: string): void => void remove.run(id),
  }
}
export type RunStore = ReturnType<typeof runStore>
