import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { Embedding } from '../../../shared/embeddings.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { replacePrivately } from '../files/durable.ts'
import { npyHeader } from '../files/npy.ts'
import { codesName, type CodesFile } from './codesFile.ts'

/**
 * Codes that are kept: `codes.npy`, and beside it what that has to come to, so that rot on a disk is noticed where codes are used and by
 * `doctor --check`. Those of earlier versions have none.
 */
const sumName = 'checksums.json'
export const keptNames: readonly string[] = [codesName, sumName]

/** `crc32`: of the values; the header follows from their number and size. */
const schema = z.object({ version: z.literal(1), count: z.int().min(0), codeSize: z.int().min(0), crc32: z.int().min(0) })
type Sum = z.infer<typeof schema>

/** Writes what a finished file of codes has to come to, beside it. */
export const writeSum = (folder: string, { count, size, checksum }: Pick<CodesFile, 'count' | 'size' | 'checksum'>): void =>
  replacePrivately(join(folder, sumName), JSON.stringify({ version: 1, count, codeSize: size, crc32: checksum } satisfies Sum))

/** Null where there is none. @throws Error that says what is wrong with it */
function readSum(folder: string): Sum | null {
  let text: string
  try {
    text = readFileSync(join(folder, sumName), 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new Error(`${sumName} cannot be read`, { cause: thrown })
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${sumName} is damaged`, { cause })
  }
}

/** How many codes there are, and the size of one. */
type Facts = Pick<Embedding, 'count' | 'codeSize'>

const chunkBytes = 2 ** 22

/**
 * Reads kept codes through to their end and compares them with their checksum.
 * @param known how many there are and of what size, where somebody knows
 * @param onBytes is called with what was read; where it returns a promise, that is waited for
 * @returns whether there is a checksum
 * @throws Error that says what is wrong; what `onBytes` throws
 */
async function check(folder: string, known: Facts | null, onBytes: (bytes: Uint8Array) => unknown): Promise<boolean> {
  const sum = readSum(folder),
    facts = known ?? sum
  const isOf = (other: Facts | null) =>
    other === null || sum === null || (sum.count === other.count && sum.codeSize === other.codeSize)
  if (!isOf(known)) throw new Error(`${sumName} is of other codes`)
  let file: number
  try {
    file = openSync(join(folder, codesName), 'r')
  } catch (cause) {
    throw new Error(`${codesName} is missing or cannot be read`, { cause })
  }
  try {
    if (facts === null) return false
    const header = npyHeader('<f4', [facts.count, facts.codeSize]),
      found = Buffer.alloc(header.length)
    readSync(file, found, 0, found.length, 0)
    if (!found.equals(header)) throw new Error(`the header of ${codesName} is not as it was written`)
    const bytes = facts.count * facts.codeSize * 4
    if (fstatSync(file).size !== header.length + bytes) throw new Error(`${codesName} has another length than was written`)
    const chunk = Buffer.allocUnsafeSlow(Math.max(1, Math.min(chunkBytes, bytes)))
    let seen = 0
    for (let at = 0; at < bytes;) {
      const got = readSync(file, chunk, 0, Math.min(chunk.length, bytes - at), header.length + at)
      if (got === 0) throw new Error(`${codesName} ends early`)
      seen = crc32(chunk.subarray(0, got), seen)
      await onBytes(chunk.subarray(0, got))
      at += got
    }
    if (sum !== null && seen !== sum.crc32) throw new Error(`the checksum of ${codesName} is wrong`)
    return sum !== null
  } finally {
    closeSync(file)
  }
}

/** Whether kept codes are what was written: null, or what is wrong with them. `summed`: whether there is a checksum to tell. */
export async function checkKept(
  folder: string,
  known: Facts | null,
  signal?: AbortSignal,
): Promise<{ problem: string | null; summed: boolean }> {
  try {
    const summed = await check(folder, known, async () => {
      signal?.throwIfAborted()
      await setImmediate()
    })
    return { problem: null, summed }
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    return { problem: (thrown as Error).message, summed: true }
  }
}

/**
 * Kept codes [count, codeSize], as they were written.
 * @param again what to do where they are not; a sentence
 * @throws WorkbenchError FILE_DAMAGED
 */
export async function readKept(folder: string, codeSize: number, count: number, again: string): Promise<Float32Array> {
  const codes = new Float32Array(count * codeSize),
    into = new Uint8Array(codes.buffer)
  let at = 0
  try {
    await check(folder, { count, codeSize }, (bytes) => {
      into.set(bytes, at)
      at += bytes.length
    })
  } catch (cause) {
    throw new WorkbenchError('FILE_DAMAGED', `The codes in ${folder} are damaged: ${(cause as Error).message}. ${again}`, { cause })
  }
  return codes
}

const quoted = (word: string): string => (/^[\w.,:/@+-]+$/.test(word) ? word : `"${word.replace(/(["\\$`])/g, '\\$1')}"`)

type Origin = Pick<Embedding, 'id' | 'run' | 'model' | 'dataset' | 'datasetId'>

/** How codes are made again, and the damaged ones removed: a sentence with the commands. */
export function remedyOf({ id, run, model, dataset, datasetId }: Origin): string {
  const encoder = run ?? model,
    remove = `aebench embeddings remove ${id}`
  if (encoder === null) return `The run that gave them is gone, so they cannot be made again; “${remove}” removes them.`
  const embed = `aebench embed ${quoted(encoder)} --dataset ${quoted(dataset ?? datasetId ?? '')}`
  return `Embed again: “${embed}”; “${remove}” removes the damaged ones.`
}
