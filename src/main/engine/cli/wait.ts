import type { Run, RunState, Task } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Terminal } from './terminal.ts'
import type { Session } from './session.ts'

/** Starts a task and waits until it is over; Ctrl-C cancels it. Resolves to the id of what it made. */
export async function taskDone(session: Session, start: () => Promise<{ task: Task }>, terminal: Terminal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<Task>()
  const seen = new Map<string, Task>()
  let started: string | null = null
  const look = (task: Task) => {
    seen.set(task.id, task)
    if (task.id !== started) return
    if (task.progress !== null) terminal.progress(task.title, task.progress)
    if (task.state !== 'running') resolve(task)
  }
  const unsubscribe = session.onEvent((event) => {
    if (event.type === 'task') look(event.task)
  })
  let release = () => {}
  try {
    const { task } = await start()
    started = task.id
    release = terminal.onInterrupt(() => void session.call('tasks.cancel', { task: task.id }).catch(() => {}))
    look(seen.get(task.id) ?? task)
    const ended = await Promise.race([promise, session.lost])
    if (ended.state === 'cancelled') throw new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.')
    if (ended.error !== null) throw WorkbenchError.from(ended.error)
    return ended.result!
  } finally {
    unsubscribe()
    release()
  }
}

/** Says once that everything waits for space on the disk, and that it goes on. */
export function sayOnce(terminal: Terminal): (lack: string | null) => void {
  let isSaid = false
  return (lack) => {
    if (lack !== null && !isSaid) terminal.tell(lack)
    if (lack === null && isSaid) terminal.tell('There is space on the disk again; it goes on.')
    isSaid = lack !== null
  }
}

const over: readonly RunState[] = ['paused', 'interrupted', 'completed', 'diverged', 'failed', 'cancelled']

/**
 * Starts a run and waits until it trains no more; Ctrl-C pauses it with a checkpoint, or leaves it where it is elsewhere. `interrupted`:
 * that is what happened.
 */
export async function runEnded(
  session: Session,
  start: () => Promise<{ run: Run }>,
  terminal: Terminal,
  place: string | null = null,
): Promise<{ run: Run; interrupted: boolean }> {
  const { promise, resolve } = Promise.withResolvers<Run>()
  const seen = new Map<string, Run>()
  let started: string | null = null
  let interrupted = false
  let waiting = false
  const lacks = sayOnce(terminal)
  const look = (run: Run) => {
    seen.set(run.id, run)
    if (run.id !== started) return
    if (run.state === 'queued' && !waiting) terminal.tell(`${run.name} (${run.id}) waits in the queue.`)
    waiting = run.state === 'queued'
    if (run.progress !== null) terminal.progress(run.name, run.progress, lossOf(run))
    if (over.includes(run.state)) resolve(run)
  }
  const unsubscribe = session.onEvent((event) => {
    if (event.type === 'run') look(event.run)
    else if (event.type === 'queue' && event.queue.waitsFor !== null) lacks(event.queue.waitsFor.message)
    else if (event.type === 'queue') lacks(null)
    else if (event.type === 'runRemoved' && event.run === started) resolve({ ...seen.get(started)!, state: 'cancelled' })
  })
  let release = () => {}
  try {
    const { run } = await start()
    started = run.id
    release = terminal.onInterrupt(() => {
      interrupted = true
      // What is elsewhere needs nobody here.
      if (place !== null) {
        terminal.tell(`${run.name} goes on at ${place}; “resume ${run.id}” follows it.`)
        return resolve(seen.get(run.id) ?? run)
      }
      terminal.tell(`Pausing ${run.name} with a checkpoint; Ctrl-C again ends at once.`)
      void session.call('runs.pause', { run: run.id }).catch(() => {})
    })
    look(run)
    const ended = await Promise.race([promise, session.lost])
    return { run: ended, interrupted: interrupted && (place !== null || ended.state === 'paused') }
  } finally {
    unsubscribe()
    release()
  }
}

function lossOf(run: Run): string {
  const value = run.latest['validation/loss'] ?? run.latest['train/loss']
  return value === null || value === undefined ? '' : `loss ${value.toPrecision(4)}`
}
