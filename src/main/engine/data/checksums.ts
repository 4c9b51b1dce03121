import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { parseJson } from '../../../shared/json.ts'
import { manifestLimits } from '../../../shared/limits.ts'
import { files } from './index-file.ts'

/** So many datasets are remembered as sound. */
const mostKnown = 50

/**
 * What the files of a dataset have to come to: CRC-32 of every block of the packed rows, and of each other file whole. Rot on a
 * disk is noticed where it is read, and only what is read has to be looked at.
 */
const schema = z.object({
  version: z.literal(1),
  /** Bytes of a block of `pixels.bin`; the last one may be shorter. */
  block: z.int().min(1),
  blocks: z.array(z.int().min(0)),
  files: z.record(z.string(), z.int().min(0)),
})
export type Checksums = z.infer<typeof schema>

/** Small enough for one thumbnail, large enough that 600 MB have a few thousand. */
const blockBytes = 2 ** 18

/** Takes checksums of the packed rows as they are read through. */
export class BlockSums {
  readonly #sums: number[] = []
  #filled = 0
  #sum = 0

  /** @param bytes what follows on what came before */
  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + blockBytes - this.#filled)
      this.#sum = crc32(part, this.#sum)
      this.#filled += part.length
      at += part.length
      if (this.#filled === blockBytes) this.#end()
    }
  }

  finish(): number[] {
    if (this.#filled > 0) this.#end()
    return this.#sums
  }

  #end(): void {
    this.#sums.push(this.#sum)
    this.#sum = 0
    this.#filled = 0
  }
}

/** The text of `checksums.json`. @param others names and contents of the other files */
export const checksumsText = (blocks: readonly number[], others: Readonly<Record<string, Uint8Array>>): string =>
  JSON.stringify({
    version: 1,
    block: blockBytes,
    blocks,
    files: Object.fromEntries(Object.entries(others).map(([name, content]) => [name, crc32(content)])),
  })

/**
 * Reads a dataset's checksums; null where it has none, as datasets of earlier versions.
 * @throws Error that says what is wrong with them
 */
export function readChecksums(folder: string): Checksums | null {
  let text: string
  try {
    if (statSync(join(folder, files.checksums)).size > manifestLimits.bytes) throw new Error('it is larger than it can be')
    text = readFileSync(join(folder, files.checksums), 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Error(`${files.checksums} cannot be read`, { cause: thrown })
  }
  const found = schema.safeParse(parsed(text))
  if (!found.success) throw new Error(`${files.checksums} is damaged`)
  return found.data
}

const parsed = (text: string): unknown => {
  try {
    return parseJson(text, manifestLimits)
  } catch {
    return null
  }
}

/** Whether a file's content is what it was when it was written. */
export const isSound = (checksums: Checksums | null, name: string, content: Uint8Array): boolean =>
  checksums === null || checksums.files[name] === undefined || checksums.files[name] === crc32(content)

/** Files of which parts are read, that were found sound already. */
const whole = new Map<string, string>()

/** The same of a file of which only parts are read: it is read once while the process lives, and again where it was replaced. */
export function isFileSound(folder: string, name: string, checksums: Checksums | null): boolean {
  if (checksums?.files[name] === undefined) return true
  const path = join(folder, name),
    { size, mtimeMs, ino } = statSync(path),
    stamp = `${size} ${mtimeMs} ${ino}`
  if (whole.get(path) === stamp) return true
  if (!isSound(checksums, name, readFileSync(path))) return false
  whole.set(path, stamp)
  if (whole.size > mostKnown) whole.delete(whole.keys().next().value!)
  return true
}

/** Blocks of files that were found sound already, by folder; a file that was replaced is looked at anew. */
const known = new Map<string, { stamp: string; sound: Uint8Array }>()

/**
 * Looks at blocks of the packed rows before they are used, each once while the process lives.
 * @returns what is to be called with a range of bytes before it is read; it gives the first unsound block's number, or -1
 */
export function blockCheck(folder: string, descriptor: number, checksums: Checksums): (start: number, end: number) => number {
  const { size, mtimeMs, ino } = fstatSync(descriptor)
  const stamp = `${size} ${mtimeMs} ${ino}`
  let entry = known.get(folder)
  if (entry?.stamp !== stamp || entry.sound.length !== checksums.blocks.length)
    entry = { stamp, sound: new Uint8Array(checksums.blocks.length) }
  known.delete(folder)
  known.set(folder, entry)
  if (known.size > mostKnown) known.delete(known.keys().next().value!)
  const { sound } = entry
  const scratch = Buffer.allocUnsafeSlow(Math.min(checksums.block, Math.max(1, size)))
  return (start, end) => {
    for (let block = Math.floor(start / checksums.block); block * checksums.block < end; block++) {
      if (sound[block]) continue
      let filled = 0
      for (let got = 1; got > 0 && filled < scratch.length; filled += got) {
        got = readSync(descriptor, scratch, filled, scratch.length - filled, block * checksums.block + filled)
      }
      if (crc32(scratch.subarray(0, filled)) !== checksums.blocks[block]) return block
      sound[block] = 1
    }
    return -1
  }
}

/** The first block of rows in memory that is not what it was; -1 where all are. */
export function unsoundBlock(rows: Uint8Array, { block, blocks }: Checksums): number {
  if (blocks.length !== Math.ceil(rows.length / block)) return blocks.length
  return blocks.findIndex((sum, index) => crc32(rows.subarray(index * block, (index + 1) * block)) !== sum)
}

/** Everything that is wrong with the files of a dataset that has checksums, one sentence part each. Asks `signal` between blocks. */
export async function checkFiles(folder: string, checksums: Checksums, signal?: AbortSignal): Promise<string[]> {
  const wrong: string[] = []
  for (const name of Object.keys(checksums.files)) {
    try {
      if (!isSound(checksums, name, readFileSync(join(folder, name)))) wrong.push(`the checksum of ${name} is wrong`)
    } catch {
      wrong.push(`${name} is missing or cannot be read`)
    }
  }
  try {
    const bytes = statSync(join(folder, files.pixels)).size,
      descriptor = openSync(join(folder, files.pixels), 'r')
    try {
      if (Math.ceil(bytes / checksums.block) !== checksums.blocks.length) wrong.push(`${files.pixels} has another length`)
      known.delete(folder)
      const check = blockCheck(folder, descriptor, checksums)
      for (const block of checksums.blocks.keys()) {
        signal?.throwIfAborted()
        if (check(block * checksums.block, block * checksums.block + 1) >= 0)
          wrong.push(`the checksum of block ${block} of ${files.pixels} is wrong`)
        if (block % 64 === 0)
          await new Promise((resolve) => {
            setImmediate(resolve)
          })
      }
    } finally {
      closeSync(descriptor)
    }
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    wrong.push(`${files.pixels} is missing or cannot be read`)
  }
  return wrong
}
