import { thousands } from '../../../shared/words.ts'
import type { EngineEvent } from '../../../shared/events.ts'
import type { Progress, Task } from '../../../shared/domain.ts'
import { WorkbenchError, toErrorInfo } from '../../../shared/errors.ts'
import type { Log } from '../log.ts'
import type { Space } from '../space/space.ts'
import { newId } from '../store/ids.ts'

/** Progress is told to the windows this often at most, in milliseconds. */
const interval = 200
const kept = 100
/** So many wait at most: more than that is nobody's work. */
const mostWaiting = 1000

/**
 * Stores what a task came to. On a full disk, where that took minutes or hours, it is not lost: the task waits for space.
 * Errors: what `work` throws, CANCELLED where it is cancelled while it waits.
 */
export type Keep = <T>(work: () => T) => Promise<T>
/** Carries out something long; resolves to the id of what it made. Throws soon after the signal aborts. */
export type Work = (signal: AbortSignal, onProgress: (progress: Progress) => void, keep: Keep) => Promise<string>

interface Entry {
  task: Task
  short: boolean
  controller: AbortController
  over: Promise<void>
  begin(): void
  tell(): void
}

/** Progress of work of which no part can be told yet. */
export const standing = (stage: string): Progress => ({
  done: 0,
  total: 0,
  unit: 'per cent',
  perSecond: null,
  secondsLeft: null,
  stage,
})
const inTurn = (before: number): string =>
  before === 0 ? 'Waiting for its turn' : `Waiting for its turn, ${before} ${before === 1 ? 'task comes' : 'tasks come'} first`

/**
 * Imports, exports, evaluations: long work beside the runs, with progress and cancelling; so many at once as the settings say,
 * the others wait in the order in which they came. A short one, which somebody sits and waits for, has one place more, so that
 * it waits for short ones only. They live as long as the engine does.
 * @param most how many at once
 */
export function createTasks(
  emit: (event: EngineEvent) => void,
  log: Log,
  space: Pick<Space, 'room' | 'met' | 'lack'>,
  most: () => number,
) {
  const tasks = new Map<string, Entry>()
  let closed = false

  const get = (id: string): Entry => {
    const entry = tasks.get(id)
    if (entry === undefined)
      throw new WorkbenchError('CALL_INVALID', `There is no task “${id}”; it may belong to an earlier start of the workbench.`)
    return entry
  }
  const underWay = (): Entry[] => [...tasks.values()].filter(({ task }) => task.state === 'running')
  const waiting = (): Entry[] => underWay().filter(({ task }) => task.waits)

  /** Begins what has a place, and tells the others how many come first. */
  const fill = (): void => {
    for (const entry of waiting()) {
      const running = underWay().filter(({ task }) => !task.waits)
      const long = running.filter(({ short }) => !short).length
      if (running.length <= most() && (entry.short || long < most())) entry.begin()
    }
    for (const [place, { task, tell }] of waiting().entries()) {
      const stage = inTurn(place)
      if (task.progress?.stage === stage) continue
      task.progress = standing(stage)
      tell()
    }
  }

  return {
    /** @param short it takes seconds, and somebody waits for it. Error: CALL_INVALID where very many wait already */
    start(kind: Task['kind'], title: string, work: Work, { short = false }: { short?: boolean } = {}): Task {
      if (waiting().length >= mostWaiting) {
        throw new WorkbenchError(
          'CALL_INVALID',
          `${thousands(mostWaiting)} tasks wait already; cancel some, or wait until they are done.`,
        )
      }
      const controller = new AbortController()
      const task: Task = {
        id: newId(),
        kind,
        title,
        state: 'running',
        waits: true,
        progress: null,
        result: null,
        error: null,
        startedAt: new Date().toISOString(),
      }
      let lastReport = 0
      const tell = () => {
        lastReport = Date.now()
        emit({ type: 'task', task: { ...task } })
      }
      const onProgress = (progress: Progress) => {
        if (task.state !== 'running' || task.waits) return
        task.progress = progress
        if (Date.now() - lastReport >= interval) tell()
      }
      const keep: Keep = async (store) => {
        for (;;) {
          try {
            return store()
          } catch (thrown) {
            if (thrown instanceof WorkbenchError || !space.met(thrown)) throw thrown
            task.progress = standing('Waiting for space')
            tell()
            await space.room(`task ${task.id}`, controller.signal)
          }
        }
      }
      const { promise: turn, resolve: begin } = Promise.withResolvers<void>()
      const run = async () => {
        try {
          await turn
          controller.signal.throwIfAborted()
          task.result = await work(controller.signal, onProgress, keep)
          task.state = 'done'
        } catch (thrown) {
          const cancelled = controller.signal.aborted
          if (!cancelled && !(thrown instanceof WorkbenchError)) log(`The task “${title}” failed.`, thrown)
          task.state = cancelled ? 'cancelled' : 'failed'
          task.error = cancelled ? null : toErrorInfo(thrown)
        }
        task.progress = null
        task.waits = false
        tell()
        if (!closed) fill()
      }
      for (const [id, entry] of tasks) if (tasks.size >= kept && entry.task.state !== 'running') tasks.delete(id)
      const entry: Entry = {
        task,
        short,
        controller,
        over: Promise.resolve().then(run),
        tell,
        begin: () => {
          task.waits = false
          task.progress = null
          tell()
          begin()
        },
      }
      controller.signal.addEventListener('abort', () => begin(), { once: true })
      tasks.set(task.id, entry)
      fill()
      return { ...task }
    },
    list: (): Task[] => [...tasks.values()].map(({ task }) => ({ ...task })),
    get: (id: string): Task => ({ ...get(id).task }),
    cancel(id: string): Task {
      const { task, controller } = get(id)
      if (task.state === 'running') controller.abort(new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.'))
      return { ...task }
    },
    /** The limit may have changed. */
    fill,
    /** Ends everything for this reason, and waits for nothing. */
    abandon(reason: WorkbenchError): void {
      closed = true
      underWay().forEach(({ controller }) => controller.abort(reason))
    },
    async close(): Promise<void> {
      closed = true
      const going = underWay()
      going.forEach(({ controller }) => controller.abort(new WorkbenchError('CANCELLED', 'The workbench is closing.')))
      await Promise.race([Promise.all(going.map(({ over }) => over)), new Promise((resolve) => setTimeout(resolve, 5000).unref())])
    },
  }
}
export type Tasks = ReturnType<typeof createTasks>
