import type { RunState } from '../../shared/domain.ts'

/** What states mean that nobody knows from other programs, read on hover. */
export const stateHints: Partial<Record<RunState, string>> = {
  submitted: 'It was sent to another place and waits for its turn there.',
  unknown:
    'It is at another place, and neither what it wrote nor the scheduler tells what became of it. It is looked for on and on, and ' +
    'nothing is lost; resuming it trains it on this machine.',
}

/** A sign of its own shape for each state of a run. */
export const stateSigns: Record<RunState, string> = {
  queued: '○',
  submitted: '◌',
  running: '◐',
  paused: '‖',
  interrupted: '!',
  unknown: '?',
  completed: '●',
  diverged: '↗',
  failed: '×',
  cancelled: '⊘',
}
export const stateWords: Record<RunState, string> = {
  queued: 'Queued',
  submitted: 'Submitted',
  running: 'Running',
  paused: 'Paused',
  interrupted: 'Interrupted',
  unknown: 'Unknown',
  completed: 'Completed',
  diverged: 'Diverged',
  failed: 'Failed',
  cancelled: 'Cancelled',
}
