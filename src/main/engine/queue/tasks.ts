import type { EngineEvent } from '../../../shared/calls.ts'
import type { Progress, Task } from '../../../shared/domain.ts'
import { WorkbenchError, toErrorInfo } from '../../../shared/errors.ts'
import type { Log } from '../log.ts'
import { newId } from '../store/ids.ts'

/** Progress is told to the windows this often at most, in milliseconds. */
const interval = 200
const kept = 100

/** Carries out something long; resolves to the id of what it made. Throws soon after the signal aborts. */
export type Work = (signal: AbortSignal, onProgress: (progress: Progress) => void) => Promise<string>

/** Imports and exports: long work beside the runs, with progress and cancelling. They live as long as the engine does. */
export function createTasks(emit: (event: EngineEvent) => void, log: Log) {
  const tasks = new Map<string, { task: Task; controller: AbortController; over: Promise<void> }>()

  const get = (id: string) => {
    const entry = tasks.get(id)
    if (entry === undefined) throw new WorkbenchError('CALL_INVALID', `There is no task “${id}”; it may belong to an earlier start of the workbench.`)
    return entry
  }

  return {
    start(kind: Task['kind'], title: string, work: Work): Task {
      const controller = new AbortController()
      const task: Task = { id: newId(), kind, title, state: 'running', progress: null, result: null, error: null, startedAt: new Date().toISOString() }
      let told = 0
      const tell = () => { told = Date.now(); emit({ type: 'task', task: { ...task } }) }
      const onProgress = (progress: Progress) => {
        if (task.state !== 'running') return
        task.progress = progress
        if (Date.now() - told >= interval) tell()
      }
      const run = async () => {
        try {
          task.result = await work(controller.signal, onProgress)
          task.state = 'done'
        } catch (thrown) {
          const cancelled = controller.signal.aborted
          if (!cancelled && !(thrown instanceof WorkbenchError)) log(`The task “${title}” failed.`, thrown)
          task.state = cancelled ? 'cancelled' : 'failed'
          task.error = cancelled ? null : toErrorInfo(thrown)
        }
        task.progress = null
        tell()
      }
      for (const [id, entry] of tasks) if (tasks.size >= kept && entry.task.state !== 'running') tasks.delete(id)
      const over = Promise.resolve().then(run)
      tasks.set(task.id, { task, controller, over })
      tell()
      return { ...task }
    },
    list: (): Task[] => [...tasks.values()].map(({ task }) => ({ ...task })),
    get: (id: string): Task => ({ ...get(id).task }),
    cancel(id: string): Task {
      const { task, controller } = get(id)
      if (task.state === 'running') controller.abort(new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.'))
      return { ...task }
    },
    async close(): Promise<void> {
      const running = [...tasks.values()].filter(({ task }) => task.state === 'running')
      running.forEach(({ controller }) => controller.abort(new WorkbenchError('CANCELLED', 'The workbench is closing.')))
      await Promise.race([Promise.all(running.map(({ over }) => over)), new Promise((resolve) => setTimeout(resolve, 5000).unref())])
    },
  }
}
export type Tasks = ReturnType<typeof createTasks>
