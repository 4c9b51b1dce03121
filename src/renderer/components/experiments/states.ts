import type { ExperimentSummary } from '../../../shared/experiments.ts'
import { count } from '../../format.ts'

/** Words and signs of an experiment's states: each sign has a shape of its own, as those of runs have. */
export const experimentWords: Record<ExperimentSummary['state'], string> = {
  running: 'Running',
  paused: 'Paused',
  ended: 'Ended',
  cancelled: 'Cancelled',
}
export const experimentSigns: Record<ExperimentSummary['state'], string> = { running: '◐', paused: '‖', ended: '●', cancelled: '⊘' }

type States = ExperimentSummary['states']

/** How many runs did not come to a good end and would be trained again. */
export const retried = ({ failed, interrupted, cancelled, removed }: States): number => failed + interrupted + cancelled + removed

/** `2 train, 7 wait, 1 failed`: what is worth saying, in that order; what is completed is said by the progress. */
export function statesText(states: States): string {
  const parts: [number, string][] = [
    [states.running, 'in training'],
    [states.queued, 'waiting'],
    [states.submitted, 'submitted'],
    [states.paused, 'paused'],
    [states.interrupted, 'interrupted'],
    [states.unknown, 'unknown'],
    [states.failed, 'failed'],
    [states.diverged, 'diverged'],
    [states.cancelled, 'cancelled'],
    [states.removed, 'removed'],
  ]
  return parts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${count(number)} ${word}`)
    .join(', ')
}
