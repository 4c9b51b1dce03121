import type { DatasetNote } from '../../../../shared/domain.ts'
import { describeArray, rowMaker, takenChannels, type Described } from '../array-rows.ts'
import { inBlocks } from '../byte-stream.ts'
import { indexLabels, readLabels } from '../labels.ts'
import { itemBytes, numbersIn, valuesOf } from '../numbers.ts'
import type { Picture } from '../pixels.ts'
import type { ArrayPart } from '../formats/format.ts'
import { partOfRows, understandArrays } from '../arrays.ts'
import type { Measured, SourceRequest } from '../request.ts'
import type { ArraysSource } from '../source.ts'
import { pickNote } from '../values/channels.ts'
import { measureArrays } from '../values/measure-arrays.ts'
import { cutHere } from './cut.ts'
import type { ImageLabels, PatchSource } from './source.ts'

interface Part extends ArrayPart {
  described: Described
  first: number
  keptChannels: number[]
}

/** The images of an IDX or npz source; those of its test part are test images. @returns null where it holds vectors */
export function arraySource(found: ArraysSource, request: SourceRequest): PatchSource | null {
  const { source, notes } = understandArrays(found, request),
    { path, channels: wanted, testPath, pick, range } = request
  const parts: Part[] = []
  let count = 0
  for (const part of source.parts) {
    const described = describeArray(part.images)
    if (described.kind === 'vector') return null
    parts.push({ ...part, described, first: count, keptChannels: takenChannels(described, part.images, pick) })
    count += described.count
  }
  const channels = wanted ?? (parts.every(({ keptChannels }) => keptChannels.length === 1) ? 1 : 3)
  let measured: Measured | undefined
  const measure = async (signal?: AbortSignal): Promise<Measured> =>
    (measured ??= await measureArrays(
      parts.map(({ images }) => images),
      range,
      signal,
    ))
  const partOf = (image: number): Part => parts.findLast(({ first }) => image >= first)!
  return {
    kind: source.kind,
    count,
    channels,
    from: source.path,
    parts: partOfRows(
      parts,
      parts.map(({ described }) => described),
    ),
    widthOf: (image) => partOf(image).described.width,
    heightOf: (image) => partOf(image).described.height,
    skipped: source.unused.map((name) => ({ path: `${testPath ?? path}/${name}`, reason: 'an array that is not used' })),
    labels: () => labelsOf(parts, source.classNames, notes),
    namesOf: (images) => Array.from(images, (image) => `${partOf(image).images.name}#${image - partOf(image).first}`),
    cut: async (wanted, options) =>
      cutHere(wanted, readRows(parts, wanted.images, channels, await measure(options.signal), options.signal), options),
    measure,
    said: () => ({
      notes: [...notes, ...(measured?.notes ?? []), ...(pick === undefined ? [] : [pickNote(pick, parts[0]!.described.channels)])],
      ranges: measured?.ranges ?? null,
    }),
    close: () => {},
  }
}

async function labelsOf(parts: readonly Part[], names: ArraysSource['classNames'], notes: DatasetNote[]): Promise<ImageLabels> {
  const values = []
  for (const { labels, described } of parts)
    values.push({ values: labels === null ? null : await readLabels(labels, described.count, notes), count: described.count })
  return indexLabels(values, names)
}

/** Streams through the arrays; the images asked for, ascending, come out at their own size. */
async function* readRows(
  parts: readonly Part[],
  wanted: Uint32Array,
  channels: 1 | 3,
  { ranges }: Measured,
  signal?: AbortSignal,
): AsyncGenerator<Picture> {
  let next = 0
  for (const { images, described, first, keptChannels } of parts) {
    const { width, height, count } = described
    if (next >= wanted.length || wanted[next]! >= first + count) continue
    const make = rowMaker(described, images, ranges, keptChannels, { width, height, channels, fit: 'crop' })
    const rowValues = valuesOf(images.shape.slice(1)),
      rowBytes = rowValues * itemBytes(images.type)
    const perBlock = Math.max(1, Math.floor(2 ** 20 / rowBytes)),
      data = new Uint8Array(width * height * channels)
    let row = first
    for await (const block of inBlocks(images.pieces(signal), count * rowBytes, perBlock * rowBytes, images.file)) {
      signal?.throwIfAborted()
      const numbers = numbersIn(block, images.type, images.bigEndian),
        end = row + block.length / rowBytes
      for (; next < wanted.length && wanted[next]! < end; next++) {
        make(numbers, (wanted[next]! - row) * rowValues, data, 0)
        yield { data, width, height, channels }
      }
      row = end
    }
  }
}
