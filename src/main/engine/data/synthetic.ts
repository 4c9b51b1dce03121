import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { syntheticImages, syntheticSets, type SyntheticImages, type SyntheticName } from '../../../shared/synthetic.ts'
import { writeAll } from '../files/durable.ts'
import { paintLeaves } from './dead-leaves.ts'
import { files } from './index-file.ts'
import { planePoints, standardise, type PlaneName } from './plane.ts'
import type { ProgressReporter } from './progress.ts'
import { random } from './random.ts'
import type { Plan, SourceRequest } from './request.ts'
import { requireRoom } from './room.ts'
import { hashBytes, hashRows } from './row-hash.ts'

export const defaultSeed = 1
const blockBytes = 2 ** 20

/** Size and channels of a synthetic set's images; one side given: the other is the same. */
export function syntheticShape(
  name: SyntheticImages,
  { width, height, channels }: Pick<SourceRequest, 'width' | 'height' | 'channels'>,
): { width: number; height: number; channels: 1 | 3 } {
  const { side } = syntheticSets[name]
  return { width: width ?? height ?? side, height: height ?? width ?? side, channels: channels ?? 1 }
}

/**
 * How a synthetic set is understood: a function of its name, count, seed and size alone. Of some of its rows only their number counts:
 * its first are taken.
 */
export function planSynthetic(name: SyntheticName, request: SourceRequest): Plan {
  const set = syntheticSets[name],
    images = syntheticImages(name)
  const count = request.count ?? set.count,
    seed = request.seed ?? defaultSeed
  const only = (rows: readonly number[]): Plan => planSynthetic(name, { ...request, count: rows.length })
  const common = { from: 'synthetic', labelsFrom: null, count, parts: null, skipped: [], notes: [], only }
  const packed = { paths: [{ path: name, count }], source: seed === defaultSeed ? name : `${name}, seed ${seed}` }
  if (images !== null) {
    const shape = syntheticShape(images, request),
      rowBytes = shape.width * shape.height * shape.channels
    const rows = { kind: 'image' as const, ...shape, labels: null, classes: [], ...common }
    return {
      ...rows,
      pack: async (partial, room, progress, signal) => {
        requireRoom(count * rowBytes, room)
        const hashes = await writeRows(
          join(partial, files.pixels),
          count,
          rowBytes,
          imagePainter(images, shape, seed, signal),
          progress,
          signal,
        )
        return { ...rows, ...packed, hashes }
      },
    }
  }
  const { points, labels } = planePoints(name as PlaneName, count, seed)
  const rows = {
    kind: 'vector' as const,
    width: 2,
    height: 1,
    channels: 1,
    labels: set.classes.length > 0 ? labels : null,
    classes: [...set.classes],
    ...common,
    labelsFrom: set.classes.length > 0 ? 'the curve that a point lies on' : null,
  }
  return {
    ...rows,
    pack: async (partial, room, progress, signal) => {
      requireRoom(count * 8, room)
      const values = Buffer.from(standardise(points).buffer)
      const fill: Fill = (out, row) => {
        values.copy(out, 0, row * 8, row * 8 + out.length)
      }
      return { ...rows, ...packed, hashes: await writeRows(join(partial, files.pixels), count, 8, fill, progress, signal) }
    },
  }
}

/** Fills an array with rows, the first of which is number `row`; asked for one after the other, from 0 on. */
export type Fill = (out: Uint8Array, row: number) => void | Promise<void>

/** What fills rows with the images of a synthetic set. */
export function imagePainter(
  name: SyntheticImages,
  { width, height, channels }: { width: number; height: number; channels: number },
  seed: number,
  signal?: AbortSignal,
): Fill {
  if (name === 'random') return uniformBytes(seed)
  const size = width * height * channels
  return async (out, row) => {
    for (let at = 0; at < out.length; at += size, row++) {
      for (const _ of paintLeaves(out.subarray(at, at + size), width, height, channels, seed, row)) {
        signal?.throwIfAborted()
        await setImmediate()
      }
      await setImmediate()
    }
  }
}

/** Fills arrays with independent uniform bytes: four of each draw, the low one first. */
function uniformBytes(seed: number): (out: Uint8Array) => void {
  const source = random('synthetic/random', seed)
  let word = 0,
    left = 0
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
async function writeRows(
  path: string,
  count: number,
  rowBytes: number,
  fill: Fill,
  progress: ProgressReporter,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const hashes = new Uint8Array(count * hashBytes)
  const perBlock = Math.max(1, Math.floor(blockBytes / rowBytes))
  const block = Buffer.allocUnsafeSlow(perBlock * rowBytes)
  const file = openSync(path, 'w')
  try {
    for (let row = 0; row < count;) {
      signal?.throwIfAborted()
      const rows = Math.min(perBlock, count - row),
        bytes = block.subarray(0, rows * rowBytes)
      await fill(bytes, row)
      hashRows(bytes, rowBytes, rows, hashes, row * hashBytes)
      writeAll(file, bytes)
      row += rows
      progress.update('Computing', row, count, 'rows')
      await setImmediate()
    }
  } finally {
    closeSync(file)
  }
  return hashes
}
