import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isDiskFull, whatIsFull, WorkbenchError } from '../../../shared/errors.ts'
import { quietLibraries } from '../../../shared/quietLibraries.ts'
import { endWithThisProcess } from '../children.ts'
import type { Batch, FromDecoder, Handling, ToDecoder } from './decoding.ts'
import type { Shape } from './pixels.ts'
import { nothingSeen, type Seen } from './values/seen.ts'

export type { Batch } from './decoding.ts'
/** `hashes`: of the rows, or of the images that patches were cut from. */
export interface BatchResult {
  batch: Batch
  hashes: Uint8Array
  skipped: { index: number; reason: string }[]
  seen: Seen
}

const decoder = fileURLToPath(new URL('./decoder.ts', import.meta.url))
const batchFiles = 256
const batchBytes = 2 ** 23
/** A decoder with TensorFlow and sharp loaded takes about 300 MB; together they may take half the machine's memory. */
const decoderBytes = 400 * 2 ** 20

const fewestFiles = 64
/** Nanoseconds of processor time: what it takes to start a decoder, to open a file, and to decode a pixel. */
const startCost = 150e6,
  fileCost = 25e3,
  pixelCost = 40

/**
 * How many files of a usual size are worth a further decoder, which then has as much to do as it costs to start it: thousands of digits, or
 * a few dozen photographs.
 */
export const filesPerDecoder = (usual: { width: number; height: number } | null): number =>
  usual === null ? fewestFiles : Math.max(fewestFiles, Math.floor(startCost / (fileCost + pixelCost * usual.width * usual.height)))

/** How many processes decode so many files: as many as there are cores, memory and work for; one at least. */
export function decoderCount(files: number, filesPerDecoder = fewestFiles): number {
  return Math.max(
    1,
    Math.min(availableParallelism(), Math.floor(totalmem() / 2 / decoderBytes), Math.ceil(files / filesPerDecoder)),
  )
}

/** Images `from` up to `to` of a batch. */
const part = ({ start, root, paths, places, bytes, cuts }: Batch, from: number, to: number): Batch => ({
  start: start + from,
  root,
  paths: paths.slice(from, to),
  ...(places ? { places: places.slice(from, to) } : {}),
  ...(bytes ? { bytes: bytes.slice(from, to) } : {}),
  ...(cuts ? { cuts: cuts.slice(from, to) } : {}),
})

const asTheyAre: Handling = { task: 'store', ranges: { bytes: null, wide: null } }

/** How many files make a batch: rows of a batch stay below 8 MB, and each decoder gets several. */
export function batchSize(files: number, decoders: number, rowBytes: number): number {
  return Math.max(1, Math.min(batchFiles, Math.floor(batchBytes / rowBytes), Math.ceil(files / decoders / 4)))
}

/**
 * Decodes batches in several processes, which write rows into `pixels` at their own places. `batches` is asked for the next
 * one only when a decoder has room (one batch in hand and one waiting, so that none is idle). A decoder that dies is
 * replaced and its batches are tried again in halves, until the file that kills it is found and skipped.
 * @throws WorkbenchError DISK_FULL and others from a decoder; the signal's reason
 */
export async function decodeAll(
  batches: Iterator<Batch> | AsyncIterator<Batch>,
  decoders: number,
  pixels: string | null,
  shape: Shape,
  {
    onImages,
    onResult,
    signal,
    handling = asTheyAre,
    program = decoder,
  }: {
    /** Images done since the last call; negative when work has to be done again. */
    onImages(images: number): void
    onResult(result: BatchResult): void
    signal?: AbortSignal | undefined
    /** What becomes of values; unless told, bytes stay as they are, and wide values are left out. */
    handling?: Handling
    program?: string
  },
): Promise<void> {
  const children = new Set<ChildProcess>()
  const again: Batch[] = []
  let nextId = 0,
    exhausted = false,
    stopped = false,
    endedEarly = 0
  const next = async (): Promise<Batch | null> => {
    const repeated = again.pop()
    if (repeated) return repeated
    if (exhausted) return null
    const { value, done } = (await batches.next()) as { value: Batch | undefined; done?: boolean }
    if (done || !value) exhausted = true
    return value && !done ? value : null
  }

  /** One decoder process at a time, started again as long as it dies with work left. */
  const keepBusy = async (): Promise<void> => {
    for (let alone = false; ;) {
      signal?.throwIfAborted()
      const first = stopped ? null : await next()
      if (!first) return
      const second = alone ? null : await next()
      signal?.throwIfAborted()
      if (stopped) return
      const waiting = new Map<number, Batch>()
      const child = fork(program, {
        serialization: 'advanced',
        execArgv: ['--no-warnings'],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        env: {
          ...process.env,
          ...quietLibraries,
          TF_CPP_MIN_LOG_LEVEL: '3',
          TF_NUM_INTRAOP_THREADS: '1',
          TF_NUM_INTEROP_THREADS: '1',
          TF_ENABLE_ONEDNN_OPTS: '0',
        },
      })
      endWithThisProcess(child)
      children.add(child)
      const give = (batch: Batch) => {
        waiting.set(nextId, batch)
        child.send({ type: 'batch', id: nextId++, ...batch } satisfies ToDecoder, () => {})
      }
      /** `ticked`: images of the batch in hand that were counted already. */
      let failure: unknown,
        ready = false,
        ticked = 0
      /** Asks for another batch in place of one that is done; the last one ends the child. */
      const refill = async () => {
        const more = alone || stopped ? null : await next()
        if (more && !child.connected) again.push(more)
        else if (more) give(more)
        else if (waiting.size === 0 && child.connected) child.disconnect()
      }
      let refilling = Promise.resolve()
      await new Promise<void>((resolve) => {
        child.on('message', (message: FromDecoder) => {
          if (message.type === 'ready') {
            ready = true
          } else if (message.type === 'failed') {
            failure = isDiskFull(message)
              ? new WorkbenchError('DISK_FULL', `${whatIsFull(message)}; free some space and import again.`)
              : new Error(`decoding failed: ${message.message}`)
            child.kill('SIGKILL')
          } else if (message.type === 'tick') {
            ticked += message.images
            onImages(message.images)
          } else {
            const batch = waiting.get(message.id)!
            waiting.delete(message.id)
            ticked = 0
            onImages(message.images)
            onResult({ batch, hashes: message.hashes, skipped: message.skipped, seen: message.seen })
            refilling = refilling.then(refill).catch((error: unknown) => {
              failure ??= error
              child.kill('SIGKILL')
            })
          }
        })
        // Messages may still come after `exit`, none after `disconnect`.
        let left = 2
        const ended = () => {
          if (--left === 0) resolve()
        }
        child.once('error', (error) => {
          failure ??= error
          resolve()
        })
        child.once('disconnect', ended)
        child.once('exit', (code, killed) => {
          // Ended from outside before it had begun, e.g. for want of memory: its work is given to another one, for some times.
          if (!ready && !(killed !== null && ++endedEarly <= 3)) {
            failure ??= new Error(`a decoder process could not start (${killed ?? `exit code ${code}`})`)
          }
          ended()
        })
        child.send({ type: 'open', pixels, shape, handling } satisfies ToDecoder, () => {})
        give(first)
        if (second) give(second)
      })
      await refilling
      children.delete(child)
      signal?.throwIfAborted()
      if (stopped) return
      if (failure) throw failure
      if (ticked > 0) onImages(-ticked)
      if (!ready) {
        again.push(...waiting.values())
        continue
      }
      // Died with work: the batch in hand is cut in half, the others are given again as they are.
      const [hand, ...rest] = waiting.values()
      again.push(...rest)
      alone = hand !== undefined
      if (!hand) continue
      if (hand.paths.length === 1) {
        onImages(1)
        onResult({
          batch: hand,
          hashes: new Uint8Array(0),
          skipped: [{ index: 0, reason: 'its decoder crashed on it' }],
          seen: nothingSeen(),
        })
        continue
      }
      const half = Math.ceil(hand.paths.length / 2)
      again.push(part(hand, half, hand.paths.length), part(hand, 0, half))
    }
  }

  const stop = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await Promise.all(Array.from({ length: decoders }, keepBusy))
  } finally {
    stopped = true
    signal?.removeEventListener('abort', stop)
    // Whoever still runs writes into a file that is about to go.
    const running = [...children].filter((child) => child.exitCode === null && child.signalCode === null)
    await Promise.all(
      running.map((child) => {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        return gone
      }),
    )
    await batches.return?.()
  }
}
