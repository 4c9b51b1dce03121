import { closeSync, constants, fstatSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { WorkbenchError } from '../../../shared/errors.ts'
import { isObject, parseJson } from '../../../shared/json.ts'
import { documentLimits } from '../../../shared/limits.ts'
import { readAll, syncFolder, writeAll } from '../files/durable.ts'
import { elementTypes, otherTypes } from './elementTypes.ts'

export interface NamedTensor {
  shape: number[]
  data: Float32Array
}
export interface TensorFile {
  tensors: Record<string, NamedTensor>
  metadata: Record<string, string>
}

/** In the metadata: what the rest of the file has to come to. Files of others, and those of earlier versions, have none. */
const checksumKey = 'checksum'

/** CRC-32 of everything that a file says: names and values of its metadata, names, shapes and values of its tensors. */
function checksumOf(metadata: Readonly<Record<string, string>>, tensors: Readonly<Record<string, NamedTensor>>): string {
  let sum = checksumOfHeader(
    metadata,
    Object.entries(tensors).map(([name, { shape }]) => [name, shape]),
  )
  for (const { data } of Object.values(tensors)) sum = crc32(bytesOf(data), sum)
  return checksumText(sum)
}

const checksumOfHeader = (metadata: Readonly<Record<string, string>>, tensors: readonly [string, readonly number[]][]): number =>
  crc32(
    JSON.stringify([
      Object.entries(metadata)
        .filter(([key]) => key !== checksumKey)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
      tensors,
    ]),
  )

const checksumText = (sum: number): string => `crc32:${sum.toString(16).padStart(8, '0')}`

const bytesOf = (data: Float32Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

/**
 * Writes float32 tensors as a safetensors file (8 bytes little-endian header length, JSON header padded with spaces to 8 bytes,
 * values), with a checksum of all of it in its metadata, whole or not at all: into a temporary file beside the target, synced,
 * then renamed over it.
 */
export function writeSafetensors(file: string, { tensors, metadata }: TensorFile): void {
  let offset = 0
  // Without a prototype: any name is only a name.
  const header = Object.create(null) as Record<string, unknown>
  header['__metadata__'] = { ...metadata, [checksumKey]: checksumOf(metadata, tensors) }
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (elements(shape) !== data.length) throw new Error(`${name} has ${data.length} values for the shape [${shape.join(', ')}]`)
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))

  const temporary = `${file}.${process.pid}.partial`
  try {
    const descriptor = openSync(temporary, 'w')
    try {
      writeAll(descriptor, length)
      writeAll(descriptor, padded)
      for (const { data } of Object.values(tensors)) writeAll(descriptor, bytesOf(data))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, file)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw cause
  }
  syncFolder(dirname(file))
}

/** What a safetensors file holds, without its values: metadata, and the shape of every tensor. Errors as of `readSafetensors`. */
export function readShapes(file: string): { metadata: Record<string, string>; shapes: Record<string, number[]> } {
  const { metadata, entries } = inFile(file, (descriptor) => readEntries(file, descriptor))
  return { metadata, shapes: Object.fromEntries(entries.map(({ name, shape }) => [name, shape])) }
}

/**
 * Reads a safetensors file of floating point tensors (all but float64, which is rounded, are float32 as they are), tensor by tensor: the
 * file may be larger than what can be read at once. Where it has a checksum, all of it is compared; what somebody converted is no longer
 * what that is of.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED; FILE_UNSUPPORTED for other element types
 */
export const readSafetensors = (file: string): TensorFile => inFile(file, (descriptor) => readTensors(file, descriptor))

function inFile<T>(file: string, read: (descriptor: number) => T): T {
  const descriptor = openFile(file)
  try {
    return read(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function openFile(file: string): number {
  let descriptor: number
  try {
    // Of a pipe nothing is waited for.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    throw unreadable(file, cause)
  }
  if (fstatSync(descriptor).isFile()) return descriptor
  closeSync(descriptor)
  throw unreadable(file, new Error('not a file'))
}

const unreadable = (file: string, cause: unknown): WorkbenchError =>
  new WorkbenchError('CHECKPOINT_MISSING', `${file} is missing or cannot be read; give the path of a safetensors file.`, { cause })

interface Entry {
  name: string
  shape: number[]
  dtype: unknown
  start: number
  end: number
}

function reader(file: string, descriptor: number) {
  const damaged = (why: string) =>
    new WorkbenchError(
      'CHECKPOINT_DAMAGED',
      `${file} is not a whole safetensors file (${why}); restore it from a copy or train again.`,
    )
  const { size } = fstatSync(descriptor)
  const read = (start: number, length: number): ArrayBuffer => {
    const bytes = emptyBytes(length)
    if (!readAll(descriptor, bytes, start)) throw damaged('it ends too early')
    return bytes.buffer
  }
  // What is asked for is never more than the file has; of a file with holes that is still more than there can be.
  const emptyBytes = (length: number): Uint8Array<ArrayBuffer> => {
    try {
      return new Uint8Array(length)
    } catch {
      throw damaged('it is larger than what can be held')
    }
  }
  return { size, damaged, read }
}

function readEntries(file: string, descriptor: number): { metadata: Record<string, string>; entries: Entry[] } {
  const { size, damaged, read } = reader(file, descriptor)
  if (size < 8) throw damaged('it is too short')
  const headerLength = Number(new DataView(read(0, 8)).getBigUint64(0, true))
  if (headerLength > size - 8 || headerLength > documentLimits.bytes) throw damaged('its header is cut off')
  let header: Record<string, unknown>
  try {
    header = parseJson(new Uint8Array(read(8, headerLength)), documentLimits) as Record<string, unknown>
  } catch (cause) {
    throw cause instanceof WorkbenchError ? cause : damaged('its header is not JSON, or says more than a header does')
  }
  if (header === null || typeof header !== 'object') throw damaged('its header is not an object')
  const start = 8 + headerLength
  const { __metadata__: metadata = {}, ...tensors } = header
  if (!isTexts(metadata)) throw damaged('its metadata are not texts')
  const entries = Object.entries(tensors).map(([name, entry]): Entry => {
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown }
    const width = elementTypes.get(dtype)?.width
    if (width === undefined && !otherTypes.has(dtype))
      throw damaged(`${name} has the element type ${String(dtype)}, which there is not`)
    if (width === undefined)
      throw new WorkbenchError(
        'FILE_UNSUPPORTED',
        `${file} holds ${name} as ${String(dtype)}, which weights cannot be read from; ` +
          `convert it to float32 (or one of ${[...elementTypes.keys()].join(', ')}).`,
      )
    if (
      !isSizes(shape) ||
      !isSizes(offsets) ||
      offsets.length !== 2 ||
      offsets[1]! - offsets[0]! !== elements(shape) * width ||
      start + offsets[1]! > size
    )
      throw damaged(`${name} is cut off or misdescribed`)
    return { name, shape, dtype, start: start + offsets[0]!, end: start + offsets[1]! }
  })
  // Else a few bytes could be read as often as the header likes.
  let end = 0
  for (const entry of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (entry.start < end && entry.end > entry.start) throw damaged(`${entry.name} lies over another tensor`)
    end = Math.max(end, entry.end)
  }
  return { metadata, entries }
}

function readTensors(file: string, descriptor: number): TensorFile {
  const { read, size, damaged } = reader(file, descriptor)
  const {
    metadata: { [checksumKey]: expected, ...metadata },
    entries,
  } = readEntries(file, descriptor)
  const tensors: Record<string, NamedTensor> = Object.fromEntries(
    entries.map(({ name, shape, dtype, start, end }) => {
      const values = elementTypes.get(dtype)!.read(read(start, end - start))
      return [name, { shape, data: values instanceof Float32Array ? values : Float32Array.from(values) }]
    }),
  )
  if (expected !== undefined && !isConverted(entries)) {
    if (checksumOf(metadata, tensors) !== expected) throw damaged('its checksum is wrong')
    if (size !== lastEnd(entries) && entries.length > 0) throw damaged('it is longer than it says')
  }
  return { tensors, metadata }
}

/** The workbench writes float32, and its checksum is of that. */
const isConverted = (entries: readonly Entry[]): boolean => entries.some(({ dtype }) => dtype !== 'F32')

const lastEnd = (entries: readonly Entry[]): number => entries.reduce((last, { end }) => Math.max(last, end), 0)

/** Of what is looked at in one go, in bytes. */
const pieceBytes = 4 * 2 ** 20

/**
 * Reads a file through to its end, as `readSafetensors` does, and keeps nothing but a few megabytes at a time: whether it is
 * whole, what it was when it was written, and made of finite numbers. Others get their turn in between.
 * @throws WorkbenchError as `readSafetensors`; the signal's reason
 */
export async function verifySafetensors(file: string, signal?: AbortSignal): Promise<void> {
  const descriptor = openFile(file)
  try {
    const { read, size, damaged } = reader(file, descriptor)
    const {
      metadata: { [checksumKey]: expected, ...metadata },
      entries,
    } = readEntries(file, descriptor)
    let sum = checksumOfHeader(
      metadata,
      entries.map(({ name, shape }) => [name, shape]),
    )
    for (const { name, dtype, start, end } of entries) {
      for (let at = start; at < end; at += pieceBytes) {
        const piece = read(at, Math.min(pieceBytes, end - at))
        sum = crc32(new Uint8Array(piece), sum)
        if (!isFinite(elementTypes.get(dtype)!.read(piece))) throw damaged(`${name} has values that are not finite numbers`)
        await setImmediate()
        signal?.throwIfAborted()
      }
    }
    if (expected === undefined || isConverted(entries)) return
    if (checksumText(sum) !== expected) throw damaged('its checksum is wrong')
    if (size !== lastEnd(entries) && entries.length > 0) throw damaged('it is longer than it says')
  } finally {
    closeSync(descriptor)
  }
}

/** A sum is finite only if every part is, and costs a tenth of testing each; an overflowing sum of finite parts is tested exactly. */
export function isFinite(values: Float32Array | Float64Array): boolean {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return Number.isFinite(sum) || values.every((value) => Number.isFinite(value))
}

/** Whether a file says what it has to come to; reads no values. Errors as of `readSafetensors`. */
export const hasChecksum = (file: string): boolean =>
  inFile(file, (descriptor) => checksumKey in readEntries(file, descriptor).metadata)

const isTexts = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.values(value).every((text) => typeof text === 'string')

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
