import { cpus } from 'node:os'
import { z } from 'zod'
import { configSchema, type Config } from '../../../shared/config.ts'
import type { Dataset } from '../../../shared/domain.ts'
import type { Store } from '../store/store.ts'
import type { PlannedStage } from '../training/stages.ts'
import { secondsOf, type Timing } from './costs.ts'
import { evaluationKey, stepKey } from './timeKeys.ts'

const timingSchema = z.object({
  stages: z.array(z.object({ step: z.number(), row: z.number() })),
  fit: z.number(),
  start: z.number(),
  memory: z.number().optional(),
})
const cpu = cpus()[0]?.model ?? ''

/** What is known of how long runs on a dataset take: what was measured, else what was seen of runs of the same shape. */
export function knownTimes(store: Store, dataset: Dataset, threads: number) {
  const machine = { input: dataset, kind: dataset.kind, classes: dataset.classes.length, threads, cpu }
  const keyOf = (variant: string, config: Config) => stepKey(variant, config, machine)
  const keyOfEvaluation = (variant: string, config: Config) => evaluationKey(variant, config, dataset.sha256, threads, cpu)
  let seen: { rates: Map<string, number>; evaluations: Map<string, number> } | null = null

  /** Read only where something was not measured. */
  const fromRuns = () => {
    if (seen) return seen
    const rates = new Map<string, number>(),
      evaluations = new Map<string, number>()
    for (const { variant, config: text, stepsPerSecond, threads: used, evaluationSeconds } of store.runs.timed(dataset.id)) {
      if (used !== threads) continue
      const config = configSchema.safeParse(JSON.parse(text))
      if (!config.success) continue
      const key = keyOfEvaluation(variant, config.data)
      if (evaluationSeconds !== null && !evaluations.has(key)) evaluations.set(key, evaluationSeconds)
      if (stepsPerSecond && !rates.has(keyOf(variant, config.data))) rates.set(keyOf(variant, config.data), stepsPerSecond)
    }
    return (seen = { rates, evaluations })
  }

  const measured = (key: string): Timing | null => timingSchema.safeParse(store.timings.get(key)).data ?? null
  const evaluation = (variant: string, config: Config): number | null => {
    const key = keyOfEvaluation(variant, config)
    return z.number().safeParse(store.timings.get(key)).data ?? fromRuns().evaluations.get(key) ?? null
  }
  return {
    keyOf,
    keyOfEvaluation,
    evaluation,
    /** Seconds of a step and all around it; null where nothing is known. */
    timing(variant: string, config: Config, stages: readonly PlannedStage[]): Timing | null {
      const key = keyOf(variant, config)
      const known = measured(key)
      if (known) return known
      // Seen from outside: its rate includes validation and saving, and is one for all stages.
      const rate = stages.length === 1 ? fromRuns().rates.get(key) : undefined
      return rate === undefined ? null : { stages: stages.map(() => ({ step: 1 / rate, row: 0 })), fit: 0, start: 0 }
    },
    /** Of one run, all in all; null where it is not known. */
    seconds(variant: string, config: Config, stages: readonly PlannedStage[]): number | null {
      const timing = this.timing(variant, config, stages)
      return timing && secondsOf(timing, stages, dataset, evaluation(variant, config))
    },
    store(variant: string, config: Config, timing: Timing, evaluationSeconds: number | null): void {
      store.timings.set(keyOf(variant, config), timing)
      if (evaluationSeconds !== null) store.timings.set(keyOfEvaluation(variant, config), evaluationSeconds)
    },
  }
}
