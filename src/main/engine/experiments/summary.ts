import { runStates } from '../../../shared/domain.ts'
import type { Experiment, ExperimentSummary } from '../../../shared/experiments.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import type { MemberState, StoredExperiment } from '../store/experiments.ts'
import { scheduled } from './costs.ts'

/** What is known of the runs that are to train, beside the database. */
export interface Pace {
  trainers: number
  /** Seconds of an evaluation; null before the first. */ evaluation: number | null
}

/** What an experiment does and how far it is, from what is stored of its runs. Pure. */
export function summaryOf(experiment: StoredExperiment, members: readonly MemberState[], pace: Pace): ExperimentSummary {
  const { plan, cells, baseline: _, wanted, ...plain } = experiment
  const states = Object.fromEntries([...runStates, 'removed' as const].map((state) => [state, 0])) as ExperimentSummary['states']
  for (const { state } of members) states[state ?? 'removed'] += 1
  const going = members.filter(({ state: its }) => its !== null && isUnderWay(its)).length
  const state = going > 0 ? 'running' : states.paused > 0 ? 'paused' : wanted === 'cancelled' ? 'cancelled' : 'ended'
  const open = members.filter(isOpen)
  return {
    ...plain,
    state,
    states,
    progress: {
      done: members.length - open.length,
      total: members.length,
      share: shareOf(members),
      secondsLeft: going > 0 ? secondsLeft(members, pace) : null,
    },
    cellCount: cells.length,
    seedCount: plan.seeds.length,
    reused: members.filter(({ reused }) => reused === 1).length,
    variants: [...new Set(cells.map(({ variant }) => variant))],
  }
}

/** The whole of it: with its plan and the runs of each cell. */
export function detailsOf(experiment: StoredExperiment, members: readonly MemberState[], pace: Pace): Experiment {
  const places = new Map(members.map((member) => [`${member.cell} ${member.seed}`, member]))
  return {
    ...summaryOf(experiment, members, pace),
    plan: experiment.plan,
    baseline: experiment.baseline,
    cells: experiment.cells.map((cell) => ({
      ...cell,
      runs: experiment.plan.seeds.map((seed) => {
        const place = places.get(`${cell.index} ${seed}`)
        return { seed, run: place?.run ?? null, reused: place?.reused === 1 }
      }),
    })),
  }
}

/** Whether it waits, trains or may go on. */
const isOpen = ({ state }: MemberState): boolean => state !== null && (state === 'paused' || isUnderWay(state))

/** Of the work: an ended run counts in full, a running one by its steps. */
function shareOf(members: readonly MemberState[]): number {
  if (members.length === 0) return 1
  return (
    members.reduce((sum, member) => sum + (isOpen(member) ? (member.steps ? Math.min(1, member.step! / member.steps) : 0) : 1), 0) /
    members.length
  )
}

/**
 * Steps that are left, at the rates seen of the same cell, else of the same variant, else of any run of the experiment. Null where
 * some are elsewhere: how many go on there at once is not known here.
 */
function secondsLeft(members: readonly MemberState[], { trainers, evaluation }: Pace): number | null {
  if (members.some(({ state, site }) => site != null && state !== null && isUnderWay(state))) return null
  const rates = new Map<string, { sum: number; count: number }>()
  const learn = (key: string, value: number) => {
    const { sum, count } = rates.get(key) ?? { sum: 0, count: 0 }
    rates.set(key, { sum: sum + value, count: count + 1 })
  }
  for (const { cell, variant, stepsPerSecond } of members) {
    if (stepsPerSecond) for (const key of [`cell ${cell}`, `variant ${variant}`, 'any']) learn(key, 1 / stepsPerSecond)
  }
  const left: number[] = []
  for (const { cell, variant, state, step, steps, stepsPerSecond } of members) {
    if (state !== 'queued' && state !== 'running') continue
    const known = [`cell ${cell}`, `variant ${variant}`, 'any'].map((key) => rates.get(key)).find((rate) => rate !== undefined)
    const perStep = state === 'running' && stepsPerSecond ? 1 / stepsPerSecond : known ? known.sum / known.count : null
    if (perStep === null && steps! > 0) return null
    left.push((steps! - step!) * (perStep ?? 0) + (evaluation ?? 0))
  }
  return scheduled(left, trainers)
}
