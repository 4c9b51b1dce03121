import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { WorkbenchError } from '../../../shared/errors.ts'
import { syntheticName, syntheticSets, type SyntheticName } from '../../../shared/synthetic.ts'
import { files } from './index-file.ts'
import { planePoints, standardise } from './plane.ts'
import type { Meter } from './progress.ts'
import { random } from './random.ts'
import type { ImportRequest, Packed } from './request.ts'
import { requireRoom } from './room.ts'
import { hashBytes, hashRows } from './row-hash.ts'
import { defaultShape } from './sample.ts'

const defaultSeed = 1
const blockBytes = 2 ** 20

/**
 * Refuses what has no meaning for the source: a number of rows and a seed for images that are read, a test set and, for points
 * of the plane, an image size for those that are computed.
 * @throws WorkbenchError CALL_INVALID, IMAGE_SIZE; each names the field
 */
export function checkOptions(request: ImportRequest): void {
  const name = syntheticName(request.path)
  if (name === null) {
    for (const field of ['count', 'seed'] as const) {
      if (request[field] !== undefined) throw new WorkbenchError('CALL_INVALID', `A ${field} is for synthetic data only, and ${request.path} is read from files; leave it out.`, { field })
    }
    return
  }
  if (request.testPath !== undefined) {
    throw new WorkbenchError('CALL_INVALID', `The set ${name} is computed and split like any other, so it takes no test path; leave it out.`, { field: 'testPath' })
  }
  if (syntheticSets[name].kind === 'plane') {
    const field = (['width', 'height', 'channels'] as const).find((key) => request[key] !== undefined)
    if (field) throw new WorkbenchError('IMAGE_SIZE', `The set ${name} holds points of two numbers, which have no image size; leave size and channels out.`, { field })
  }
}

/**
 * Computes a synthetic set into the packed file: a function of its name, count, seed and size alone.
 * @param room free bytes on the disk
 */
export async function packSynthetic(name: SyntheticName, request: ImportRequest, partial: string, room: number, meter: Meter, signal?: AbortSignal): Promise<Packed> {
  const set = syntheticSets[name]
  const count = request.count ?? set.count, seed = request.seed ?? defaultSeed
  const common = { count, testStart: null, skipped: [], paths: [{ path: name, count }], source: seed === defaultSeed ? name : `${name}, seed ${seed}` }
  if (name === 'random') {
    const shape = defaultShape(null, request), rowBytes = shape.width * shape.height * shape.channels
    requireRoom(count * rowBytes, room)
    const hashes = await writeRows(join(partial, files.pixels), count, rowBytes, uniformBytes(seed), meter, signal)
    return { kind: 'image', ...shape, hashes, labels: null, classes: [], ...common }
  }
  requireRoom(count * 8, room)
  const { points, labels } = planePoints(name, count, seed)
  const rows = Buffer.from(standardise(points).buffer)
  let done = 0
  const hashes = await writeRows(join(partial, files.pixels), count, 8, (out) => { done += rows.copy(out, 0, done, done + out.length) }, meter, signal)
  return { kind: 'vector', width: 2, height: 1, channels: 1, hashes, labels: set.classes.length > 0 ? labels : null, classes: [...set.classes], ...common }
}

/** Fills arrays with independent uniform bytes: four of each draw, the low one first. */
function uniformBytes(seed: number): (out: Uint8Array) => void {
  const source = random('synthetic/random', seed)
  let word = 0, left = 0
  return (out) => {
    for (let i = 0; i < out.length; i++) {
      if (left === 0) {
        word = source.next()
        left = 4
      }
      out[i] = word
      word >>>= 8
      left--
    }
  }
}

/** Writes `count` rows block by block; returns their hashes. */
async function writeRows(path: string, count: number, rowBytes: number, fill: (out: Buffer) => void, meter: Meter, signal?: AbortSignal): Promise<Uint8Array> {
  const hashes = new Uint8Array(count * hashBytes)
  const perBlock = Math.max(1, Math.floor(blockBytes / rowBytes))
  const block = Buffer.allocUnsafeSlow(perBlock * rowBytes)
  const file = openSync(path, 'w')
  try {
    for (let row = 0; row < count;) {
      signal?.throwIfAborted()
      const rows = Math.min(perBlock, count - row), bytes = block.subarray(0, rows * rowBytes)
      fill(bytes)
      hashRows(bytes, rowBytes, rows, hashes, row * hashBytes)
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done)
      row += rows
      meter.update('Computing', row, count, 'rows')
      await setImmediate()
    }
  } finally {
    closeSync(file)
  }
  return hashes
}
