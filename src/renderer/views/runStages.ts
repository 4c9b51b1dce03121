import type { Run, Stage } from '../../shared/domain.ts'
import { isWaiting } from '../../shared/runStates.ts'
import type { Mark, XKind } from '../charts/curve.ts'

/** What a series needs to have for its stage's times to be read from it. */
export interface Timed {
  length: number
  x(kind: XKind): Float64Array
}
export type SeriesMap<T> = ReadonlyMap<string, T>

type StageState = 'done' | 'now' | 'stopped' | 'to come'
export interface StageLine {
  stage: Stage
  state: StageState
  share: number
  epochs: number
  seconds: number | null
}

/** `Layer 1` of `Layer 1: 784 to 500`. */
export const shortTitle = ({ title }: Pick<Stage, 'title'>): string => title.split(':')[0]!

/** The stage that a run is in, or was in when it ended; the next one once a stage's last step is made. */
function presentStage({ stages, step, state }: Pick<Run, 'stages' | 'step' | 'state'>): number {
  if (state === 'completed') return stages.length
  const begun = stages.findLastIndex((stage) => stage.startStep <= step)
  return Math.max(0, begun)
}

/**
 * Seconds of training at which each stage began, in the order of the stages; null for those that have not. A stage begins where
 * the one before it ended.
 */
function stageStarts(stages: readonly Stage[], series: SeriesMap<Timed>): (number | null)[] {
  const ends = stages.map(({ prefix }) => lastOf(series.get(`${prefix}train/loss`)))
  return stages.map((_, index) => (index === 0 ? 0 : (ends[index - 1] ?? null)))
}
const lastOf = (timed: Timed | undefined): number | null => (timed && timed.length > 0 ? timed.x('time')[timed.length - 1]! : null)

/** Each stage with how far it is and how long it took. */
export function stageLines(run: Run, series: SeriesMap<Timed>): StageLine[] {
  const present = presentStage(run)
  const starts = stageStarts(run.stages, series)
  const here: StageState = run.state === 'running' ? 'now' : isWaiting(run.state) ? 'to come' : 'stopped'
  return run.stages.map((stage, index) => {
    const state: StageState = index < present ? 'done' : index > present ? 'to come' : here
    const end = lastOf(series.get(`${stage.prefix}train/loss`))
    const share = state === 'done' ? 1 : stage.steps > 0 ? Math.min(1, Math.max(0, (run.step - stage.startStep) / stage.steps)) : 0
    return {
      stage,
      state,
      share,
      epochs: state === 'done' ? stage.epochs : Math.floor(share * stage.epochs),
      seconds: end === null || starts[index] === null ? null : end - starts[index]!,
    }
  })
}

/** Where the stages that have begun begin along an axis; none where there is one stage only. */
export function stageMarks(stages: readonly Stage[], series: SeriesMap<Timed>, kind: XKind): Mark[] {
  if (stages.length < 2) return []
  const starts = stageStarts(stages, series)
  return stages.flatMap((stage, index): Mark[] => {
    if (index > 0 && !series.has(`${stage.prefix}train/loss`)) return []
    const x = kind === 'step' ? stage.startStep : kind === 'epoch' ? stage.startEpoch : starts[index]!
    return x === null ? [] : [{ x, label: shortTitle(stage) }]
  })
}
