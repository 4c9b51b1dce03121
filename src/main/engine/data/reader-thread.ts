import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { damagedFile, unsupportedFile } from './byte-stream.ts'

/** Libraries that may run for ever, or out of memory, on a file that lies: each file is read in a thread of its own, which can be ended. */

/** How long a library may be silent: its largest pieces take a few seconds. */
const usualPatience = 60_000

export interface ThreadOptions {
  /** For sentences. */
  library: string
  /** Of the thread's heap; what lies outside it the reader bounds itself. */
  megabytes?: number
  /** Milliseconds that an answer may take. */
  patience?: number
  signal?: AbortSignal | undefined
}

export interface ReaderThread<Question, Answer> {
  /** One question after the other. @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED; the signal's reason */
  ask(question: Question): Promise<Answer>
  close(): Promise<void>
}

/** Starts the thread of `module`, which answers each message by one, on a file that is its `workerData`. */
export function openReaderThread<Question, Answer>(
  file: string,
  module: URL,
  { library, megabytes = 256, patience = usualPatience, signal }: ThreadOptions,
): ReaderThread<Question, Answer> {
  signal?.throwIfAborted()
  const worker = new Worker(module, {
    workerData: { file },
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
    execArgv: ['--no-warnings'],
    stdout: true,
    stderr: true,
  })
  let tooLong = false
  const failure = once(worker, 'exit').then(
    () => {
      throw damagedFile(
        file,
        tooLong ? `${library} comes to no end with it in ${patience / 1000} seconds` : `its structure makes no sense to ${library}`,
      )
    },
    (cause: unknown) => {
      if ((cause as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY') {
        throw unsupportedFile(
          file,
          `takes more than ${megabytes} MB of memory to read: it is damaged, or in pieces that are too large. ` +
            'Get the file again, or save it in smaller pieces.',
        )
      }
      throw damagedFile(file, `${library} cannot open it (${reason(cause)})`, cause)
    },
  )
  failure.catch(() => {})
  const stop = () => {
    void worker.terminate()
  }
  signal?.addEventListener('abort', stop, { once: true })
  return {
    async ask(question) {
      // A thread that fails does so for whoever waits for a message, too, but with an error that is not for users.
      const answered = once(worker, 'message').catch(() => failure)
      answered.catch(() => {})
      worker.postMessage(question, [])
      const timer = setTimeout(() => {
        tooLong = true
        stop()
      }, patience)
      try {
        const [answer] = (await Promise.race([answered, failure])) as [Answer]
        return answer
      } finally {
        clearTimeout(timer)
        signal?.throwIfAborted()
      }
    },
    async close() {
      signal?.removeEventListener('abort', stop)
      await worker.terminate()
    },
  }
}

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!
