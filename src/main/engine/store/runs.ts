import { z } from 'zod'
import {
  evaluationSchema,
  originSchema,
  presetRefSchema,
  runStates,
  stageSchema,
  type Evaluation,
  type Run,
  type RunState,
} from '../../../shared/domain.ts'
import { WorkbenchError, type ErrorInfo } from '../../../shared/errors.ts'
import type { Database } from './database.ts'
import { configOf, errorOf, itemsOf, requireOurs, said, understood } from './lenient.ts'

type Json = 'config' | 'latest' | 'evaluation' | 'error' | 'stages' | 'preset' | 'origin' | 'tags'
export type RunRow = Omit<Run, Json | 'progress' | 'experiment' | 'archived'> & {
  config: string
  latest: string
  evaluation: string | null
  error: string | null
  stages: string
  preset: string | null
  origin: string | null
  tags: string
  experiment: string | null
  cell: number | null
  archived: 0 | 1
}
export type NewRun = Pick<
  Run,
  'id' | 'name' | 'datasetId' | 'variant' | 'seed' | 'config' | 'epochs' | 'steps' | 'stages' | 'parameters'
> &
  Partial<Pick<Run, 'preset' | 'origin' | 'experiment'>> & { /** In the queue; at its end unless given. */ place?: number }
/** What changes in a run's life; absent keys stay as they are. */
export type RunChange = Partial<
  Pick<
    Run,
    | 'name'
    | 'epoch'
    | 'epochs'
    | 'step'
    | 'steps'
    | 'parameters'
    | 'startedAt'
    | 'endedAt'
    | 'seconds'
    | 'stepsPerSecond'
    | 'threads'
    | 'stages'
    | 'evaluation'
    | 'error'
    | 'latest'
    | 'colour'
    | 'tags'
    | 'notes'
    | 'archived'
    | 'bytes'
  >
> & {
  state?: RunState
  queuedAt?: string
  /** Its place in the queue. */
  place?: number
  /** The workbench that trained it. */
  version?: string
  removedAt?: string | null
  /** Whether the next engine takes it up by itself, and how often that was tried. */
  goesOn?: 0 | 1
  attempts?: number
}

/** What can be learned from a run of how long others will take; the config is JSON. */
export interface TimedRun {
  id: string
  variant: string
  config: string
  stepsPerSecond: number | null
  threads: number | null
  evaluationSeconds: number | null
}

/** Null also where another version of the workbench measured something else. */
const toEvaluation = (text: string | null): Evaluation | null => understood(evaluationSchema, said(text), null)

const latestSchema = z.record(z.string(), z.number().nullable())
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

function toRun({ cell, archived, experiment, tags, ...row }: RunRow): Run {
  const { config, whole } = configOf(row.config)
  const known = stateSchema.safeParse(row.state).success
  return {
    ...row,
    config,
    progress: null,
    latest: understood(latestSchema, said(row.latest), {}),
    evaluation: toEvaluation(row.evaluation),
    error: errorOf(row.error),
    stages: itemsOf(stageSchema, said(row.stages)),
    preset: understood(presetRefSchema, said(row.preset), null),
    origin: understood(originSchema, said(row.origin), null),
    experiment: experiment === null || cell === null ? null : { id: experiment, cell },
    tags: itemsOf(z.string(), said(tags)),
    archived: archived === 1,
    ...(known ? {} : foreign(row.name, `its state is “${row.state}”`)),
    ...(whole ? {} : row.state === 'completed' ? { newer: true as const } : foreign(row.name, 'its settings are not known here')),
  }
}

const toColumns = ({
  evaluation,
  error,
  latest,
  stages,
  tags,
  archived,
  ...plain
}: RunChange): Record<string, string | number | null> => ({
  ...plain,
  ...(latest === undefined ? {} : { latest: JSON.stringify(latest) }),
  ...(stages === undefined ? {} : { stages: JSON.stringify(stages) }),
  ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }),
  ...(archived === undefined ? {} : { archived: archived ? 1 : 0 }),
  ...(error === undefined ? {} : { error: error === null ? null : JSON.stringify(error) }),
  ...(evaluation === undefined
    ? {}
    : {
        evaluation: evaluation === null ? null : JSON.stringify(evaluation),
        evaluationVersion: evaluation?.version ?? null,
      }),
})

/** The experiment of a run, unless that was removed. */
const existing = '(SELECT experiments.id FROM experiments WHERE experiments.id = runs.experiment AND experiments.removedAt IS NULL)'
const columns = `runs.id, runs.name, runs.dataset AS datasetId, datasets.name AS dataset, variant, seed, config, state, colour, epoch, epochs, step,
  steps, parameters, runs.createdAt AS createdAt, startedAt, endedAt, seconds, stepsPerSecond, threads, latest, evaluation, error,
  stages, preset, origin, ${existing} AS experiment, cell, tags, runs.notes AS notes, archived, runs.bytes AS bytes`
const source = 'FROM runs JOIN datasets ON datasets.id = runs.dataset'
const present = `SELECT ${columns} ${source} WHERE runs.removedAt IS NULL`

/** Rows of the table `runs` as domain types. `progress` is live and belongs to the queue: always null here. */
export function runStore(database: Database) {
  const all = database.prepare<[], RunRow>(`${present} ORDER BY runs.createdAt, runs.rowid`)
  const byId = database.prepare<[string], RunRow>(`${present} AND runs.id = ?`)
  const byName = database.prepare<[string], RunRow>(`${present} AND runs.name = ?`)
  const byBeginning = database.prepare<{ beginning: string }, RunRow>(
    `${present} AND substr(runs.id, 1, length(@beginning)) = @beginning LIMIT 2`,
  )
  const anyById = database.prepare<[string], RunRow & { removedAt: string | null }>(
    `SELECT ${columns}, runs.removedAt AS removedAt ${source} WHERE runs.id = ?`,
  )
  const queued = database.prepare<[], { id: string }>(
    "SELECT id FROM runs WHERE state = 'queued' AND removedAt IS NULL ORDER BY place, queuedAt, rowid",
  )
  const told = database.prepare<[string], { state: string; config: string }>('SELECT state, config FROM runs WHERE id = ?')
  const stored = database.prepare<[string], { one: 1 }>('SELECT 1 AS one FROM runs WHERE id = ?')
  const lastPlace = database.prepare<[], { place: number | null }>('SELECT max(place) AS place FROM runs')
  const colours = database.prepare<[], { colour: number }>(
    'SELECT DISTINCT colour FROM runs WHERE removedAt IS NULL ORDER BY colour',
  )
  const names = database.prepare<[], { name: string }>('SELECT name FROM runs WHERE removedAt IS NULL')
  const insert =
    database.prepare(`INSERT INTO runs (id, name, dataset, variant, seed, config, state, colour, epochs, steps, stages, preset, origin, parameters, createdAt, queuedAt, experiment, cell, place)
    VALUES (@id, @name, @datasetId, @variant, @seed, @config, 'queued', @colour, @epochs, @steps, @stages, @preset, @origin, @parameters, @now, @now, @experiment, @cell, @place)`)
  const interrupt = database.prepare<[string, string, string]>(`UPDATE runs SET state = 'interrupted', endedAt = ?, error = ?,
    goesOn = coalesce(experiment IN (SELECT id FROM experiments WHERE wanted = 'running' AND removedAt IS NULL), 0) WHERE id = ?`)
  const running = database.prepare<[], { id: string; epoch: number }>(`SELECT id, epoch FROM runs WHERE state = 'running'`)
  const goingOn = database.prepare<
    [],
    { id: string; state: RunState; attempts: number }
  >(`SELECT runs.id, state, attempts FROM runs JOIN experiments ON experiments.id = runs.experiment
    WHERE goesOn = 1 AND state IN ('interrupted', 'paused') AND runs.removedAt IS NULL AND wanted = 'running' AND experiments.removedAt IS NULL ORDER BY place, queuedAt`)
  const finished = database.prepare<
    [string, string, number],
    { id: string; name: string; variant: string; seed: number; config: string }
  >(`SELECT id, name, variant, seed, config FROM runs
    WHERE dataset = ? AND state = 'completed' AND removedAt IS NULL AND origin IS NULL AND version = ? AND evaluationVersion = ? ORDER BY createdAt, rowid`)
  const timed = database.prepare<
    [string],
    TimedRun
  >(`SELECT id, variant, config, stepsPerSecond, threads, json_extract(evaluation, '$.seconds') AS evaluationSeconds FROM runs
    WHERE dataset = ? AND state = 'completed' AND removedAt IS NULL AND origin IS NULL AND evaluation IS NOT NULL ORDER BY endedAt DESC LIMIT 200`)
  const versionOf = database.prepare<[string], { version: string | null }>('SELECT version FROM runs WHERE id = ?')
  const attempts = database.prepare<[string], { attempts: number }>('SELECT attempts FROM runs WHERE id = ?')
  const planned = database.prepare<[string], { experiment: string | null }>('SELECT experiment FROM runs WHERE id = ?')
  const removed = database.prepare<
    [],
    { id: string; name: string; removedAt: string; bytes: number | null; dataset: string; experiment: string | null }
  >(
    'SELECT id, name, removedAt, bytes, dataset, experiment FROM runs WHERE removedAt IS NOT NULL ORDER BY removedAt DESC, rowid DESC',
  )
  const remove = database.prepare<[string]>('DELETE FROM runs WHERE id = ?')
  const updates = new Map<string, ReturnType<Database['prepare']>>()

  const get = (id: string): Run => {
    const row = byId.get(id)
    if (row === undefined)
      throw new WorkbenchError('RUN_UNKNOWN', `There is no run “${id}”; “runs list” shows those that exist.`, { field: 'run' })
    return toRun(row)
  }
  /** Whose settings are understood: they never change. */
  const understandable = new Map<string, boolean>()
  const isOurs = (id: string, state = told.get(id)?.state): boolean => {
    if (!stateSchema.safeParse(state).success) return false
    let whole = understandable.get(id)
    if (whole === undefined) understandable.set(id, (whole = configOf(told.get(id)!.config).whole))
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
    /** The place behind all others. */
    nextPlace: (): number => (lastPlace.get()?.place ?? 0) + 1,
    insert(run: NewRun & { colour: number }, now: string): Run {
      const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value))
      insert.run({
        ...run,
        config: JSON.stringify(run.config),
        stages: JSON.stringify(run.stages),
        preset: json(run.preset),
        origin: json(run.origin),
        now,
        experiment: run.experiment?.id ?? null,
        cell: run.experiment?.cell ?? null,
        place: run.place ?? this.nextPlace(),
      })
      return get(run.id)
    },
    update(id: string, change: RunChange): void {
      const columns = toColumns(change)
      const keys = Object.keys(columns).filter((key) => columns[key] !== undefined)
      if (keys.length === 0) return
      const sql = `UPDATE runs SET ${keys.map((key) => `${key} = @${key}`).join(', ')} WHERE id = @id`
      let statement = updates.get(sql)
      if (statement === undefined) updates.set(sql, (statement = database.prepare(sql)))
      statement.run({ ...columns, id })
    },
    /** Those that are stored as training, and how far each is; without those of a newer version. */
    running: (): { id: string; epoch: number }[] => running.all().filter(({ id }) => isOurs(id)),
    /** For a run that a dead engine left behind; one of an experiment that was running goes on. */
    interrupt: (id: string, now: string, error: ErrorInfo): void => void interrupt.run(now, JSON.stringify(error), id),
    /** Runs of running experiments that the end of an engine stopped, in the queue's order. */
    goingOn: (): { id: string; state: RunState; attempts: number }[] => goingOn.all().filter(({ id }) => isOurs(id)),
    /** Whether this version wrote it or could have; false of what is not there. @param state where it has just been read */
    isOurs,
    /** Completed runs of a dataset that one version of the workbench trained and measured, oldest first; configs as JSON. */
    finished: (dataset: string, version: string, evaluation: number) => finished.all(dataset, version, evaluation),
    /** How fast the latest completed runs of a dataset were, newest first. */
    timed: (dataset: string): TimedRun[] => timed.all(dataset),
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
    adopt(
      {
        id,
        name,
        config,
        state,
        startedAt,
        endedAt,
        seconds,
        stepsPerSecond,
        threads,
        latest,
        evaluation,
        error,
        epoch,
        step,
        tags,
        notes,
        archived,
        createdAt,
        ...rest
      }: Run,
      version: string | null,
    ): void {
      this.insert({ ...rest, id, name, config }, createdAt)
      this.update(id, {
        state,
        startedAt,
        endedAt,
        seconds,
        stepsPerSecond,
        threads,
        latest,
        evaluation,
        error,
        epoch,
        step,
        tags,
        notes,
        archived,
        bytes: rest.bytes,
        ...(version === null ? {} : { version }),
      })
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
