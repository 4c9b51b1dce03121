import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { isDiskFull, whatIsFull, WorkbenchError } from '../../../shared/errors.ts'
import { shapeOf, sizeOf, type Shape } from '../../../shared/shape.ts'
import { readAll, syncFolder, writeAll } from '../files/durable.ts'
import type { PackedDataset } from './packed.ts'

/**
 * Rows computed from a dataset, kept on disk: float32, one for each training row, in the order of `train`. The file begins as a
 * safetensors file does, with the header's length (8 bytes, little-endian) and a JSON header padded with spaces to 8 bytes.
 */
interface Header {
  version: number
  key: string
  width: number
  count: number
}
const version = 1

/** Values of a batch, at most: 4 MB of codes. The batches are always the same ones, as rounding may depend on them. */
const batchValues = 2 ** 20
const batchRows = (dataset: PackedDataset, width: number): number =>
  Math.max(1, Math.floor(batchValues / Math.max(width, dataset.rowSize)))

export interface RowsFileOptions {
  /** Says what the rows were computed from; rows with another key are not opened. */
  key: string
  onProgress?: (done: number, total: number) => void
  signal?: AbortSignal
}

/**
 * Computes a row of `width` values for every training row of a dataset and writes them to `file`, by way of `file +
 * '.partial'`: on an error or a cancellation nothing new is left behind, and the file either is whole or does not exist. Its
 * folder is made where it is missing.
 * @param produce the values of some training rows, [rows.length, width]; called with the same batches each time.
 * @throws WorkbenchError DISK_FULL; the signal's reason; what `produce` throws.
 */
export async function writeRowsFile(
  file: string,
  dataset: PackedDataset,
  width: number,
  produce: (rows: Uint32Array) => Promise<Float32Array> | Float32Array,
  { key, onProgress, signal }: RowsFileOptions,
): Promise<void> {
  const { train } = dataset
  const partial = `${file}.partial`
  const size = batchRows(dataset, width)
  try {
    signal?.throwIfAborted()
    mkdirSync(dirname(file), { recursive: true })
    const descriptor = openSync(partial, 'w')
    try {
      writeAll(descriptor, headerBytes({ version, key, width, count: train.length }))
      for (let done = 0; done < train.length;) {
        onProgress?.(done, train.length)
        const rows = train.slice(done, done + size)
        const values = await produce(rows)
        if (values.length !== rows.length * width)
          throw new RangeError(`${rows.length} rows of ${width} values are not ${values.length} values`)
        writeAll(descriptor, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
        done += rows.length
        // Messages, such as that to stop, are heard in between.
        await setImmediate()
        signal?.throwIfAborted()
      }
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(partial, file)
  } catch (cause) {
    rmSync(partial, { force: true })
    if (!isDiskFull(cause)) throw cause
    const megabytes = Math.ceil((train.length * width * 4) / 1e6)
    const need = `the codes of the pretrained layers take ${megabytes} MB`
    throw new WorkbenchError('DISK_FULL', `${whatIsFull(cause)}; ${need}. Free some space and resume the run.`, { cause })
  }
  syncFolder(dirname(file))
  onProgress?.(train.length, train.length)
}

/**
 * Opens rows that were computed from `dataset`: values of a shape under the same row numbers, with the same labels and split.
 * They stay on disk and are read as they are asked for; test rows, which have none, are a RangeError. The caller closes it.
 * @returns null where the file is missing, not whole, or of another key, size or number of rows: then the rows are to be computed.
 */
export function openRowsFile(file: string, dataset: PackedDataset, shape: Shape, key: string): PackedDataset | null {
  const width = sizeOf(shape)
  const { count, classes, labels, test, train, validation } = dataset
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    return null
  }
  const start = startOfRows(descriptor, { version, key, width, count: train.length })
  if (start === null) {
    closeSync(descriptor)
    return null
  }
  const rowBytes = width * 4
  const places = new Int32Array(count).fill(-1)
  train.forEach((row, place) => {
    places[row] = place
  })

  const placeOf = (row: number): number => {
    const place = places[row] ?? -1
    if (place < 0)
      throw new RangeError(
        row in places ? `row ${row} is not for training, so it has no codes` : `there is no row ${row} among ${count}`,
      )
    return place
  }
  const gather = (indices: ArrayLike<number>, out: Uint8Array | Float32Array): void => {
    if (!(out instanceof Float32Array)) throw new TypeError(`rows of kind vector do not go into a ${out.constructor.name}`)
    if (out.length < indices.length * width)
      throw new RangeError(`${indices.length} rows of ${width} do not go into ${out.length} values`)
    for (let i = 0; i < indices.length;) {
      const first = placeOf(indices[i]!)
      // Neighbours in the file are read together.
      let length = 1
      while (i + length < indices.length && placeOf(indices[i + length]!) === first + length) length++
      if (
        !readAll(descriptor, new Uint8Array(out.buffer, out.byteOffset + i * rowBytes, length * rowBytes), start + first * rowBytes)
      ) {
        throw new WorkbenchError('FILE_DAMAGED', `${file} ends early; resume the run, which computes it again.`)
      }
      i += length
    }
  }
  const close = () => {
    if (descriptor >= 0) closeSync(descriptor)
    descriptor = -1
  }
  return {
    kind: 'vector',
    count,
    ...shapeOf(shape),
    rowSize: width,
    classes,
    labels,
    test,
    train,
    validation,
    gather,
    close,
  }
}

function headerBytes(header: Header): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  const bytes = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ')
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8))
  json.copy(bytes, 8)
  return bytes
}

/** Where a file's rows begin, if it is a whole file with this very header. */
function startOfRows(descriptor: number, header: Header): number | null {
  const expected = headerBytes(header)
  if (fstatSync(descriptor).size !== expected.length + header.count * header.width * 4) return null
  const found = new Uint8Array(expected.length)
  return readAll(descriptor, found, 0) && expected.equals(found) ? expected.length : null
}
