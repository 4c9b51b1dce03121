import { cpus } from 'node:os'
import { z } from 'zod'
import { configSchema, type Config } from '../../../shared/config.ts'
import type { Dataset } from '../../../shared/domain.ts'
import type { ExpectedTime } from '../../../shared/expectedTime.ts'
import type { Store } from '../store/store.ts'
import type { PlannedStage } from '../training/stages.ts'
import { variantOf, variants } from '../variants/registry.ts'
import { secondsOf, type Timing } from './costs.ts'
import { modelledEvaluation, modelledTiming } from './model.ts'
import { plannedStages } from './newRun.ts'
import { evaluationKey, machineKey, stepKey } from './timeKeys.ts'

/** Times of steps as they were here, by those of the model of a usual machine; of each sort of networks. */
const paceSchema = z.array(z.object({ sort: z.string(), pace: z.number().positive() }))
type Pace = z.infer<typeof paceSchema>[number]
/** Measurements, and runs, that the pace of a machine is taken from. */
const mostPaces = 40,
  mostRuns = 30

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
      if (!stepsPerSecond || rates.has(keyOf(variant, config.data))) continue
      const stages = plannedStages(variant, config.data, dataset)
      if (tellsPace(stages, stepsPerSecond)) rates.set(keyOf(variant, config.data), stepsPerSecond)
    }
    return (seen = { rates, evaluations })
  }

  const paceKey = machineKey(threads, cpu)
  /** How many times as long as on a usual machine steps take here; null where none was seen. */
  const paceOf = (sort: string): number | null => {
    const paces = [...(paceSchema.safeParse(store.timings.get(paceKey)).data ?? []), ...pacesOfRuns(store, threads)]
    const alike = paces.filter((each) => each.sort === sort)
    const sorted = (alike.length > 0 ? alike : paces).map(({ pace }) => pace).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? null
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
    /** The same, by a model of what it computes where it is not known. */
    expected(variant: string, config: Config, stages: readonly PlannedStage[]): ExpectedTime {
      const seconds = this.seconds(variant, config, stages)
      if (seconds !== null) return { seconds, from: 'measured' }
      const pace = paceOf(sortOf(variant, config))
      const timing = this.timing(variant, config, stages) ?? paced(modelledTiming(variant, config, dataset, stages, threads), pace)
      const evaluated = evaluation(variant, config) ?? (pace ?? 1) * modelledEvaluation(variant, config, dataset, threads)
      return { seconds: secondsOf(timing, stages, dataset, evaluated)!, from: pace === null ? 'usual' : 'model' }
    },
    store(variant: string, config: Config, timing: Timing, evaluationSeconds: number | null): void {
      store.timings.set(keyOf(variant, config), timing)
      const stages = plannedStages(variant, config, dataset)
      const usual = modelledTiming(variant, config, dataset, stages, threads)
      const paces = timing.stages.map(({ step }, index): Pace => ({
        sort: sortOf(variant, config),
        pace: step / usual.stages[index]!.step,
      }))
      const known = paceSchema.safeParse(store.timings.get(paceKey)).data ?? []
      store.timings.set(paceKey, [...paces.filter(({ pace }) => pace > 0), ...known].slice(0, mostPaces))
      if (evaluationSeconds !== null) store.timings.set(keyOfEvaluation(variant, config), evaluationSeconds)
    },
  }
}

/** Convolutions, products and derivatives that go back are not equally far from what a machine could do. */
const sortOf = (variant: string, { network, regularizer }: Config): string =>
  [
    network.convolutions.length > 0 ? 'convolutional' : 'dense',
    ...(variantOf(variant).work?.(regularizer as never).derivatives ? ['derivatives'] : []),
  ].join(' ')

const paced = ({ stages, fit, start }: Timing, pace: number | null): Timing => {
  const factor = pace ?? 1
  return { stages: stages.map(({ step, row }) => ({ step: factor * step, row: factor * row })), fit: factor * fit, start }
}

/** A run of a few steps was mostly its own start: its rate says how long that takes, and nothing of steps. */
const fewSteps = 50,
  manySeconds = 30
function tellsPace(stages: readonly PlannedStage[], stepsPerSecond: number): boolean {
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0)
  return steps >= fewSteps || steps / stepsPerSecond >= manySeconds
}

/** What the latest completed runs say of the machine, whatever their datasets. */
function pacesOfRuns(store: Store, threads: number): Pace[] {
  return store.runs.timedLately(threads, mostRuns).flatMap(({ variant, config: text, stepsPerSecond, dataset: id }) => {
    const config = configSchema.safeParse(JSON.parse(text)),
      dataset = store.datasets.find(id)
    if (!config.success || !dataset || !stepsPerSecond || !variants.some((each) => each.id === variant)) return []
    const stages = plannedStages(variant, config.data, dataset)
    // Of several stages one rate says nothing.
    if (stages.length !== 1 || !tellsPace(stages, stepsPerSecond)) return []
    const { step } = modelledTiming(variant, config.data, dataset, stages, threads).stages[0]!
    return [{ sort: sortOf(variant, config.data), pace: 1 / stepsPerSecond / step }]
  })
}
