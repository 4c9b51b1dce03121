import { z } from 'zod'
import { runStates, type Run, type RunState } from '../../../shared/domain.ts'
import { WorkbenchError, type ErrorInfo } from '../../../shared/errors.ts'
import type { Database } from './database.ts'
import { configOf, requireOurs } from './lenient.ts'
import { columnsOf, reader, runFields, selected, type Row, type RunChange, type RunField } from './runFields.ts'

export type { RunChange } from './runFields.ts'

/** What is known of a run when it is made. */
const givenFields = ['id', 'name', 'datasetId', 'variant', 'seed', 'config', 'epochs', 'steps', 'stages', 'parameters'] as const
const optionalFields = ['preset', 'origin', 'experiment'] as const
export type NewRun = Pick<Run, (typeof givenFields)[number]> &
  Partial<Pick<Run, (typeof optionalFields)[number]>> & { /** In the queue; at its end unless given. */ turn?: number }

/** What can be learned from a run of how long others will take; the config is JSON. */
export interface TimedRun {
  id: string
  variant: string
  config: string
  stepsPerSecond: number | null
  threads: number | null
  evaluationSeconds: number | null
}

const stateSchema = z.enum(runStates)

/** What a newer version wrote, and this one cannot carry on: it is shown, and nothing else is done with it. */
const foreign = (name: string, what: string): Pick<Run, 'state' | 'error' | 'newer'> => ({
  state: 'cancelled',
  newer: true,
  error: {
    code: 'RUN_STATE',
    message: `“${name}” was made by a newer version of the workbench (${what}); open it there, or start a new run.`,
  },
})

const fields = Object.keys(runFields) as RunField[]
const readOthers = reader(fields.filter((field) => field !== 'config'))

function toRun(row: Row): Run {
  const { config, whole } = configOf(String(row['config']))
  const run: Run = { ...readOthers(row), config, progress: null }
  const { name, state } = run
  const known = stateSchema.safeParse(state).success
  return {
    ...run,
    ...(known ? {} : foreign(name, `its state is “${state}”`)),
    ...(whole ? {} : state === 'completed' ? { newer: true as const } : foreign(name, 'its settings are not known here')),
  }
}

const source = 'FROM runs JOIN datasets ON datasets.id = runs.dataset'
const present = `SELECT ${selected(fields)} ${source} WHERE runs.removedAt IS NULL`

/** Rows of the table `runs` as domain types. `progress` is live and belongs to the queue: always null here. */
export function runStore(database: Database) {
  const all = database.prepare<[], Row>(`${present} ORDER BY runs.createdAt, runs.rowid`)
  const byId = database.prepare<[string], Row>(`${present} AND runs.id = ?`)
  const byName = database.prepare<[string], Row>(`${present} AND runs.name = ?`)
  const byBeginning = database.prepare<{ beginning: string }, Row>(
    `${present} AND substr(runs.id, 1, length(@beginning)) = @beginning LIMIT 2`,
  )
  const anyById = database.prepare<[string], Row & { removedAt: string | null }>(
    `SELECT ${selected(fields)}, runs.removedAt AS removedAt ${source} WHERE runs.id = ?`,
  )
  const queued = database.prepare<[], { id: string }>(
    "SELECT id FROM runs WHERE state = 'queued' AND removedAt IS NULL ORDER BY place, queuedAt, rowid",
  )
  const stateAndConfig = database.prepare<[string], { state: string; config: string }>(
    'SELECT state, config FROM runs WHERE id = ?',
  )
  const stored = database.prepare<[string], { one: 1 }>('SELECT 1 AS one FROM runs WHERE id = ?')
  const lastPlace = database.prepare<[], { place: number | null }>('SELECT max(place) AS place FROM runs')
  const colours = database.prepare<[], { colour: number }>(
    'SELECT DISTINCT colour FROM runs WHERE removedAt IS NULL ORDER BY colour',
  )
  const names = database.prepare<[], { name: string }>('SELECT name FROM runs WHERE removedAt IS NULL')
  const interrupt = database.prepare<[string, string, string]>(`UPDATE runs SET state = 'interrupted', endedAt = ?, error = ?,
    goesOn = coalesce(experiment IN (SELECT id FROM experiments WHERE wanted = 'running' AND removedAt IS NULL), 0) WHERE id = ?`)
  const running = database.prepare<[], { id: string; epoch: number }>(
    "SELECT id, epoch FROM runs WHERE state = 'running' AND site IS NULL",
  )
  const goingOn = database.prepare<
    [],
    { id: string; state: RunState; attempts: number }
  >(`SELECT runs.id, state, attempts FROM runs JOIN experiments ON experiments.id = runs.experiment
    WHERE goesOn = 1 AND state IN ('interrupted', 'paused') AND runs.removedAt IS NULL AND wanted = 'running' AND
      experiments.removedAt IS NULL ORDER BY place, queuedAt`)
  const finished = database.prepare<
    [string, string, number],
    { id: string; name: string; variant: string; seed: number; config: string }
  >(`SELECT id, name, variant, seed, config FROM runs
    WHERE dataset = ? AND state = 'completed' AND removedAt IS NULL AND origin IS NULL AND version = ? AND
      evaluationVersion = ? ORDER BY createdAt, rowid`)
  const timed = database.prepare<
    [string],
    TimedRun
  >(`SELECT id, variant, config, stepsPerSecond, threads, json_extract(evaluation, '$.seconds') AS evaluationSeconds FROM runs
    WHERE dataset = ? AND state = 'completed' AND removedAt IS NULL AND origin IS NULL AND site IS NULL AND
      evaluation IS NOT NULL ORDER BY endedAt DESC LIMIT 200`)
  const timedLately = database.prepare<
    [number, number],
    TimedRun & { dataset: string }
  >(`SELECT id, variant, config, stepsPerSecond, threads, dataset, NULL AS evaluationSeconds FROM runs
    WHERE state = 'completed' AND removedAt IS NULL AND origin IS NULL AND site IS NULL AND stepsPerSecond IS NOT NULL AND threads = ?
    ORDER BY endedAt DESC LIMIT ?`)
  const versionOf = database.prepare<[string], { version: string | null }>('SELECT version FROM runs WHERE id = ?')
  const sentTo = database.prepare<[string], { sentTo: string | null; journal: string | null }>(
    'SELECT sentTo, journal FROM runs WHERE id = ?',
  )
  const openAt = database.prepare<
    [string],
    { id: string; state: 'submitted' | 'running' | 'unknown'; folder: string | null; step: number; experiment: string | null }
  >(`SELECT id, state, sentTo AS folder, step, experiment FROM runs
    WHERE site = ? AND state IN ('submitted', 'running', 'unknown') AND removedAt IS NULL ORDER BY place, queuedAt, rowid`)
  const attempts = database.prepare<[string], { attempts: number }>('SELECT attempts FROM runs WHERE id = ?')
  const planned = database.prepare<[string], { experiment: string | null }>('SELECT experiment FROM runs WHERE id = ?')
  const removed = database.prepare<
    [],
    { id: string; name: string; removedAt: string; bytes: number | null; dataset: string; experiment: string | null }
  >(
    'SELECT id, name, removedAt, bytes, dataset, experiment FROM runs WHERE removedAt IS NOT NULL ORDER BY removedAt DESC, rowid DESC',
  )
  const remove = database.prepare<[string]>('DELETE FROM runs WHERE id = ?')
  const written = new Map<string, ReturnType<Database['prepare']>>()
  /** Writes columns by a statement that is prepared once for each set of them. */
  const write = (row: Row, statement: (columns: string[]) => string): void => {
    const sql = statement(Object.keys(row))
    let prepared = written.get(sql)
    if (prepared === undefined) written.set(sql, (prepared = database.prepare(sql)))
    prepared.run(row)
  }

  const get = (id: string): Run => {
    const row = byId.get(id)
    if (row === undefined)
      throw new WorkbenchError('RUN_UNKNOWN', `There is no run “${id}”; “runs list” shows those that exist.`, { field: 'run' })
    return toRun(row)
  }
  /** Whose settings are understood: they never change. */
  const understandable = new Map<string, boolean>()
  const isOurs = (id: string, state = stateAndConfig.get(id)?.state): boolean => {
    if (!stateSchema.safeParse(state).success) return false
    let whole = understandable.get(id)
    if (whole === undefined) understandable.set(id, (whole = configOf(stateAndConfig.get(id)!.config).whole))
    return whole
  }
  return {
    list: (): Run[] => all.all().map(toRun),
    get,
    /** Null where it is not there. */
    read(id: string): Run | null {
      const row = byId.get(id)
      return row === undefined ? null : toRun(row)
    },
    has: (id: string): boolean => byId.get(id) !== undefined,
    /** Whether there is a row, also of what was removed and can be restored, and of what cannot be understood. */
    isStored: (id: string): boolean => stored.get(id) !== undefined,
    /** By id, name or unambiguous beginning of an id, in this order. Error: RUN_UNKNOWN. */
    resolve(reference: string): Run {
      const exact = byId.get(reference)
      if (exact !== undefined) return toRun(exact)
      const named = byName.all(reference)
      const found = named.length > 0 ? named : byBeginning.all({ beginning: reference })
      if (found.length === 1) return toRun(found[0]!)
      const message =
        found.length === 0
          ? `There is no run “${reference}”; “runs list” shows those that exist.`
          : `Several runs match “${reference}” (${found
              .slice(0, 3)
              .map((run) => run.id)
              .join(', ')}${found.length > 3 ? ', ...' : ''}); give the whole id.`
      throw new WorkbenchError('RUN_UNKNOWN', message, { field: 'run' })
    },
    /** The same where something is to be done with it. Errors: RUN_UNKNOWN; RUN_STATE where a newer version wrote it. */
    ours(reference: string): Run {
      const run = this.resolve(reference)
      requireOurs(run)
      return run
    },
    /** Ids of the waiting runs, the one to start first in front. */
    queued: (): string[] => queued.all().map((row) => row.id),
    /** `VARIANT-1`, `VARIANT-2`, ...: the first that no run has. */
    freeName(variant: string): string {
      const usedNames = new Set(names.all().map((row) => row.name))
      let number = 1
      while (usedNames.has(`${variant}-${number}`)) number += 1
      return `${variant}-${number}`
    },
    /** The first palette index that no run has. */
    freeColour(): number {
      const usedColours = new Set(colours.all().map((row) => row.colour))
      let colour = 0
      while (usedColours.has(colour)) colour += 1
      return colour
    },
    /** The place in the queue behind all others. */
    nextTurn: (): number => (lastPlace.get()?.place ?? 0) + 1,
    /** A run with all that is given of it. */
    add(run: Parameters<typeof columnsOf>[0] & Pick<Run, 'id'>): Run {
      write(columnsOf(run), (columns) => {
        const values = columns.map((column) => `@${column}`)
        return `INSERT INTO runs (${columns.join(', ')}) VALUES (${values.join(', ')})`
      })
      return get(run.id)
    },
    /** A run that waits in the queue. */
    insert(run: NewRun & { colour: number }, now: string): Run {
      const { colour, turn = this.nextTurn() } = run
      const known = Object.fromEntries([...givenFields, ...optionalFields].map((field) => [field, run[field]])) as NewRun
      return this.add({ ...known, colour, turn, state: 'queued', createdAt: now, queuedAt: now })
    },
    update(id: string, change: RunChange): void {
      const row = columnsOf(change)
      if (Object.keys(row).length === 0) return
      write({ ...row, id }, (columns) => {
        const set = columns.filter((column) => column !== 'id').map((column) => `${column} = @${column}`)
        return `UPDATE runs SET ${set.join(', ')} WHERE id = @id`
      })
    },
    /** Those that are stored as training on this machine, and how far each is; without those of a newer version. */
    running: (): { id: string; epoch: number }[] => running.all().filter(({ id }) => isOurs(id)),
    /** For a run that a dead engine left behind; one of an experiment that was running goes on. */
    interrupt: (id: string, now: string, error: ErrorInfo): void => void interrupt.run(now, JSON.stringify(error), id),
    /** Runs of running experiments that the end of an engine stopped, in the queue's order. */
    goingOn: (): { id: string; state: RunState; attempts: number }[] => goingOn.all().filter(({ id }) => isOurs(id)),
    /** Whether this version wrote it or could have; false of what is not there. @param state where it has just been read */
    isOurs,
    /** Completed runs of a dataset that one version of the workbench trained and measured, oldest first; configs as JSON. */
    finished: (dataset: string, version: string, evaluation: number) => finished.all(dataset, version, evaluation),
    /** How fast the latest completed runs of a dataset were on this machine, newest first. */
    timed: (dataset: string): TimedRun[] => timed.all(dataset),
    /** The same of so many runs with a number of threads, whatever their datasets. */
    timedLately: (threads: number, most: number) => timedLately.all(threads, most),
    /** Runs that are at another place and have not ended, in their order; those of a newer version among them. */
    openAt: (site: string) => openAt.all(site),
    /** The folder that a run was sent to; null where it was not. */
    sentTo: (id: string): string | null => sentTo.get(id)?.sentTo ?? null,
    /** How far the journal of a run that is elsewhere was taken over; null where nothing was. */
    journal: (id: string): string | null => sentTo.get(id)?.journal ?? null,
    /** How often a run was taken up again by itself. */
    attempts: (id: string): number => attempts.get(id)?.attempts ?? 0,
    /** A run that may have been removed; null where it is gone for good. */
    find(id: string): { run: Run; removedAt: string | null } | null {
      const row = anyById.get(id)
      if (row === undefined) return null
      const { removedAt, ...rest } = row
      return { run: toRun(rest), removedAt }
    },
    /**
     * A run from elsewhere with all that is known of it; the caller holds the transaction. `version`: of the workbench that
     * trained it.
     */
    adopt(run: Run, version: string | null): void {
      const { progress: _, newer: __, ...known } = run
      this.add({ ...known, queuedAt: run.createdAt, turn: this.nextTurn(), ...(version === null ? {} : { version }) })
    },
    /** Version of the workbench that trained it; null where that is not known. */
    versionOf: (id: string): string | null => versionOf.get(id)?.version ?? null,
    /** Whether it was made for an experiment, be that removed for now. */
    isPlanned: (id: string): boolean => (planned.get(id)?.experiment ?? null) !== null,
    /** What can be restored, newest first. */
    removed: () => removed.all(),
    /** For good, with its points, pictures and exports. */
    remove(id: string): void {
      understandable.delete(id)
      remove.run(id)
    },
  }
}
export type RunStore = ReturnType<typeof runStore>
