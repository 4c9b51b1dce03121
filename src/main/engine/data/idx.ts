import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { damagedFile, isFileBeside, isGzip, readAt, readPieces, skipBytes, unsupportedFile } from './byte-stream.ts'
import { deflateGrowth } from './zip.ts'
import { type NumberType, type StoredArray, itemBytes, valuesOf } from './numbers.ts'

/**
 * The IDX format of the MNIST files (two zero bytes, a type, the number of dimensions, their sizes, big-endian values), plain or
 * gzipped.
 */
const types: Record<number, NumberType> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' }

async function beginning(path: string, length: number): Promise<{ bytes: Buffer; gzip: boolean }> {
  const bytes = await readAt(path, 0, length)
  if (!isGzip(bytes)) return { bytes, gzip: false }
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of readPieces(path, 0, Infinity, createGunzip())) {
    pieces.push(piece)
    size += piece.length
    if (size >= length) break
  }
  return { bytes: Buffer.concat(pieces).subarray(0, length), gzip: true }
}

/** Whether a file begins like an IDX file, gzipped or not. */
export async function looksLikeIdx(path: string): Promise<boolean> {
  try {
    const { bytes } = await beginning(path, 4)
    return bytes.length === 4 && bytes[0] === 0 && bytes[1] === 0 && bytes[2]! in types && bytes[3]! >= 1 && bytes[3]! <= 4
  } catch {
    return false
  }
}

/** @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED */
export async function readIdx(path: string): Promise<StoredArray> {
  const { bytes, gzip } = await beginning(path, 4 + 4 * 4)
  const type = types[bytes[2] ?? 0],
    dimensions = bytes[3] ?? 0
  if (bytes.length < 4) throw damagedFile(path, 'it is truncated within its header')
  if (bytes[0] !== 0 || bytes[1] !== 0 || !type || dimensions < 1 || dimensions > 4)
    throw unsupportedFile(path, 'is not an IDX file of at most four dimensions; choose a folder, IDX images or an npz file.')
  const start = 4 + 4 * dimensions
  if (bytes.length < start) throw damagedFile(path, 'it is truncated within its header')
  const shape = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i))
  const size = valuesOf(shape) * itemBytes(type)
  if (!gzip) {
    const has = (await stat(path)).size - start
    if (has < size) throw damagedFile(path, `it is truncated: its header promises ${size} bytes of data, and it has ${has}`)
    if (has > size) throw damagedFile(path, `its header promises ${size} bytes of data, and it has ${has}`)
  }
  if (gzip && start + size > (await stat(path)).size * deflateGrowth) {
    throw damagedFile(path, `its header promises ${size} bytes of data, more than can be packed into it`)
  }
  const pieces = () =>
    gzip ? skipBytes(readPieces(path, 0, Infinity, createGunzip()), start) : readPieces(path, start, start + size)
  return { file: path, name: basename(path), shape, type, bigEndian: true, pieces }
}

/** The first that is a file, of a name with or without `.gz`. */
function besides(path: string, name: string): string | null {
  const plain = name.replace(/\.gz$/i, '')
  return (
    [name, plain, `${plain}.gz`]
      .map((other) => join(dirname(path), other))
      .find((other) => other !== path && isFileBeside(other)) ?? null
  )
}

/**
 * `train-images-idx3-ubyte` -> `train-labels-idx1-ubyte`, `train-images.idx3-ubyte.gz` -> `train-labels.idx1-ubyte.gz`; null
 * where there is none.
 */
export function labelsFileOf(images: string): string | null {
  const name = basename(images)
  if (!/images/i.test(name)) return null
  return besides(images, name.replace(/images/i, 'labels').replace(/idx[34]/i, 'idx1'))
}

/** The test images that belong to a file of training images, by the usual names. */
export function testImagesOf(images: string): string | null {
  const name = basename(images)
  if (!/^train|[-_.]train/i.test(name)) return null
  return besides(images, name.replace(/train/i, 't10k')) ?? besides(images, name.replace(/train/i, 'test'))
}
