import type { Plan } from '../../../shared/experiments.ts'
import type { Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Home } from '../home.ts'
import { newId } from '../store/ids.ts'
import type { Store } from '../store/store.ts'
import type { Member, StoredExperiment } from '../store/experiments.ts'
import { resolveConfig } from '../variants/index.ts'
import { finishedRuns, identityOf } from './finished.ts'
import { factsOf, runOf } from './newRun.ts'
import { expandPlan } from './plan.ts'

/** Names have at most so many characters. */
const longest = 200

/** A run's name: its cell and seed. */
const runName = (title: string, seed: number): string => {
  const end = `, seed ${seed}`
  return `${title.slice(0, longest - end.length)}${end}`
}

/**
 * Stores an experiment with its runs, all or nothing: seed by seed, so that every cell can soon be compared. Runs that are
 * there already are taken where the plan wants that; cells that are the same share their runs then.
 * @param held paused rather than queued, for whoever has them trained elsewhere
 * @returns the experiment's id, and the runs that are to be trained, in their order
 * @throws WorkbenchError the plan's first problem; DATASET_UNKNOWN
 */
export function createExperiment(
  { store, home }: { store: Store; home: Home },
  plan: Plan,
  held = false,
): { id: string; runs: string[] } {
  const dataset = store.datasets.get(plan.dataset)
  const { cells, problems, baseline } = expandPlan(plan, factsOf(home, dataset))
  if (problems[0]) throw WorkbenchError.from(problems[0])
  const id = newId(),
    now = new Date().toISOString()
  const known = plan.reuse
    ? new Map([...finishedRuns(store, dataset.id)].map(([identity, run]) => [identity, { id: run.id, reused: true }]))
    : new Map<string, { id: string; reused: boolean }>()
  const members: Member[] = []
  const runs: Parameters<Store['runs']['insert']>[0][] = []
  let turn = store.runs.nextTurn()
  for (const seed of plan.seeds) {
    for (const {
      cell,
      resolved: { config, parameters },
    } of cells) {
      const identity = identityOf(cell.variant, seed, config!)
      const same = plan.reuse ? known.get(identity) : undefined
      if (same) {
        members.push({ cell: cell.index, seed, run: same.id, reused: same.reused })
        continue
      }
      const run = {
        ...runOf(home, newId(), dataset, cell.variant, seed, { config: config!, parameters }),
        name: runName(cell.title, seed),
        colour: cell.index,
        experiment: { id, cell: cell.index },
        turn: turn++,
      }
      runs.push(run)
      known.set(identity, { id: run.id, reused: false })
      members.push({ cell: cell.index, seed, run: run.id, reused: false })
    }
  }
  store.transaction(() => {
    store.experiments.insert({
      id,
      name: plan.name,
      datasetId: dataset.id,
      plan,
      cells: cells.map(({ cell }) => cell),
      baseline,
      wanted: 'running',
      createdAt: now,
      endedAt: runs.length === 0 ? now : null,
    })
    for (const run of runs) {
      store.runs.insert(run, now)
      if (held) store.runs.update(run.id, { state: 'paused' })
    }
    store.experiments.place(id, members)
  })
  return { id, runs: runs.map((run) => run.id) }
}

/**
 * Gives a place of an experiment a run anew whose former one was removed; the caller queues it. Errors: those of its settings,
 * should they be none any more.
 */
export function replaceRun(
  { store, home }: { store: Store; home: Home },
  { id, datasetId, cells }: StoredExperiment,
  index: number,
  seed: number,
): Run {
  const dataset = store.datasets.get(datasetId),
    cell = cells[index]!
  // As the other seeds of the cell were trained: defaults may have been others then.
  const other = store.experiments
    .members(id)
    .find(({ cell: cellIndex, run }) => cellIndex === index && run !== null && store.runs.isOurs(run))
  const { config, problems, parameters } = resolveConfig(
    cell.variant,
    other ? store.runs.get(other.run!).config : cell.settings,
    factsOf(home, dataset),
  )
  if (config === null) throw WorkbenchError.from(problems[0]!)
  return store.transaction(() => {
    const run = store.runs.insert(
      {
        ...runOf(home, newId(), dataset, cell.variant, seed, { config, parameters }),
        name: runName(cell.title, seed),
        colour: index,
        experiment: { id, cell: index },
      },
      new Date().toISOString(),
    )
    store.experiments.setMember(id, index, seed, run.id)
    return run
  })
}
