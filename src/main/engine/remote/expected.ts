import type { Dataset, Run } from '../../../shared/domain.ts'
import { plannedStages } from '../experiments/newRun.ts'
import { knownTimes } from '../experiments/times.ts'
import type { Store } from '../store/store.ts'

/** How long each run takes here, about; the seeds of a configuration take as long. */
export function secondsOf(store: Store, dataset: Dataset, threads: number): (run: Pick<Run, 'variant' | 'config'>) => number {
  const times = knownTimes(store, dataset, threads),
    known = new Map<string, number>()
  return ({ variant, config }) => {
    const key = `${variant} ${JSON.stringify(config)}`
    let seconds = known.get(key)
    if (seconds === undefined)
      known.set(key, (seconds = times.expected(variant, config, plannedStages(variant, config, dataset)).seconds))
    return seconds
  }
}
