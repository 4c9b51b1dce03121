import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { WorkbenchError } from '../../../shared/errors.ts'
import { syncFolder, writeAll } from '../durable.ts'

export interface NamedTensor { shape: number[]; data: Float32Array }
export interface TensorFile { tensors: Record<string, NamedTensor>; metadata: Record<string, string> }

/** In the metadata: what the rest of the file has to come to. Files of others, and those of earlier versions, have none. */
const checksumKey = 'checksum'

/** CRC-32 of everything that a file says: names and values of its metadata, names, shapes and values of its tensors. */
function checksumOf(metadata: Readonly<Record<string, string>>, tensors: Readonly<Record<string, NamedTensor>>): string {
  const said = [Object.entries(metadata).filter(([key]) => key !== checksumKey).sort(([a], [b]) => (a < b ? -1 : 1)),
    Object.entries(tensors).map(([name, { shape }]) => [name, shape])]
  let sum = crc32(JSON.stringify(said))
  for (const { data } of Object.values(tensors)) sum = crc32(bytesOf(data), sum)
  return `crc32:${sum.toString(16).padStart(8, '0')}`
}

const bytesOf = (data: Float32Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

/**
 * Writes float32 tensors as a safetensors file (8 bytes little-endian header length, JSON header padded with spaces to 8 bytes,
 * values), with a checksum of all of it in its metadata, whole or not at all: into a temporary file beside the target, synced, then renamed over it.
 */
export function writeSafetensors(file: string, { tensors, metadata }: TensorFile): void {
  let offset = 0
  const header: Record<string, unknown> = { __metadata__: { ...metadata, [checksumKey]: checksumOf(metadata, tensors) } }
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
 * Reads a safetensors file of float32 or float64 tensors (float64 is rounded to float32), tensor by tensor: the file may be larger than
 * what can be read at once. Where it has a checksum, all of it is compared.
 * @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED
 */
export const readSafetensors = (file: string): TensorFile => inFile(file, (descriptor) => readTensors(file, descriptor))

function inFile<T>(file: string, read: (descriptor: number) => T): T {
  let descriptor: number
  try {
    // Of a pipe nothing is waited for.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    throw unreadable(file, cause)
  }
  try {
    if (!fstatSync(descriptor).isFile()) throw unreadable(file, new Error('not a file'))
    return read(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const unreadable = (file: string, cause: unknown): WorkbenchError =>
  new WorkbenchError('CHECKPOINT_MISSING', `${file} is missing or cannot be read; give the path of a safetensors file.`, { cause })

/** Larger announcements are no header of ours. */
const largestHeader = 100e6

interface Entry { name: string; shape: number[]; width: number; start: number; end: number }

function reader(file: string, descriptor: number) {
  const damaged = (why: string) => new WorkbenchError('CHECKPOINT_DAMAGED', `${file} is not a whole safetensors file (${why}); restore it from a copy or train again.`)
  const { size } = fstatSync(descriptor)
  const read = (start: number, length: number): ArrayBuffer => {
    const bytes = new Uint8Array(length)
    for (let done = 0, got = 1; done < length; done += got) {
      got = readSync(descriptor, bytes, done, Math.min(length - done, 2 ** 30), start + done)
      if (got === 0) throw damaged('it ends too early')
    }
    return bytes.buffer
  }
  return { size, damaged, read }
}

function readEntries(file: string, descriptor: number): { metadata: Record<string, string>; entries: Entry[] } {
  const { size, damaged, read } = reader(file, descriptor)
  if (size < 8) throw damaged('it is too short')
  const headerLength = Number(new DataView(read(0, 8)).getBigUint64(0, true))
  if (headerLength > size - 8 || headerLength > largestHeader) throw damaged('its header is cut off')
  let header: Record<string, unknown>
  try {
    header = JSON.parse(new TextDecoder().decode(read(8, headerLength))) as Record<string, unknown>
  } catch (cause) {
    throw cause instanceof WorkbenchError ? cause : damaged('its header is no JSON')
  }
  if (header === null || typeof header !== 'object') throw damaged('its header is no object')
  const start = 8 + headerLength
  const { __metadata__: metadata = {}, ...tensors } = header
  const entries = Object.entries(tensors).map(([name, entry]): Entry => {
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown }
    const width = dtype === 'F32' ? 4 : dtype === 'F64' ? 8 : 0
    if (width === 0) throw damaged(`${name} has the element type ${String(dtype)}; float32 and float64 can be read`)
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2 || offsets[1]! - offsets[0]! !== elements(shape) * width || start + offsets[1]! > size) throw damaged(`${name} is cut off or misdescribed`)
    return { name, shape, width, start: start + offsets[0]!, end: start + offsets[1]! }
  })
  return { metadata: metadata as Record<string, string>, entries }
}

function readTensors(file: string, descriptor: number): TensorFile {
  const { read, size, damaged } = reader(file, descriptor)
  const { metadata: { [checksumKey]: expected, ...metadata }, entries } = readEntries(file, descriptor)
  const tensors: Record<string, NamedTensor> = {}
  for (const { name, shape, width, start, end } of entries) {
    const own = read(start, end - start)
    tensors[name] = { shape, data: width === 4 ? new Float32Array(own) : Float32Array.from(new Float64Array(own)) }
  }
  if (expected !== undefined) {
    if (entries.some(({ width }) => width !== 4) || checksumOf(metadata, tensors) !== expected) throw damaged('its checksum is wrong')
    if (size !== Math.max(0, ...entries.map(({ end }) => end)) && entries.length > 0) throw damaged('it is longer than it says')
  }
  return { tensors, metadata }
}

/** Whether a file says what it has to come to; reads no values. Errors as of `readSafetensors`. */
export const hasChecksum = (file: string): boolean => inFile(file, (descriptor) => checksumKey in readEntries(file, descriptor).metadata)

const isSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)
