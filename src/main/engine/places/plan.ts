import type { Plan } from '../../../shared/experiments.ts'
import type { Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Place } from '../../../shared/places.ts'
import { finishedRuns, identityOf } from '../experiments/finished.ts'
import { factsOf } from '../experiments/newRun.ts'
import { expandPlan } from '../experiments/plan.ts'
import type { Home } from '../home.ts'
import { secondsOf } from '../remote/expected.ts'
import { spreadRuns } from '../remote/spread.ts'
import type { Store } from '../store/store.ts'

/** What is to be trained, as far as times need to know. */
type Wanted = Pick<Run, 'variant' | 'config'>

/** What a plan would have trained, in its order: without what is there already. @throws WorkbenchError the plan's first problem */
export function wantedBy({ store, home }: { store: Store; home: Home }, plan: Plan): Wanted[] {
  const dataset = store.datasets.get(plan.dataset)
  const { cells, problems } = expandPlan(plan, factsOf(home, dataset))
  if (problems[0]) throw WorkbenchError.from(problems[0])
  const known = new Set(plan.reuse ? finishedRuns(store, dataset.id).keys() : [])
  return plan.seeds.flatMap((seed) =>
    cells.flatMap(({ cell: { variant }, resolved: { config } }) => {
      const identity = identityOf(variant, seed, config!)
      if (plan.reuse && known.has(identity)) return []
      known.add(identity)
      return [{ variant, config: config! }]
    }),
  )
}

/** How many tasks of an array they would be at a place. */
export function tasksAt(store: Store, place: Place, dataset: string, wanted: readonly Wanted[], threads: number): number {
  const seconds = secondsOf(store, store.datasets.get(dataset), place.cpus ?? threads)
  return spreadRuns(wanted, seconds, { perTask: place.runsPerJob, atOnce: place.jobs }).length
}
