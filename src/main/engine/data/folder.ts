import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { DatasetNote, Skipped } from '../../../shared/domain.ts'
import { readAll, writeAll } from '../files/durable.ts'
import { batchSize, decodeAll, decoderCount, filesPerDecoder } from './decoders.ts'
import { files } from './index-file.ts'
import { listFolder, onlyFiles, type FileList, type ImageList } from './layout.ts'
import { listed as named } from './layout/structure.ts'
import { goodOnes, rowsOfList } from './list-rows.ts'
import { fileBatches, headerOf } from './listed-image.ts'
import type { Shape } from './pixels.ts'
import { ProgressReporter } from './progress.ts'
import type { Checked, LabelRequest, Measured, Packing, Plan, PlanOptions, Rows, SourceRequest } from './request.ts'
import { requireRoom } from './room.ts'
import { hashBytes } from './row-hash.ts'
import { defaultShape, sampleHeaders, sizesOf } from './sample.ts'
import { seenSize, SizeTally } from './size-tally.ts'
import { noUsableImage } from './skipped.ts'
import type { FolderSource } from './source.ts'
import { mentionLabels } from './table/hint.ts'
import { asksForLabels, isTable, labelling } from './table/request.ts'
import { wishOf } from './values/decide.ts'
import { passOver } from './values/passes.ts'
import { addSeen, nothingSeen } from './values/seen.ts'

/** How a folder of image files is understood: which files, in which order, of which parts and classes, and the shape that they get. */
export interface FolderPlan extends Plan {
  list: FileList
  shape: Shape
  /** Whether the headers that were looked at promise values wider than bytes. */
  wide: boolean
  /** How many of its files are worth a decoder. */
  perDecoder: number
  /** The values of the whole folder. */
  values: FolderValues
}

/** Finds the files and decides on a shape. All files count as images until they are decoded. */
export async function planFolder(
  source: FolderSource,
  request: SourceRequest,
  { progress, signal, limit }: PlanOptions,
): Promise<FolderPlan> {
  const found = await listFolder(source, {
    signal,
    labels: labelling(request),
    ...(limit === undefined ? {} : { limit }),
    onCount: (count) => progress.update('Finding files', count, 0, 'files'),
  })
  const files = isTable(request) ? (await import('./table/beside.ts')).withoutTable(found, request.labels!) : found
  return planList(await labelledList(files, request, { progress, signal }), request, { progress, signal })
}

/** The list with the labels, parts and groups that were asked for; where none were, it is said where some may be. */
export async function relabelled<L extends ImageList>(list: L, request: LabelRequest): Promise<L> {
  if (asksForLabels(request)) return (await import('./table/relabel.ts')).relabel(list, request)
  const notes = [...list.notes]
  if (list.names.count > 0) mentionLabels(list, notes)
  return { ...list, notes }
}

/**
 * The list with the labels that were asked for, and, where all pages are wanted, one image for each:
 * a table may name these, or their files.
 */
export async function labelledList(found: FileList, request: SourceRequest, options: PlanOptions): Promise<FileList> {
  if (request.pages !== 'all') return relabelled(found, request)
  const { findPages, listPages } = await import('./page-list.ts')
  const pages = await findPages(found, options)
  if (!isTable(request) || !pages.several.includes(1)) return listPages(await relabelled(found, request), pages)
  const [ofPages, ofFiles] = await Promise.allSettled([
    relabelled(listPages(found, pages), request),
    relabelled(found, request).then((list) => listPages(list, pages)),
  ])
  const labels = ({ names, labelOf }: FileList) =>
    Array.from({ length: names.count }, (_, image) => labelOf(image)).filter((label) => label !== null).length
  if (ofPages.status === 'rejected' && ofFiles.status === 'rejected') throw ofFiles.reason
  const lists = [ofPages, ofFiles].flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  return lists.reduce((best, list) => (labels(list) > labels(best) ? list : best))
}

/** Decides on the shape of the images of a list, wherever it comes from. */
export async function planList(list: FileList, request: SourceRequest, { progress, signal }: PlanOptions): Promise<FolderPlan> {
  const sample = await sampleHeaders(list, {
    signal,
    onCount: (done, total) => progress.update('Reading headers', done, total, 'files'),
  })
  const { sizedBy, ...size } = defaultShape(sample, request),
    shape = { ...size, fit: request.fit },
    perDecoder = filesPerDecoder(sample),
    values = new FolderValues(list, request, perDecoder)
  return planOf(
    list,
    {
      from: list.from ?? 'folder',
      kind: 'image',
      ...size,
      shape,
      wide: sample?.wide ?? false,
      depths: sample?.depths ?? [],
      perDecoder,
      values,
      sizes: sample && sizesOf(sample),
      counts: sample?.counts ?? [],
      sizedBy,
      truncated: list.truncated,
      notes: list.notes,
    },
    request,
  )
}

/** What values the files of a folder hold, measured once: an inspection asks for it, and so does the import. */
class FolderValues {
  private readonly list: FileList
  private readonly request: SourceRequest
  private readonly perDecoder: number
  private found: Measured | null = null
  /** Files that could not be decoded while values were measured, by path: each with its reason. */
  readonly unreadable = new Map<string, string>()

  constructor(list: FileList, request: SourceRequest, perDecoder: number) {
    this.list = list
    this.request = request
    this.perDecoder = perDecoder
  }

  /** @throws WorkbenchError CALL_INVALID, FILE_UNSUPPORTED; the signal's reason */
  async measure(progress: ProgressReporter, signal?: AbortSignal): Promise<Measured> {
    const { list, request } = this,
      { count } = list.names,
      decoders = decoderCount(count, this.perDecoder),
      { measureImages } = await import('./values/measure-images.ts')
    return (this.found ??= await measureImages(wishOf(request.range), request.pick, async (stage, handling) => {
      const seen = nothingSeen()
      let done = 0
      progress.update(stage, 0, count)
      await decodeAll(
        fileBatches(list, batchSize(count, decoders, 1), signal),
        decoders,
        null,
        { width: 1, height: 1, channels: 1, fit: 'crop' },
        {
          handling,
          signal,
          onImages: (images) => progress.update(stage, (done += images), count),
          onResult: ({ batch, skipped, seen: inBatch }) => {
            addSeen(seen, inBatch)
            for (const { index, reason } of skipped) this.unreadable.set(list.pathOf(batch.start + index), reason)
          },
        },
      )
      return seen
    }))
  }
}

type Understood = Omit<
  FolderPlan,
  'list' | 'labelsFrom' | 'skipped' | 'pack' | 'only' | 'sizeOf' | 'check' | 'countPages' | keyof Rows
>

/** The plan for a list of files, with what was understood of the whole folder. */
function planOf(list: FileList, understood: Understood, request: SourceRequest): FolderPlan {
  const plan: FolderPlan = {
    ...understood,
    list,
    ...rowsOfList(list, goodOnes(new Uint8Array(list.names.count).fill(1))),
    labelsFrom: list.labelled ? (list.labelsFrom ?? 'the names of the folders') : null,
    skipped: list.skipped,
    pack: (partial, room, progress, signal) => packFolder(plan, request, partial, room, progress, signal),
    only: (files, fit = understood.shape.fit) =>
      planOf(onlyFiles(list, files), { ...understood, shape: { ...understood.shape, fit } }, request),
    isImage: (file) => 'header' in (headerOf(list, file) ?? { header: null }),
    sizeOf: (file) => {
      const found = headerOf(list, file)
      return found !== null && 'header' in found ? seenSize(found.header) : null
    },
    check: (options) => checkFiles(plan, options),
    countPages: async (options) => (await import('./several.ts')).countSeveral(list, options),
    ...((understood.wide || request.range !== undefined) && {
      measure: (signal) => understood.values.measure(new ProgressReporter(undefined), signal),
    }),
  }
  return plan
}

/** Enough to see what does not belong there, in a second or two. */
const headerLimit = 10_000

/** Opens files as far as their headers, evenly spread where there are very many, and takes over what measuring their values found. */
async function checkFiles(
  { list, classes, counts = [], values: { unreadable } }: FolderPlan,
  { progress, signal }: PlanOptions,
): Promise<Checked> {
  const { count } = list.names,
    files = Math.min(count, headerLimit),
    good = new Uint8Array(count).fill(1),
    skipped = [...list.skipped],
    tally = new SizeTally()
  for (let i = 0; i < files; i++) {
    const file = Math.floor((i * count) / files),
      result = headerOf(list, file)
    if (result !== null && 'header' in result) tally.add(result.header)
    else if (result !== null) {
      good[file] = 0
      skipped.push({ path: list.pathOf(file), reason: result.reason })
    }
    if (i % 50 === 0) {
      signal?.throwIfAborted()
      progress.update('Reading headers', i, files, 'files')
      await setImmediate()
    }
  }
  for (let file = 0; unreadable.size > 0 && file < count; file++) {
    const path = list.pathOf(file),
      reason = unreadable.get(path)
    if (reason === undefined || good[file] === 0) continue
    good[file] = 0
    skipped.push({ path, reason })
  }
  const rows = rowsOfList(list, goodOnes(good))
  return { files, good, rows, skipped, notes: emptyClasses(classes, rows.classes), counts: tally.empty ? counts : tally.counts }
}

/**
 * Packs the files of a plan: has them decoded by as many processes as there are cores, as often as their values need (see
 * values/passes.ts).
 */
const packFolder: Packing<FolderPlan> = async (plan, request, partial, room, progress, signal) => {
  const { list } = plan,
    { names } = list,
    { width, height } = plan.shape
  const pixels = join(partial, files.pixels)
  const decoders = decoderCount(names.count, plan.perDecoder)
  const hashes = Buffer.alloc(names.count * hashBytes)
  /** 1: a row lies at this file's place... */
  const good = new Uint8Array(names.count)
  /** ...of a batch that begins here: rows of a batch lie together at its beginning. */
  let starts: number[] = []
  let reasons: { file: number; reason: string }[] = []

  const known = plan.measure ? (await plan.values.measure(progress, signal)).ranges : { bytes: null, wide: null }
  const { channels, ranges, notes } = await passOver(request, plan.shape.channels, known, async (channels, handling, goOn) => {
    const rowBytes = width * height * channels,
      seen = nothingSeen(),
      ended = new AbortController(),
      ending = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal
    requireRoom(names.count * rowBytes, room)
    closeSync(openSync(pixels, 'w'))
    good.fill(1)
    starts = []
    reasons = []
    let done = 0
    progress.update('Decoding', 0, names.count)
    await decodeAll(
      fileBatches(list, batchSize(names.count, decoders, rowBytes), ending),
      decoders,
      pixels,
      { ...plan.shape, channels },
      {
        handling,
        signal: ending,
        onImages: (images) => progress.update('Decoding', (done += images), names.count),
        onResult: ({ batch, hashes: batchHashes, skipped, seen: inBatch }) => {
          addSeen(seen, inBatch)
          if (!goOn(seen)) ended.abort()
          starts.push(batch.start)
          hashes.set(batchHashes, batch.start * hashBytes)
          for (const { index, reason } of skipped) {
            good[batch.start + index] = 0
            reasons.push({ file: batch.start + index, reason })
          }
        },
      },
    ).catch((error: unknown) => {
      if (!ended.signal.aborted || signal?.aborted) throw error
    })
    if (done < names.count && !ended.signal.aborted) throw new Error(`only ${done} of ${names.count} files were decoded`)
    return seen
  })

  const rowBytes = width * height * channels
  const count = await closeGaps(pixels, hashes, good, starts, rowBytes, signal)
  reasons.sort((a, b) => a.file - b.file)
  const skipped: Skipped[] = [...list.skipped]
  for (const { file, reason } of reasons) skipped.push({ path: list.pathOf(file), reason })
  if (count === 0) throw noUsableImage(request.path, skipped)
  const rows = rowsOfList(list, goodOnes(good))
  return {
    kind: 'image',
    width,
    height,
    channels,
    hashes: hashes.subarray(0, count * hashBytes),
    ...rows,
    skipped,
    notes: [...plan.notes, ...emptyClasses(plan.classes, rows.classes), ...notes],
    ranges,
    paths: names.packed((file) => good[file] === 1),
  }
}

/** Classes of which no image could be read. */
function emptyClasses(listed: readonly string[], kept: readonly string[]): DatasetNote[] {
  const gone = listed.filter((name) => !kept.includes(name))
  return gone.length === 0
    ? []
    : [
        {
          code: 'emptyClass',
          message: `No image could be read of ${named(gone)}, so ${gone.length === 1 ? 'that is not a class' : 'these are not classes'}.`,
        },
      ]
}

/** Moves rows up over the places of skipped files, in the packed file and among the hashes. @returns how many rows are left. */
async function closeGaps(
  pixels: string,
  hashes: Buffer,
  good: Uint8Array,
  starts: number[],
  rowBytes: number,
  signal?: AbortSignal,
): Promise<number> {
  const file = openSync(pixels, 'r+')
  try {
    const total = good.length
    let rows = 0
    if (good.includes(0)) {
      starts.sort((a, b) => a - b)
      const chunkRows = Math.max(1, Math.floor(2 ** 22 / rowBytes)),
        chunk = Buffer.allocUnsafeSlow(chunkRows * rowBytes)
      for (const [i, start] of starts.entries()) {
        let here = 0
        for (let at = start; at < (starts[i + 1] ?? total); at++) here += good[at]!
        hashes.copy(hashes, rows * hashBytes, start * hashBytes, (start + here) * hashBytes)
        for (let moved = 0; rows < start && moved < here; moved += chunkRows) {
          const block = chunk.subarray(0, Math.min(chunkRows, here - moved) * rowBytes)
          if (!readAll(file, block, (start + moved) * rowBytes)) throw new Error(`${pixels} ends early`)
          writeAll(file, block, (rows + moved) * rowBytes)
        }
        rows += here
        if (i % 64 === 0) {
          signal?.throwIfAborted()
          await setImmediate()
        }
      }
    } else {
      rows = total
    }
    ftruncateSync(file, rows * rowBytes)
    return rows
  } finally {
    closeSync(file)
  }
}
