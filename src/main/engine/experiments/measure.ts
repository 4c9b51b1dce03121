import { defaultCopies } from '../checkpoint/snapshots.ts'
import type { Task } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Plan } from '../../../shared/experiments.ts'
import type { Home } from '../home.ts'
import type { Jobs } from '../queue/jobs.ts'
import type { Tasks } from '../queue/tasks.ts'
import type { Store } from '../store/store.ts'
import { checkPlan } from './check.ts'
import { plannedStages } from './newRun.ts'
import { knownTimes } from './times.ts'

interface Parts {
  store: Store
  home: Home
  tasks: Tasks
  jobs: Jobs
  /** Threads of a training. */
  threads: number
}

/**
 * Measures, in processes of their own, one after the other, every kind of step of a plan whose time is not known, and stores
 * it. What was measured before a cancellation stays. Errors: DATASET_UNKNOWN, the plan's first problem.
 */
export function measurePlan({ store, home, tasks, jobs, threads }: Parts, plan: Plan): Task {
  const dataset = store.datasets.get(plan.dataset)
  const { cells, problems } = checkPlan({ store, home, trainers: 1, copies: defaultCopies, threads }, plan)
  if (problems[0]) throw WorkbenchError.from(problems[0])
  const times = knownTimes(store, dataset, threads)
  const unknown = new Map<string, (typeof cells)[number]>()
  for (const cell of cells) {
    if (cell.seconds === null && cell.reuse.length < plan.seeds.length && !unknown.has(times.keyOf(cell.variant, cell.config!)))
      unknown.set(times.keyOf(cell.variant, cell.config!), cell)
  }
  return tasks.start(
    'estimate',
    plan.name,
    async (signal, onProgress, keep) => {
      let done = 0
      for (const { variant, config, title } of unknown.values()) {
        const tell = (share: number) =>
          onProgress({
            done: done + share,
            total: unknown.size,
            unit: 'networks',
            perSecond: null,
            secondsLeft: null,
            stage: `Measuring ${title}`,
          })
        tell(0)
        const needed = times.evaluation(variant, config!) === null
        const stages = plannedStages(variant, config!, dataset)
        const known = times.timing(variant, config!, stages)
        if (known === null || needed) {
          const { evaluation, ...timing } = await jobs.run(
            {
              kind: 'measure',
              datasetFolder: home.dataset(dataset.id),
              variant,
              config: config!,
              seed: plan.seeds[0]!,
              evaluation: needed,
            },
            { threads, signal, onProgress: (progress) => tell(progress.done / progress.total) },
          )
          await keep(() => times.store(variant, config!, timing, evaluation))
        }
        done += 1
      }
      return dataset.id
    },
    { short: true },
  )
}
