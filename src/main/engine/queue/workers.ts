import type { ChildProcess } from 'node:child_process'
import type { FromWorker, ToWorker } from '../jobs/messages.ts'
import type { Job } from '../jobs/registry.ts'
import type { Log } from '../log.ts'
import { forkPinned } from '../children.ts'

export interface Worker {
  send(message: ToWorker): void
  kill(): void
  /** Resolves when the process is gone and all of its messages were delivered; says how it ended. */
  readonly ended: Promise<string>
}

/** Starts a process for one job. */
export function startWorker(script: string, job: Job, threads: number, onMessage: (message: FromWorker) => void, log: Log): Worker {
  const child = forkPinned(script, threads)
  const output = recordOutput(child)
  let exit: string | null = null
  let connected = true
  const ended = new Promise<string>((resolve) => {
    const settle = () => {
      if (exit === null || connected) return
      if (output().length > 0) log(`Worker ${child.pid} (${job.kind}) ended with ${exit}; it said:\n${output()}`)
      resolve(exit)
    }
    child.on('exit', (code, signal) => {
      exit = signal ?? `exit code ${code}`
      settle()
    })
    child.on('disconnect', () => {
      connected = false
      settle()
    })
    child.on('error', (error) => {
      log('A worker cannot be reached.', error)
      // Without a process there is neither an exit nor a channel.
      if (child.pid === undefined) {
        exit = error.message
        connected = false
        settle()
      }
    })
  })
  child.on('message', (message) => onMessage(message as FromWorker))
  const send = (message: ToWorker) => {
    if (child.connected)
      child.send(message, (error) => {
        if (error) log('A message to a worker was lost.', error)
      })
  }
  send({ type: 'job', job })
  return { send, kill: () => void child.kill('SIGKILL'), ended }
}

/** Keeps the end of what a worker writes, for the log. */
function recordOutput(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-8192)
    })
  }
  return () => text.trim()
}
