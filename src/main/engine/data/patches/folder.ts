import { setImmediate } from 'node:timers/promises'
import type { Skipped } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { decodeAll, decoderCount, type Batch } from '../decoders.ts'
import { classesOfTraining } from '../classes.ts'
import type { Handling } from '../decoding.ts'
import { labelledList } from '../folder.ts'
import { pixelLimit } from '../header.ts'
import type { Span } from '../image-file.ts'
import { headerOf } from '../listed-image.ts'
import type { Roots } from '../layout/structure.ts'
import { listFolder, type FileList } from '../layout.ts'
import { rowsOfList } from '../list-rows.ts'
import type { SourceRequest } from '../request.ts'
import { hashBytes } from '../row-hash.ts'
import { noUsableImage } from '../skipped.ts'
import { labelling } from '../table/request.ts'
import { addSeen, type Seen } from '../values/seen.ts'
import type { CutOptions, Wanted } from './cut.ts'
import type { OpenOptions, PatchSource } from './source.ts'
import { PatchValues } from './values.ts'

/** Photographs take long to decode, so a decoder is worth its start for few of them already. */
const filesPerDecoder = 8
const batchFiles = 16

/**
 * The images of a folder, by the same rules as for an import (classes, `train` and `test`, reasons for what is skipped). Every file's
 * header is read for its size; smaller images than the patches are skipped.
 */
export async function folderSource(
  roots: Roots,
  request: SourceRequest,
  patch: { width: number; height: number },
  { signal, progress, limit }: OpenOptions,
): Promise<PatchSource | null> {
  const found = await listFolder(roots, {
    signal,
    labels: labelling(request),
    ...(limit === undefined ? {} : { limit }),
    onCount: (count) => progress.update('Finding files', count, 0, 'files'),
  })
  if (found.truncated) return null
  const list = await labelledList(found, request, { progress, signal })
  const { names } = list,
    skipped = [...list.skipped]
  const files = new Uint32Array(names.count),
    widths = new Uint32Array(names.count),
    heights = new Uint32Array(names.count)
  const wides = new Uint8Array(names.count)
  let count = 0,
    small = 0,
    gray = true,
    widest = 0,
    highest = 0
  for (let file = 0; file < names.count; file++) {
    if (file % 50 === 0) {
      signal?.throwIfAborted()
      progress.update('Reading headers', file, names.count, 'files')
      await setImmediate()
    }
    const result = headerOf(list, file)!
    if ('reason' in result) {
      skipped.push({ path: list.pathOf(file), reason: result.reason })
      continue
    }
    const { header } = result,
      turned = header.orientation >= 5
    const width = turned ? header.height : header.width,
      height = turned ? header.width : header.height
    if (width * height > pixelLimit) {
      skipped.push({
        path: list.pathOf(file),
        reason: `too large for patches: ${width} x ${height} is more than 40 megapixels; cut it into parts`,
      })
      continue
    }
    if (width < patch.width || height < patch.height) {
      skipped.push({ path: list.pathOf(file), reason: `smaller than the patches: ${width} x ${height} pixels` })
      small++
      widest = Math.max(widest, width)
      highest = Math.max(highest, height)
      continue
    }
    if (!header.gray) gray = false
    if (header.wide) wides[count] = 1
    files[count] = file
    widths[count] = width
    heights[count++] = height
  }
  if (count === 0) throw noneLeft(request, patch, small, widest, highest, skipped)
  const rows = classesOfTraining(rowsOfList(list, files.subarray(0, count)))
  const channels = request.channels ?? (request.pick ? (request.pick.length === 1 ? 1 : 3) : gray ? 1 : 3)
  const values = new PatchValues(list, files.subarray(0, count), wides.subarray(0, count), request, channels)
  return {
    kind: 'folder',
    count,
    channels,
    from: roots.root,
    skipped,
    notes: [...list.notes, ...rows.notes],
    parts: rows.parts,
    widthOf: (image) => widths[image]!,
    heightOf: (image) => heights[image]!,
    labels: async () => rows,
    namesOf: (images) => Array.from(images, (image) => list.pathOf(files[image]!)),
    cut: async (wanted, options) => {
      const handling: Handling = { task: 'store', ranges: await values.measured(progress, options.signal), pick: request.pick }
      await cutInDecoders(list, files, widths, heights, wanted, options, handling, values.seen)
    },
    said: () => values.said(),
    close: () => {},
  }
}

function noneLeft(
  { path }: SourceRequest,
  patch: { width: number; height: number },
  small: number,
  widest: number,
  highest: number,
  skipped: Skipped[],
): WorkbenchError {
  if (small > 0) {
    const what =
      small === 1
        ? `The only image has ${widest} x ${highest} pixels`
        : `All ${small} images are smaller than the patches (at most ${widest} pixels wide and ${highest} high)`
    return new WorkbenchError(
      'IMAGE_SIZE',
      `${what}, so no patch of ${patch.width} x ${patch.height} can be cut; choose smaller patches or larger images.`,
      { field: 'patches' },
    )
  }
  return noUsableImage(path, skipped)
}

/** Has the files decoded by several processes, which cut the patches out and write them. */
async function cutInDecoders(
  list: FileList,
  files: Uint32Array,
  widths: Uint32Array,
  heights: Uint32Array,
  wanted: Wanted,
  { shape, pixels, onResult, signal }: CutOptions,
  handling: Handling,
  seen: Seen,
): Promise<void> {
  const { images } = wanted,
    decoders = decoderCount(images.length, filesPerDecoder)
  const size = Math.max(1, Math.min(batchFiles, Math.ceil(images.length / decoders / 4)))
  function* batches(): Generator<Batch> {
    for (let start = 0; start < images.length;) {
      const root = list.rootOf(files[images[start]!]!),
        paths: string[] = [],
        cuts: Batch['cuts'] = [],
        places: Span[] = []
      while (start + paths.length < images.length && paths.length < size) {
        const index = start + paths.length,
          image = images[index]!,
          file = files[image]!
        if (list.rootOf(file) !== root) break
        paths.push(list.names.at(file))
        if (list.insideOf) places.push(list.insideOf(file) as Span)
        cuts.push({ width: widths[image]!, height: heights[image]!, windows: wanted.windowsOf(index) })
      }
      yield { start, root, paths, cuts, ...(list.insideOf ? { places } : {}) }
      start += paths.length
    }
  }
  await decodeAll(
    batches(),
    decoders,
    pixels,
    { ...shape, fit: 'crop' },
    {
      signal,
      handling,
      onImages: () => {},
      onResult: ({ batch, hashes, skipped, seen: inBatch }) => {
        addSeen(seen, inBatch)
        const reasons = new Map(skipped.map(({ index, reason }) => [index, reason]))
        let good = 0
        batch.cuts!.forEach(({ windows }, index) => {
          const image = images[batch.start + index]!,
            patches = windows.length / 3,
            reason = reasons.get(index)
          onResult(
            reason === undefined
              ? { image, patches, hash: hashes.subarray(good * hashBytes, ++good * hashBytes) }
              : { image, patches, reason },
          )
        })
      },
    },
  )
}
