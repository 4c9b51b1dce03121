import type { RunState } from '../../shared/domain.ts'

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
