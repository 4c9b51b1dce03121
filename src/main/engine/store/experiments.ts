import { cellSchema, planSchema, type Cell, type Plan } from '../../../shared/experiments.ts'
import type { RunState } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Database } from './database.ts'
import { said, understood } from './lenient.ts'
import type { RunStore } from './runs.ts'

/** What was asked of an experiment; what it does follows from its runs. */
export type Wanted = 'running' | 'paused' | 'cancelled'

/** An experiment as it is stored. */
export interface StoredExperiment {
  id: string
  name: string
  datasetId: string
  /** Name of the dataset. */
  dataset: string
  plan: Plan
  cells: Cell[]
  baseline: number | null
  wanted: Wanted
  createdAt: string
  endedAt: string | null
}
type Row = Omit<StoredExperiment, 'plan' | 'cells'> & { plan: string; cells: string }

/** A place of an experiment: one seed of one cell. `run` null: the run was removed. */
export interface Member {
  cell: number
  seed: number
  run: string | null
  reused: boolean
}

/** What an experiment's progress is computed from. */
export interface MemberState {
  cell: number
  seed: number
  run: string | null
  reused: 0 | 1
  variant: string | null
  state: RunState | null
  step: number | null
  steps: number | null
  stepsPerSecond: number | null
  /** The place where it is trained; null on this machine. */
  site?: string | null
  /** A newer version knows what its state means; it counts as cancelled. */
  newer?: true
}

/** Nothing more is done with it, whoever wrote it. */
const ended: ReadonlySet<RunState> = new Set<RunState>(['completed', 'diverged', 'failed', 'cancelled'])

const selected = `SELECT experiments.id, experiments.name, experiments.dataset AS datasetId, datasets.name AS dataset,
  plan, cells, baseline, wanted,
  experiments.createdAt AS createdAt, endedAt FROM experiments JOIN datasets ON datasets.id = experiments.dataset`
const present = `${selected} WHERE experiments.removedAt IS NULL`

// A dataset may have got another name since.
function toExperiment(row: Row): StoredExperiment | null {
  const plan = understood(planSchema, said(row.plan), null),
    cells = understood(cellSchema.array(), said(row.cells), null)
  return plan === null || cells === null ? null : { ...row, plan: { ...plan, name: row.name, dataset: row.dataset }, cells }
}

/** Rows of the tables `experiments` and `members` as domain types. @param isOurs of a run, as its store knows */
export function experimentStore(database: Database, { isOurs }: Pick<RunStore, 'isOurs'>) {
  const all = database.prepare<[], { id: string }>('SELECT id FROM experiments WHERE removedAt IS NULL ORDER BY createdAt, rowid')
  const byId = database.prepare<[string], Row>(`${present} AND experiments.id = ?`)
  const anyById = database.prepare<[string], { name: string; removedAt: string | null }>(
    'SELECT name, removedAt FROM experiments WHERE id = ?',
  )
  const byName = database.prepare<[string], { id: string }>('SELECT id FROM experiments WHERE removedAt IS NULL AND name = ?')
  const byBeginning = database.prepare<{ beginning: string }, { id: string }>(
    'SELECT id FROM experiments WHERE removedAt IS NULL AND substr(id, 1, length(@beginning)) = @beginning LIMIT 2',
  )
  const insert = database.prepare(`INSERT INTO experiments (id, name, dataset, plan, cells, baseline, wanted, createdAt, endedAt)
    VALUES (@id, @name, @datasetId, @plan, @cells, @baseline, @wanted, @createdAt, @endedAt)`)
  const insertMember = database.prepare('INSERT INTO members (experiment, cell, seed, run, reused) VALUES (?, ?, ?, ?, ?)')
  const setMember = database.prepare<[string, string, number, number]>(
    'UPDATE members SET run = ?, reused = 0 WHERE experiment = ? AND cell = ? AND seed = ?',
  )
  const members = database.prepare<
    [string],
    MemberState
  >(`SELECT members.cell, members.seed, runs.id AS run, reused, variant, state, step, steps, stepsPerSecond, site
    FROM members LEFT JOIN runs ON runs.id = members.run AND runs.removedAt IS NULL WHERE members.experiment = ?`)
  const evaluationSeconds = database.prepare<
    [string],
    { seconds: number | null }
  >(`SELECT avg(json_extract(evaluation, '$.seconds')) AS seconds FROM
    (SELECT evaluation FROM runs WHERE experiment = ? AND state = 'completed' AND evaluation IS NOT NULL ORDER BY endedAt DESC LIMIT 20)`)
  const of = database.prepare<[string], { experiment: string }>('SELECT experiment FROM members WHERE run = ?')
  const users = database.prepare<[string, string], { experiment: string }>(
    'SELECT experiment FROM members JOIN experiments ON experiments.id = ' +
      'experiment WHERE run = ? AND experiment <> ? AND removedAt IS NULL LIMIT ' +
      '1',
  )
  const remove = database.prepare<[string]>('DELETE FROM experiments WHERE id = ?')
  const removed = database.prepare<[], { id: string; name: string; removedAt: string; dataset: string }>(
    'SELECT id, name, removedAt, dataset FROM experiments WHERE removedAt IS NOT NULL ORDER BY removedAt DESC, rowid DESC',
  )
  const changes = {
    name: database.prepare<[string, string]>('UPDATE experiments SET name = ? WHERE id = ?'),
    wanted: database.prepare<[string, string]>('UPDATE experiments SET wanted = ? WHERE id = ?'),
    endedAt: database.prepare<[string | null, string]>('UPDATE experiments SET endedAt = ? WHERE id = ?'),
    removedAt: database.prepare<[string | null, string]>('UPDATE experiments SET removedAt = ? WHERE id = ?'),
  }

  /** Null where it is not there, or cannot be understood. */
  const read = (id: string): StoredExperiment | null => {
    const row = byId.get(id)
    return row === undefined ? null : toExperiment(row)
  }
  const unknown = (reference: string) =>
    new WorkbenchError('EXPERIMENT_UNKNOWN', `There is no experiment “${reference}”; “experiment list” shows those that exist.`, {
      field: 'experiment',
    })
  const get = (id: string): StoredExperiment => {
    const row = byId.get(id)
    if (row === undefined) throw unknown(id)
    const experiment = toExperiment(row)
    if (experiment !== null) return experiment
    throw new WorkbenchError(
      'EXPERIMENT_UNKNOWN',
      `The experiment “${row.name}” was planned by a newer version of the workbench; open it there.`,
      { field: 'experiment' },
    )
  }
  return {
    /** Oldest first; those that a newer version planned are left out. */
    list: (): StoredExperiment[] =>
      all
        .all()
        .map(({ id }) => read(id))
        .filter((each) => each !== null),
    read,
    /** Whether it is there, and can be understood. */
    has: (id: string): boolean => read(id) !== null,
    get,
    /** By id, name or unambiguous beginning of an id, in this order. Error: EXPERIMENT_UNKNOWN. */
    resolve(reference: string): StoredExperiment {
      if (byId.get(reference) !== undefined) return get(reference)
      const named = byName.all(reference)
      const found = named.length > 0 ? named : byBeginning.all({ beginning: reference })
      if (found.length === 1) return get(found[0]!.id)
      if (found.length === 0) throw unknown(reference)
      throw new WorkbenchError(
        'EXPERIMENT_UNKNOWN',
        `Several experiments match “${reference}” (${found
          .slice(0, 3)
          .map(({ id }) => id)
          .join(', ')}${found.length > 3 ? ', ...' : ''}); give the whole id.`,
        { field: 'experiment' },
      )
    },
    /** Also where it was removed; null where it is gone for good. */
    find: (id: string): { name: string; removedAt: string | null } | null => anyById.get(id) ?? null,
    isTaken: (name: string): boolean => byName.get(name) !== undefined,
    insert: (experiment: Omit<StoredExperiment, 'dataset'>): void =>
      void insert.run({ ...experiment, plan: JSON.stringify(experiment.plan), cells: JSON.stringify(experiment.cells) }),
    /** Its runs, which are stored already. The caller holds the transaction. */
    place(id: string, places: readonly Member[]): void {
      for (const { cell, seed, run, reused } of places) insertMember.run(id, cell, seed, run, reused ? 1 : 0)
    },
    /** Every place with what is known of its run; runs that were removed count as none. */
    members: (id: string): MemberState[] =>
      members
        .all(id)
        .map((member) =>
          member.run === null || ended.has(member.state!) || isOurs(member.run, member.state!)
            ? member
            : { ...member, state: 'cancelled', newer: true },
        ),
    /** What an evaluation of its runs takes on average; null before the first. */
    evaluationSeconds: (id: string): number | null => evaluationSeconds.get(id)?.seconds ?? null,
    setMember: (id: string, cell: number, seed: number, run: string): void => void setMember.run(run, id, cell, seed),
    /** Ids of the experiments that a run belongs to. */
    of: (run: string): string[] => of.all(run).map(({ experiment }) => experiment),
    /** Whether another experiment uses a run, too. */
    isShared: (run: string, id: string): boolean => users.get(run, id) !== undefined,
    rename: (id: string, name: string): void => void changes.name.run(name, id),
    want: (id: string, wanted: Wanted): void => void changes.wanted.run(wanted, id),
    end: (id: string, at: string | null): void => void changes.endedAt.run(at, id),
    markRemoved: (id: string, at: string | null): void => void changes.removedAt.run(at, id),
    /** What can be restored, newest first. */
    removed: () => removed.all(),
    /** For good; its runs stay. */
    remove: (id: string): void => void remove.run(id),
  }
}
export type ExperimentStore = ReturnType<typeof experimentStore>
