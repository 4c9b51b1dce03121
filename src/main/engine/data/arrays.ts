import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { DatasetNote } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { writeAll } from '../files/durable.ts'
import { describeArray, rowMaker, takenChannels, vectorMaker, type Described } from './array-rows.ts'
import { understood } from './array-shape.ts'
import { inBlocks } from './byte-stream.ts'
import { files } from './index-file.ts'
import { indexLabels, readLabels } from './labels.ts'
import { depthsOf, itemBytes, numbersIn, rowsOfArray, valuesOf } from './numbers.ts'
import { once } from './once.ts'
import type { ArrayPart } from './formats/format.ts'
import { trainPart, type Packing, type Plan, type SourceRequest } from './request.ts'
import { requireRoom } from './room.ts'
import { hashBytes, hashRows } from './row-hash.ts'
import type { ArraysSource } from './source.ts'
import { pickNote } from './values/channels.ts'
import { measureArrays, requireFinite } from './values/measure-arrays.ts'

const blockBytes = 2 ** 20

/** How the arrays of a source are understood. */
interface ArraysPlan extends Plan {
  source: ArraysSource
  described: Described[]
  /** The channels that are taken, of each array. */
  keptChannels: number[][]
}

/**
 * Understands the arrays of a source: their headers, and the values of labels. Images keep their size unless another one is
 * asked for.
 */
export async function planArrays(found: ArraysSource, request: SourceRequest, signal?: AbortSignal): Promise<ArraysPlan> {
  const { source, notes } = understandArrays(found, request),
    { parts } = source
  const described = parts.map((part) => describeArray(part.images))
  const { kind } = described[0]!
  if (described.some((part) => part.kind !== kind)) throw mismatch(source.path)
  const ofImages = (['width', 'height', 'channels', 'pick', 'range'] as const).find((key) => request[key] !== undefined)
  if (kind === 'vector' && ofImages !== undefined) {
    const message =
      'The file holds vectors, which have no image size and are stored as they are; leave size, channels and range out.'
    throw new WorkbenchError('IMAGE_SIZE', message, { field: ofImages })
  }
  if (request.pages !== undefined) {
    throw new WorkbenchError(
      'CALL_INVALID',
      'Pages are those of image files, and this holds arrays, of which every row is an image; leave pages out.',
      { field: 'pages' },
    )
  }
  const keptChannels = parts.map((part, i) => (kind === 'vector' ? [0] : takenChannels(described[i]!, part.images, request.pick)))
  const first = described[0]!
  const width =
    request.width ?? (request.height ? Math.max(1, Math.round((first.width * request.height) / first.height)) : first.width)
  const height =
    request.height ?? (request.width ? Math.max(1, Math.round((first.height * request.width) / first.width)) : first.height)
  const channels = request.channels ?? (keptChannels.every(({ length }) => length === 1) ? 1 : 3)
  if (kind === 'vector' && described.some((part) => part.width !== width)) throw mismatch(source.path)
  if (width > 4096 || height > 4096) {
    if (kind === 'image')
      throw new WorkbenchError(
        'IMAGE_SIZE',
        `The images have ${width} x ${height} pixels; give a smaller size (up to 4096 x 4096).`,
        { field: 'width' },
      )
  }

  const count = described.reduce((sum, part) => sum + part.count, 0)
  // Labels at once: a wrong pair of files is noticed before anything is written.
  const values: { values: (number | string)[] | null; count: number }[] = []
  for (const [i, { labels }] of parts.entries()) {
    const { count } = described[i]!
    values.push({ values: labels === null ? null : await readLabels(labels, count, notes, signal), count })
  }
  const plan: ArraysPlan = {
    from: source.kind,
    depths: depthsOf(parts.map(({ images }) => images.type)),
    labelsFrom: values.some((part) => part.values !== null) ? 'the array of labels' : null,
    kind,
    width,
    height,
    channels,
    count,
    ...(kind === 'image' && {
      counts: described.map(({ width, height, count }) => ({ width, height, times: count })),
      sizedBy: request.width && request.height ? 'chosen' : request.width || request.height ? 'proportion' : 'found',
      sizeOf: (row) => described[partAt(described, row)]!,
    }),
    source,
    described,
    ...indexLabels(values, source.classNames),
    parts: partOfRows(parts, described),
    keptChannels,
    notes: [...notes, ...(request.pick === undefined ? [] : [pickNote(request.pick, first.channels)])],
    ...(kind === 'image' && {
      measure: once((signal) =>
        measureArrays(
          parts.map(({ images }) => images),
          request.range,
          signal,
        ),
      ),
    }),
    skipped: source.unused.map((name) => ({ path: `${source.path}/${name}`, reason: 'an array that is not used' })),
    pack: (partial, room, progress, signal) => packArrays(plan, request, partial, room, progress, signal),
    only: (rows, fit = request.fit) => onlyRows(plan, rows, { ...request, fit }),
    isFar: (row) => bytesBefore(plan, row) > nearBytes,
  }
  return plan
}

/** Bytes of an array that are quickly read through. */
const nearBytes = 2 ** 27

/** The number of the part in which a row is. */
function partAt(described: readonly { count: number }[], row: number): number {
  let end = 0
  return described.findIndex(({ count }) => row < (end += count))
}

/** How much of its array lies before a row. */
function bytesBefore({ source, described }: ArraysPlan, row: number): number {
  let first = 0
  for (const [i, { images }] of source.parts.entries()) {
    const { count } = described[i]!
    if (row < first + count) return (row - first) * valuesOf(images.shape.slice(1)) * itemBytes(images.type)
    first += count
  }
  return 0
}

/** The plan of some rows, given ascending: arrays that read as if they held no others. */
function onlyRows(plan: ArraysPlan, rows: readonly number[], request: SourceRequest): ArraysPlan {
  const parts: ArrayPart[] = [],
    described: Described[] = [],
    keptChannels: number[][] = []
  let first = 0
  for (const [i, part] of plan.source.parts.entries()) {
    const { count } = plan.described[i]!,
      partRows = rows.filter((row) => row >= first && row < first + count).map((row) => row - first)
    first += count
    if (partRows.length === 0) continue
    parts.push({ ...part, images: rowsOfArray(part.images, partRows), labels: null })
    described.push({ ...plan.described[i]!, count: partRows.length })
    keptChannels.push(plan.keptChannels[i]!)
  }
  const only: ArraysPlan = {
    ...plan,
    count: rows.length,
    source: { ...plan.source, parts, unused: [] },
    described,
    keptChannels,
    skipped: [],
    labels: plan.labels && Int32Array.from(rows, (row) => plan.labels![row]!),
    parts: plan.parts && Uint8Array.from(rows, (row) => plan.parts![row]!),
    pack: (partial, room, progress, signal) => packArrays(only, request, partial, room, progress, signal),
    only: (some, fit = request.fit) => onlyRows(only, some, { ...request, fit }),
  }
  return only
}

/** A source whose arrays are read in the shape that was asked for, or that was guessed, which is noted. */
export function understandArrays(
  found: ArraysSource,
  { rowShape }: Pick<SourceRequest, 'rowShape'>,
): { source: ArraysSource; notes: DatasetNote[] } {
  const notes = [...(found.notes ?? [])]
  // Labels may lie in a row.
  const countOf = (labels: ArrayPart['labels']) =>
    labels === null ? undefined : labels.shape[0] === 1 ? labels.shape.at(-1) : labels.shape[0]
  const parts = found.parts.map((part) => ({ ...part, images: understood(part.images, countOf(part.labels), rowShape, notes) }))
  return { source: { ...found, parts }, notes }
}

/** Packs the arrays of a plan, block by block. */
const packArrays: Packing<ArraysPlan> = async (plan, request, partial, room, progress, signal) => {
  const {
    source: { parts },
    described,
    kind,
    width,
    height,
    channels,
    count,
    labels,
    classes,
    skipped,
    notes,
    keptChannels,
  } = plan
  const rowBytes = width * height * channels * (kind === 'image' ? 1 : 4)
  requireRoom(count * rowBytes, room)
  progress.update('Measuring values', 0, 0)
  const measured = (await plan.measure?.(signal)) ?? null
  const hashes = new Uint8Array(count * hashBytes)
  const file = openSync(join(partial, files.pixels), 'w')
  try {
    let row = 0
    for (const [i, part] of parts.entries()) {
      const { images } = part,
        { type, bigEndian } = images
      const rowValues = valuesOf(images.shape.slice(1)),
        sourceBytes = rowValues * itemBytes(type)
      const makeRow =
        measured === null
          ? vectorMaker(rowValues)
          : rowMaker(described[i]!, images, measured.ranges, keptChannels[i]!, { width, height, channels, fit: request.fit })
      const perBlock = Math.max(1, Math.floor(blockBytes / Math.max(sourceBytes, rowBytes)))
      const out = Buffer.allocUnsafeSlow(perBlock * rowBytes)
      let inPart = 0
      for await (const block of inBlocks(
        images.pieces(signal),
        images.shape[0]! * sourceBytes,
        perBlock * sourceBytes,
        images.file,
      )) {
        signal?.throwIfAborted()
        const numbers = numbersIn(block, type, bigEndian),
          rows = block.length / sourceBytes
        if (measured === null) requireFinite(images, numbers, inPart * rowValues, true)
        for (let r = 0; r < rows; r++) makeRow(numbers, r * rowValues, out, r * rowBytes)
        hashRows(out, rowBytes, rows, hashes, row * hashBytes)
        writeAll(file, out.subarray(0, rows * rowBytes))
        row += rows
        inPart += rows
        progress.update('Reading', row, count)
        await setImmediate()
      }
    }
  } finally {
    closeSync(file)
  }
  return {
    kind,
    width,
    height,
    channels,
    count,
    hashes,
    labels,
    classes,
    parts: plan.parts,
    skipped,
    notes: [...notes, ...(measured?.notes ?? [])],
    ...(measured && { ranges: measured.ranges }),
    paths: parts.map((part, i) => ({ path: part.images.name, count: described[i]!.count })),
  }
}

/** The part of every row of arrays that follow one another; null where all are for training. */
export function partOfRows(parts: readonly Pick<ArrayPart, 'part'>[], described: readonly { count: number }[]): Uint8Array | null {
  if (parts.every(({ part }) => part === trainPart)) return null
  const rows = new Uint8Array(described.reduce((sum, { count }) => sum + count, 0))
  let first = 0
  for (const [i, { part }] of parts.entries()) rows.fill(part, first, (first += described[i]!.count))
  return rows
}

const mismatch = (path: string) =>
  new WorkbenchError(
    'FILE_UNSUPPORTED',
    `The training and the test data of ${path} are of different kinds or sizes; give two of the same kind.`,
    { field: 'testPath' },
  )
