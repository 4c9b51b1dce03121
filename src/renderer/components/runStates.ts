import type { RunState } from '../../shared/domain.ts'

/** A sign of its own shape for each state of a run. */
export const stateSigns: Record<RunState, string> = {
  queued: '○',
  running: '◐',
  paused: '‖',
  interrupted: '!',
  completed: '●',
  diverged: '↗',
  failed: '×',
  cancelled: '⊘',
}
export const stateWords: Record<RunState, string> = {
  queued: 'Queued',
  running: 'Running',
  paused: 'Paused',
  interrupted: 'Interrupted',
  completed: 'Completed',
  diverged: 'Diverged',
  failed: 'Failed',
  cancelled: 'Cancelled',
}
