import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { writeAll } from '../files/durable.ts'
import { files } from './index-file.ts'
import { Names } from './names.ts'
import type { ProgressReporter } from './progress.ts'
import type { Packed, Plan, SourceRequest } from './request.ts'
import { requireRoom } from './room.ts'
import { hashBytes, hashRows } from './row-hash.ts'
import { planePoints, standardise } from './sets/plane.ts'
import type { ComputedSet, Drawn, ImageSet, ImageShape, PlaneSet } from './sets/set.ts'

export const defaultSeed = 1
const blockBytes = 2 ** 20

/** Size and channels of a set's images; one side given: the other is the same. */
export function imageShape(
  { side, channels: usual }: ImageSet,
  { width, height, channels }: Pick<SourceRequest, 'width' | 'height' | 'channels'>,
): ImageShape {
  return { width: width ?? height ?? side, height: height ?? width ?? side, channels: channels ?? usual }
}

/** The name of an image: the set's and its number, and what is known of it. */
export const imageName = ({ name }: ImageSet, { factors }: Drawn, image: number): string =>
  `${name}#${image}${factors ? ` ${factors(image)}` : ''}`

/** How a computed set is understood: a function of its name, count, seed and size alone. */
export const planSynthetic = (set: ComputedSet, request: SourceRequest): Plan =>
  set.kind === 'image' ? planImages(set, request) : planPlane(set, request)

const nothingLeftOut = { from: 'synthetic', parts: null, skipped: [], notes: [] }

const sourceText = ({ name }: ComputedSet, seed: number): string => (seed === defaultSeed ? name : `${name}, seed ${seed}`)

/** @param chosen numbers of the images, ascending; null: all */
function planImages(set: ImageSet, request: SourceRequest, chosen: readonly number[] | null = null): Plan {
  const seed = request.seed ?? defaultSeed,
    drawn = set.draw(seed),
    shape = imageShape(set, request)
  const count = chosen?.length ?? request.count ?? set.count,
    imageOf = (row: number): number => chosen?.[row] ?? row
  const { classes, labelsFrom } = set
  const rows = {
    kind: 'image' as const,
    ...shape,
    ...nothingLeftOut,
    count,
    labels: drawn.label ? Int32Array.from({ length: count }, (_, row) => drawn.label!(imageOf(row))) : null,
    classes: [...classes],
    labelsFrom,
  }
  return {
    ...rows,
    only: (some) => planImages(set, request, some.map(imageOf)),
    pack: async (partial, room, progress, signal) => {
      const rowBytes = shape.width * shape.height * shape.channels
      requireRoom(count * rowBytes, room)
      const paint = drawn.paint(shape)
      const fill: Fill = async (out, row) => {
        for (let at = 0; at < out.length; at += rowBytes, row++) {
          for (const _ of paint(out.subarray(at, at + rowBytes), imageOf(row))) {
            signal?.throwIfAborted()
            await setImmediate()
          }
          await setImmediate()
        }
      }
      const hashes = await writeRows(join(partial, files.pixels), count, rowBytes, fill, progress, signal)
      const paths = drawn.factors ? namesOf(set, drawn, count, imageOf) : [{ path: set.name, count }]
      return { ...rows, paths, source: sourceText(set, seed), hashes }
    },
  }
}

function namesOf(set: ImageSet, drawn: Drawn, count: number, imageOf: (row: number) => number): Packed['paths'] {
  const names = new Names()
  for (let row = 0; row < count; row++) names.push(imageName(set, drawn, imageOf(row)))
  return names.packed(() => true)
}

/** Of some of its rows only their number counts: its first are taken. */
function planPlane(set: PlaneSet, request: SourceRequest): Plan {
  const count = request.count ?? set.count,
    seed = request.seed ?? defaultSeed
  const { points, labels } = planePoints(set, count, seed)
  const rows = {
    kind: 'vector' as const,
    width: 2,
    height: 1,
    channels: 1,
    ...nothingLeftOut,
    count,
    labels: set.classes.length > 0 ? labels : null,
    classes: [...set.classes],
    labelsFrom: set.labelsFrom,
  }
  return {
    ...rows,
    only: (some) => planPlane(set, { ...request, count: some.length }),
    pack: async (partial, room, progress, signal) => {
      requireRoom(count * 8, room)
      const values = Buffer.from(standardise(points).buffer)
      const fill: Fill = (out, row) => {
        values.copy(out, 0, row * 8, row * 8 + out.length)
      }
      const hashes = await writeRows(join(partial, files.pixels), count, 8, fill, progress, signal)
      return { ...rows, paths: [{ path: set.name, count }], source: sourceText(set, seed), hashes }
    },
  }
}

/** Fills an array with rows, the first of which is number `row`; asked for one after the other, from 0 on. */
type Fill = (out: Uint8Array, row: number) => void | Promise<void>

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
