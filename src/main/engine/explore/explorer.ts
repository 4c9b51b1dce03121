import type { ChildProcess } from 'node:child_process'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Result } from '../../../shared/answers.ts'
import type { Log } from '../log.ts'
import { forkPinned } from '../children.ts'
import type { Asked, FromExplorer, ToExplorer } from './messages.ts'

export interface ExplorerOptions {
  /** Script of the processes. */
  script: string
  threads: number
  log: Log
  /** Processes at once; each keeps its networks, so that two can be looked into side by side. */
  processes?: number
  /** A process that is asked nothing for so long ends, in milliseconds. */
  idleAfter?: number
  /** A process that has grown beyond so many bytes ends once it has answered. */
  mostBytes?: number
  /** What is cancelled and goes on for so long nevertheless takes its process with it, in milliseconds. */
  grace?: number
}

interface Waiting {
  resolve(result: Result): void
  reject(error: WorkbenchError): void
  onProgress(share: number): void
  signal: AbortSignal
  onAbort(): void
}
interface Slot {
  child: ChildProcess
  waiting: Map<number, Waiting>
  runs: Set<string>
  used: number
  idle: NodeJS.Timeout | null
  output: string
}

export interface Explorer {
  /** Errors: what the question's answer throws, CANCELLED with the signal's reason, EXPLORER_LOST where the process dies. */
  ask(asked: Asked, options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<Result>
  /** Processes that are alive. */
  readonly alive: number
  close(): void
}

/**
 * Processes that look into trained networks, started when the first question comes. One that dies costs the questions it was
 * asked, and nothing else.
 */
export function createExplorer({
  script,
  threads,
  log,
  processes = 2,
  idleAfter = 60_000,
  mostBytes = 2 * 2 ** 30,
  grace = 5000,
}: ExplorerOptions): Explorer {
  const slots = new Set<Slot>()
  let nextId = 0
  /** Counts questions: two within a millisecond have an order, too. */
  let uses = 0
  let closed = false

  const end = (slot: Slot): void => {
    slots.delete(slot)
    if (slot.idle !== null) clearTimeout(slot.idle)
    slot.child.kill('SIGKILL')
  }

  const settle = (slot: Slot, id: number): Waiting | undefined => {
    const waiting = slot.waiting.get(id)
    slot.waiting.delete(id)
    waiting?.signal.removeEventListener('abort', waiting.onAbort)
    if (slot.waiting.size === 0 && slots.has(slot)) {
      slot.idle = setTimeout(() => end(slot), idleAfter)
      slot.idle.unref()
    }
    return waiting
  }

  const start = (): Slot => {
    const child = forkPinned(script, threads)
    const slot: Slot = { child, waiting: new Map(), runs: new Set(), used: 0, idle: null, output: '' }
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        slot.output = (slot.output + chunk).slice(-8192)
      })
    let gone = false
    const lost = (how: string) => {
      if (gone) return
      gone = true
      const expected = !slots.has(slot)
      slots.delete(slot)
      if (!expected || slot.waiting.size > 0)
        log(`The explorer ${child.pid} ended with ${how}${slot.output.trim() === '' ? '.' : `; it said:\n${slot.output.trim()}`}`)
      for (const id of [...slot.waiting.keys()]) {
        settle(slot, id)!.reject(
          new WorkbenchError(
            'EXPLORER_LOST',
            `The process that computes this ended unexpectedly (${how}); ask again, for less if it happens again.`,
          ),
        )
      }
    }
    child.on('message', (message: FromExplorer) => {
      if (message.type === 'progress') return slot.waiting.get(message.id)?.onProgress(message.share)
      const waiting = settle(slot, message.id)
      if (slot.output !== '') log(`The explorer ${child.pid} said:\n${slot.output.trim()}`)
      slot.output = ''
      if (message.type === 'answer') waiting?.resolve(message.result)
      else waiting?.reject(WorkbenchError.from(message.error))
      if (message.rss > mostBytes && slot.waiting.size === 0) end(slot)
    })
    child.on('exit', (code, signal) => lost(signal ?? `exit code ${code}`))
    child.on('error', (error) => lost(error.message))
    slots.add(slot)
    return slot
  }

  /** The process that knows the run; else a new one; else the one that has least to do, the least recently used among equals. */
  const slotFor = (runFolder: string): Slot => {
    const all = [...slots]
    const knowing = all.find((slot) => slot.runs.has(runFolder))
    if (knowing) return knowing
    if (all.length < processes) return start()
    return all.sort((a, b) => a.waiting.size - b.waiting.size || a.used - b.used)[0]!
  }

  return {
    get alive() {
      return slots.size
    },
    ask(asked, { signal, onProgress }) {
      return new Promise<Result>((resolve, reject) => {
        if (closed) return reject(new WorkbenchError('CANCELLED', 'The workbench is closing.'))
        if (signal.aborted) return reject(signal.reason as WorkbenchError)
        const slot = slotFor(asked.target.runFolder)
        const id = nextId++
        const onAbort = () => {
          reject(signal.reason as WorkbenchError)
          if (slot.child.connected) slot.child.send({ type: 'cancel', id } satisfies ToExplorer, () => {})
          setTimeout(() => {
            if (slot.waiting.has(id)) slot.child.kill('SIGKILL')
          }, grace).unref()
        }
        for (const other of slots) if (other !== slot) other.runs.delete(asked.target.runFolder)
        slot.runs.add(asked.target.runFolder)
        slot.used = ++uses
        if (slot.idle !== null) clearTimeout(slot.idle)
        slot.idle = null
        slot.waiting.set(id, { resolve, reject, onProgress, signal, onAbort })
        signal.addEventListener('abort', onAbort, { once: true })
        slot.child.send({ type: 'ask', id, asked } satisfies ToExplorer, (error) => {
          if (error) log('A question could not be asked.', error)
        })
      })
    },
    close() {
      closed = true
      for (const slot of [...slots]) {
        const ids = [...slot.waiting.keys()]
        end(slot)
        for (const id of ids) settle(slot, id)?.reject(new WorkbenchError('CANCELLED', 'The workbench is closing.'))
      }
    },
  }
}
