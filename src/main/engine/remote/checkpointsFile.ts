import { createHash, randomBytes } from 'node:crypto'
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { WorkbenchError } from '../../../shared/errors.ts'
import { checkpointPosition } from '../checkpoint/checkpoint.ts'
import { syncFolder, writeAll } from '../files/durable.ts'
import { frameAt, frameOf } from './frames.ts'

/** All checkpoints of a run as one file: a frame that lists them with their sizes and checksums, then their bytes, one behind the other. */
const headSchema = z.object({
  format: z.literal(1),
  run: z.string(),
  /** The last message of the run's journal that was durable by then; null where it said nothing yet. */
  after: z.object({ lease: z.string(), number: z.int() }).nullable().default(null),
  /** That the last of them is of; null where there is none to go on from. */
  step: z.int().nullable().default(null),
  files: z.array(
    z.object({
      name: z.string().regex(/^[a-z0-9-]{1,60}\.safetensors$/),
      bytes: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
})
/** A message of a journal: who said it, and the how manieth of theirs it is. */
export type Message = NonNullable<z.infer<typeof headSchema>['after']>
const chunkBytes = 4 * 2 ** 20
/** The list is far shorter. */
const mostHead = 2 ** 20

const isCheckpoint = (name: string): boolean => /^[a-z0-9-]{1,60}\.safetensors$/.test(name)
// `last` says where to go on, and what came before it must be there: it is opened first, so that others are of then or later.
const order = (a: string, b: string): number => Number(b.startsWith('last')) - Number(a.startsWith('last')) || (a < b ? -1 : 1)

function checkpointNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter(isCheckpoint).sort(order)
  } catch {
    return []
  }
}

/** What tells one state of a run's checkpoints from another, without reading them; empty where there are none. */
export function stampOf(runFolder: string): string {
  const folder = join(runFolder, 'checkpoints')
  return checkpointNames(folder)
    .map((name) => {
      const found = statSync(join(folder, name), { throwIfNoEntry: false })
      return found === undefined ? '' : `${name} ${found.size} ${found.mtimeMs}`
    })
    .join('\n')
}

function* chunksOf(descriptor: number, bytes: number, from = 0): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, bytes)))
  for (let done = 0; done < bytes;) {
    const got = readSync(descriptor, buffer, 0, Math.min(buffer.length, bytes - done), from + done)
    if (got === 0) throw new Error('it ended early')
    done += got
    yield buffer.subarray(0, got)
  }
}

function hashOf(descriptor: number, bytes: number): string {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(descriptor, bytes)) hash.update(chunk)
  return hash.digest('hex')
}

/** Removes what others that are gone, or do not train the run any more, have left half written. */
export function removePartial(file: string): void {
  const beginning = `${basename(file)}.`
  for (const name of readdirSync(dirname(file)))
    if (name.startsWith(beginning) && name.endsWith('.partial')) rmSync(join(dirname(file), name), { force: true })
}

/**
 * Writes a run's checkpoints as one file, by a temporary name of its own: whoever reads it finds the one of before or this one. They
 * may be replaced meanwhile. What the system throws is thrown on, and the file is as it was.
 * @param after what the journal had said by then
 * @param requireOurs throws where somebody else has the run by now: what they have written is not replaced
 * @returns whether there was anything to write
 */
export function writeCheckpoints(
  file: string,
  run: string,
  runFolder: string,
  after: Message | null = null,
  requireOurs: () => void = () => {},
): boolean {
  const folder = join(runFolder, 'checkpoints')
  const opened: { name: string; descriptor: number; bytes: number }[] = []
  const temporary = `${file}.${randomBytes(6).toString('hex')}.partial`
  try {
    for (const name of checkpointNames(folder)) {
      const descriptor = openSync(join(folder, name), 'r')
      opened.push({ name, descriptor, bytes: fstatSync(descriptor).size })
    }
    if (opened.length === 0) return false
    const last = opened.find(({ name }) => name === 'last.safetensors')
    const step = last === undefined ? null : (checkpointPosition(`/dev/fd/${last.descriptor}`)?.step ?? null)
    const files = opened.map(({ name, descriptor, bytes }) => ({ name, bytes, sha256: hashOf(descriptor, bytes) }))
    const out = openSync(temporary, 'w', 0o600)
    try {
      writeAll(out, frameOf({ format: 1, run, after, step, files }))
      for (const { descriptor, bytes } of opened) for (const chunk of chunksOf(descriptor, bytes)) writeAll(out, chunk)
      fsyncSync(out)
    } finally {
      closeSync(out)
    }
    requireOurs()
    renameSync(temporary, file)
    syncFolder(dirname(file))
    return true
  } catch (thrown) {
    rmSync(temporary, { force: true })
    throw thrown
  } finally {
    for (const { descriptor } of opened) closeSync(descriptor)
  }
}

const damaged = (file: string, why: string, cause?: unknown): WorkbenchError =>
  new WorkbenchError(
    'CHECKPOINT_DAMAGED',
    `${file} does not hold the whole checkpoints of its run (${why}); copy it again, and collect again.`,
    { cause },
  )

/** Opens such a file and reads its list. @throws WorkbenchError CHECKPOINT_DAMAGED; what the system throws, ENOENT among that */
function openList(file: string, run: string): { descriptor: number; list: z.infer<typeof headSchema>; end: number } {
  const descriptor = openSync(file, 'r')
  try {
    const beginning = Buffer.alloc(Math.min(fstatSync(descriptor).size, mostHead))
    readSync(descriptor, beginning, 0, beginning.length, 0)
    const frame = frameAt(beginning, 0)
    const list = frame === null || frame === 'torn' ? null : headSchema.safeParse(frame.value)
    if (!list?.success) throw damaged(file, 'its list cannot be read')
    if (list.data.run !== run) throw damaged(file, `they are those of the run ${list.data.run}`)
    return { descriptor, list: list.data, end: (frame as { end: number }).end }
  } catch (thrown) {
    closeSync(descriptor)
    throw thrown
  }
}

/** The step that such a file's last weights are of; null where that is not known, -1 where there are none that can be read. */
export function stepOf(file: string, run: string): number | null {
  try {
    const { descriptor, list } = openList(file, run)
    closeSync(descriptor)
    return list.step
  } catch {
    return -1
  }
}

/**
 * Takes the checkpoints out of such a file into a folder, where they are as they were written, and not yet durable.
 * @param ending behind their names until somebody has looked at them
 * @param knows whether the journal holds a message; where it lost what was said before them, they are of no use
 * @returns their names; null where there is no such file
 * @throws WorkbenchError CHECKPOINT_DAMAGED; what the system throws
 */
export function readCheckpoints(
  file: string,
  run: string,
  folder: string,
  { ending = '', knows = () => true }: { ending?: string; knows?: (message: Message, step: number) => boolean } = {},
): string[] | null {
  let opened: ReturnType<typeof openList>
  try {
    opened = openList(file, run)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw thrown
  }
  const { descriptor, list, end } = opened
  try {
    const { size } = fstatSync(descriptor)
    const { after, step } = list
    if (after !== null && !knows(after, step ?? 0)) throw damaged(file, 'its journal has lost what was said before them')
    let at = end
    const wanted = list.files.reduce((sum, { bytes }) => sum + bytes, at)
    if (size !== wanted) throw damaged(file, `it has ${size} bytes instead of ${wanted}`)
    mkdirSync(folder, { recursive: true })
    for (const { name, bytes, sha256 } of list.files) {
      const out = openSync(join(folder, name + ending), 'w', 0o600),
        hash = createHash('sha256')
      try {
        for (const chunk of chunksOf(descriptor, bytes, at)) {
          hash.update(chunk)
          writeAll(out, chunk)
        }
      } finally {
        closeSync(out)
      }
      if (hash.digest('hex') !== sha256) throw damaged(file, `the checksum of ${name} is wrong`)
      at += bytes
    }
    return list.files.map(({ name }) => name)
  } finally {
    closeSync(descriptor)
  }
}
