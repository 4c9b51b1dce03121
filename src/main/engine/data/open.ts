import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { parseJson } from '../../../shared/json.ts'
import { manifestLimits } from '../../../shared/limits.ts'
import { readAll } from '../files/durable.ts'
import { blockCheck, isFileSound, isSound, readChecksums, unsoundBlock, type Checksums } from './checksums.ts'
import { files, indexSchema, type DatasetIndex } from './index-file.ts'
import type { PackedDataset } from './packed.ts'

/** Packed files up to this size are read whole into memory outside the JavaScript heap; of larger ones single rows are read. */
const residentLimit = 512 * 2 ** 20

/** What a damaged dataset says; `what` continues a sentence. */
const damaged = (folder: string, what: string, cause?: unknown) =>
  new WorkbenchError(
    'FILE_DAMAGED',
    `The dataset in ${folder} is damaged: ${what}. ` +
      `Repair it from its source, on its page or with “datasets repair ${basename(folder)}”; then resume what stopped.`,
    { cause },
  )

/** The part of that sentence that says what is wrong, for where nothing can be repaired; null of any other error. */
export function damageIn(thrown: unknown): string | null {
  if (!(thrown instanceof WorkbenchError)) return null
  return /^The dataset in .* is damaged: (.*)\. Repair it from its source, /s.exec(thrown.message)?.[1] ?? null
}

/** What the files of a dataset have to come to; null where it has no checksums. @throws WorkbenchError FILE_DAMAGED */
export function checksumsOf(folder: string): Checksums | null {
  try {
    return readChecksums(folder)
  } catch (cause) {
    throw damaged(folder, (cause as Error).message, cause)
  }
}

/** @param expected its size, where that is known: a file of another size is not read at all */
function read(folder: string, name: string, checksums: Checksums | null, expected?: number): Buffer {
  const path = join(folder, name)
  let content: Buffer
  try {
    const { size } = statSync(path)
    if (size !== (expected ?? size)) throw damaged(folder, `${name} has ${size} bytes instead of ${expected}`)
    if (expected === undefined && size > manifestLimits.bytes) throw damaged(folder, `${name} is larger than it can be`)
    content = readFileSync(path)
  } catch (cause) {
    if (cause instanceof WorkbenchError) throw cause
    throw damaged(folder, `${name} is missing or cannot be read`, cause)
  }
  if (!isSound(checksums, name, content)) throw damaged(folder, `the checksum of ${name} is wrong`)
  return content
}

/** @throws WorkbenchError FILE_DAMAGED when the index is missing or is none. */
export const readIndex = (folder: string): DatasetIndex => indexIn(folder, checksumsOf(folder))

function indexIn(folder: string, checksums: Checksums | null): DatasetIndex {
  const content = read(folder, files.index, checksums)
  try {
    return indexSchema.parse(parseJson(content, manifestLimits))
  } catch (cause) {
    throw damaged(folder, `${files.index} cannot be understood`, cause)
  }
}

function readWhole(folder: string, name: string, bytes: number, checksums: Checksums | null): ArrayBuffer {
  const content = read(folder, name, checksums, bytes)
  const copy = new ArrayBuffer(bytes)
  new Uint8Array(copy).set(content)
  return copy
}

/**
 * What the index says, compared with how large the packed file is, before anything as large as it says is made.
 * @throws WorkbenchError FILE_DAMAGED
 */
function requireRows(
  folder: string,
  { count, width, height, channels, testCount, validationCount }: DatasetIndex,
  rowBytes: number,
): void {
  const sensible =
    Math.min(width, height, channels) >= 1 &&
    Math.min(count, testCount, validationCount) >= 0 &&
    testCount + validationCount <= count
  if (!sensible) throw damaged(folder, `${files.index} does not say what a dataset is`)
  let size: number
  try {
    size = statSync(join(folder, files.pixels)).size
  } catch (cause) {
    throw damaged(folder, `${files.pixels} is missing or cannot be read`, cause)
  }
  if (size !== count * rowBytes) throw damaged(folder, `${files.pixels} has ${size} bytes instead of ${count * rowBytes}`)
}

const unsound = (folder: string, block: number) => damaged(folder, `the checksum of block ${block} of ${files.pixels} is wrong`)

/** With its fingerprint. */
type OpenDataset = PackedDataset & Pick<DatasetIndex, 'sha256'>

/**
 * Opens an imported dataset.
 * @param options.resident true or false decides whether the rows are read into memory at once; by default they are up to 512 MB.
 *   The engine, which only shows a few images, opens with `false`.
 * @throws WorkbenchError FILE_DAMAGED when a file is missing, truncated, contradicts the index or is not what was written; of
 * rows that are read
 *   later, `gather` throws it.
 */
export function openDataset(folder: string, options: { resident?: boolean } = {}): OpenDataset {
  const checksums = checksumsOf(folder)
  const index = indexIn(folder, checksums)
  const { kind, count, width, height, channels, classes } = index
  const rowSize = width * height * channels
  const rowBytes = rowSize * (kind === 'image' ? 1 : 4)
  requireRows(folder, index, rowBytes)

  const labels = classes.length ? new Int32Array(readWhole(folder, files.labels, count * 4, checksums)) : null
  if (labels?.some((label) => label < -1 || label >= classes.length))
    throw damaged(folder, `${files.labels} names classes that do not exist`)
  const groups =
    index.groupCount === undefined ? {} : { groups: new Int32Array(readWhole(folder, files.groups, count * 4, checksums)) }
  const rowsIn = (name: string, length: number): Uint32Array<ArrayBuffer> => {
    const rows = new Uint32Array(readWhole(folder, name, length * 4, checksums))
    if (rows.some((row, i) => row >= count || (i > 0 && row <= rows[i - 1]!)))
      throw damaged(folder, `${name} is not an ascending list of rows`)
    return rows
  }
  const copies = index.copies ? { copies: new Uint32Array(readWhole(folder, files.copies, count * 4, checksums)) } : {}
  if (copies.copies?.some((first, row) => first > row))
    throw damaged(folder, `${files.copies} does not say which rows are identical`)
  const test = rowsIn(files.test, index.testCount)
  const validation = index.validationCount > 0 ? rowsIn(files.validation, index.validationCount) : new Uint32Array()
  const train = new Uint32Array(count - test.length)
  for (let row = 0, filled = 0, next = 0; row < count; row++) {
    if (row === test[next]) next++
    else train[filled++] = row
  }

  let file: number
  try {
    file = openSync(join(folder, files.pixels), 'r')
  } catch (cause) {
    throw damaged(folder, `${files.pixels} is missing or cannot be read`, cause)
  }
  let rows: Buffer | null = null
  try {
    const size = fstatSync(file).size
    if (size !== count * rowBytes) throw damaged(folder, `${files.pixels} has ${size} bytes instead of ${count * rowBytes}`)
    if (options.resident ?? size <= residentLimit) {
      rows = Buffer.allocUnsafeSlow(size)
      if (!readAll(file, rows, 0)) throw damaged(folder, `${files.pixels} ends early`)
      const block = checksums === null ? -1 : unsoundBlock(rows, checksums)
      if (block >= 0) throw unsound(folder, block)
      closeSync(file)
      file = -1
    }
  } catch (error) {
    if (file >= 0) closeSync(file)
    throw error
  }

  const check = checksums === null || rows !== null ? null : blockCheck(folder, file, checksums)
  const gather = (indices: ArrayLike<number>, out: Uint8Array | Float32Array): void => {
    if (out.BYTES_PER_ELEMENT * rowSize !== rowBytes)
      throw new TypeError(`rows of kind ${kind} do not go into a ${out.constructor.name}`)
    if (out.length < indices.length * rowSize)
      throw new RangeError(`${indices.length} rows of ${rowSize} do not go into ${out.length} values`)
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
    for (let i = 0; i < indices.length;) {
      const first = indices[i]!
      // Neighbours in the file are copied together.
      let length = 1
      while (i + length < indices.length && indices[i + length] === first + length) length++
      if (!(first >= 0 && first + length <= count)) throw new RangeError(`there is no row ${first + length - 1} among ${count}`)
      const block = check?.(first * rowBytes, (first + length) * rowBytes) ?? -1
      if (block >= 0) throw unsound(folder, block)
      if (rows) rows.copy(bytes, i * rowBytes, first * rowBytes, (first + length) * rowBytes)
      else if (!readAll(file, bytes.subarray(i * rowBytes, (i + length) * rowBytes), first * rowBytes))
        throw damaged(folder, `${files.pixels} ends early`)
      i += length
    }
  }
  const close = () => {
    rows = null
    if (file >= 0) closeSync(file)
    file = -1
  }
  const contrast = index.contrastLimit === undefined ? {} : { contrastLimit: index.contrastLimit }
  return {
    kind,
    count,
    width,
    height,
    channels,
    rowSize,
    classes,
    labels,
    ...groups,
    ...copies,
    ...contrast,
    test,
    train,
    validation,
    gather,
    close,
    sha256: index.sha256,
  }
}

/**
 * Names of the files that rows came from, relative to the imported folder; `FILE#3` for the fourth row of an IDX file or npz array.
 * Reads only what it needs.
 */
export function rowPaths(folder: string, indices: ArrayLike<number>): string[] {
  const checksums = checksumsOf(folder)
  const index = indexIn(folder, checksums)
  const rows = Array.from(indices)
  if (rows.some((row) => !(row >= 0 && row < index.count))) throw new RangeError(`rows go from 0 to ${index.count - 1}`)
  if (index.parts) return rows.map((row) => partPath(index.parts!, row))
  let file: number, sound: boolean
  try {
    sound = isFileSound(folder, files.paths, checksums)
    file = openSync(join(folder, files.paths), 'r')
  } catch (cause) {
    throw damaged(folder, `${files.paths} is missing or cannot be read`, cause)
  }
  if (!sound) {
    closeSync(file)
    throw damaged(folder, `the checksum of ${files.paths} is wrong`)
  }
  try {
    const start = (index.count + 1) * 4
    return rows.map((row) => {
      const ends = new Uint32Array(2)
      if (!readAll(file, new Uint8Array(ends.buffer), row * 4)) throw damaged(folder, `${files.paths} ends early`)
      const name = Buffer.alloc(Math.max(0, Math.min(ends[1]! - ends[0]!, 2 ** 16)))
      if (!readAll(file, name, start + ends[0]!)) throw damaged(folder, `${files.paths} ends early`)
      return name.toString('utf8')
    })
  } finally {
    closeSync(file)
  }
}

function partPath(parts: { path: string; count: number }[], row: number): string {
  for (const part of parts) {
    if (row < part.count) return `${part.path}#${row}`
    row -= part.count
  }
  return `#${row}`
}
