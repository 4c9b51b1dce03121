import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { toErrorInfo, WorkbenchError } from '../../../../shared/errors.ts'
import { patchDefaults, patchesText } from '../../../../shared/patches.ts'
import { files } from '../index-file.ts'
import { Names } from '../names.ts'
import { ProgressReporter } from '../progress.ts'
import type { SourceRequest, Packed, Packing, Plan, PlanOptions } from '../request.ts'
import { requireRoom } from '../room.ts'
import { hashBytes } from '../row-hash.ts'
import { hashPatches, normalisePatches } from './contrast.ts'
import { openPatchSource, patchSize } from './open.ts'
import { byImage, draw, emptyDraws, onlyDraws, type Draws } from './draws.ts'
import type { ImageLabels, PatchSource } from './source.ts'
import { splitPatches } from './split.ts'

/** Files and patches up to which a request is looked into before it becomes a task: that takes a moment at most. */
const quickFiles = 200
const quickPatches = 2000
/** Names are looked up for so many rows at once. */
const namesAtOnce = 4096
const drawnAtOnce = 2 ** 15

const allRows = (count: number): Uint32Array => new Uint32Array(count).map((_, row) => row)

/** How patches of larger images are understood: which images, and where in them each patch lies. */
interface PatchesPlan extends Plan {
  source: PatchSource
  draws: Draws
  patchLabels: ImageLabels
  /** Some of the patches, whose parts are known. */
  partial?: true
}

/**
 * Draws patches: patch i comes from an image chosen uniformly, at a place chosen uniformly, by (seed, i) alone. No image is decoded.
 * @throws WorkbenchError as `openPatchSource` does; DATASET_EMPTY, IMAGE_SIZE
 */
export async function planPatches(request: SourceRequest, { progress, signal }: PlanOptions): Promise<PatchesPlan> {
  const source = (await openPatchSource(request, { signal, progress }))!
  try {
    const { count = patchDefaults.count, seed = patchDefaults.seed } = request,
      patch = patchSize(request)
    requireLargeEnough(source, patch)
    const draws = emptyDraws(count)
    await drawAll(draws, allRows(count), source, patch, seed, new Uint8Array(source.count), signal)
    return planOf(source, draws, await source.labels(), request)
  } catch (error) {
    source.close()
    throw error
  }
}

/** As `draw`, with room for other work in between. @throws the signal's reason */
async function drawAll(
  draws: Draws,
  rows: Uint32Array,
  source: PatchSource,
  patch: { width: number; height: number },
  seed: number,
  bad: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  for (let from = 0; from < rows.length; from += drawnAtOnce) {
    signal?.throwIfAborted()
    draw(draws, rows.subarray(from, from + drawnAtOnce), source, patch, seed, bad)
    await setImmediate()
  }
}

/** @param known of some of the patches: what the plan of all of them says */
function planOf(
  source: PatchSource,
  draws: Draws,
  patchLabels: ImageLabels,
  request: SourceRequest,
  known?: Pick<PatchesPlan, 'parts' | 'problem' | 'skipped' | 'partial'>,
): PatchesPlan {
  const plan: PatchesPlan = {
    from: source.kind,
    labelsFrom: patchLabels.labels === null ? null : 'those of the images',
    kind: 'image',
    ...patchSize(request),
    channels: source.channels,
    count: draws.image.length,
    source,
    draws,
    patchLabels,
    ...labelsOf(draws, patchLabels.classes, patchLabels.labels),
    notes: source.notes ?? [],
    ...(known ?? { ...likelyParts(draws, source, patchLabels), skipped: source.skipped }),
    ...(source.measure && {
      measure: async (signal) => {
        const { ranges, notes: stored, ahead } = await source.measure!(signal),
          notes = source.said?.().notes ?? []
        return { ranges, notes, ahead: notes.map((note) => ahead[stored.indexOf(note)] ?? note) }
      },
    }),
    pack: (partial, room, progress, signal) => packPatches(plan, request, partial, room, progress, signal),
    only: (rows) => onlyPatches(plan, rows, request),
    close: () => source.close(),
  }
  return plan
}

/** Some of the patches. Where contrast is normalised, it is measured on these alone. */
function onlyPatches(
  { source, draws, patchLabels, parts }: PatchesPlan,
  rows: readonly number[],
  request: SourceRequest,
): PatchesPlan {
  return planOf(source, onlyDraws(draws, rows), patchLabels, request, {
    parts: parts && Uint8Array.from(rows, (row) => parts[row]!),
    partial: true,
    skipped: [],
  })
}

/** The parts, before it is known which images are copies of one another; or why the import will be refused, as `checkPatches` says it. */
function likelyParts(draws: Draws, source: PatchSource, { labels }: ImageLabels): Pick<PatchesPlan, 'parts' | 'problem'> {
  try {
    return { parts: splitPatches(draws, source.count, source.parts, labels, null) }
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error
    return { parts: null, problem: toErrorInfo(error) }
  }
}

/**
 * Cuts the patches of a plan into the packed file. An image is read when its turn comes, its patches are written, and it is forgotten.
 * @throws WorkbenchError as `splitPatches` and `normalisePatches` do; DATASET_EMPTY, DISK_FULL
 */
const packPatches: Packing<PatchesPlan> = async (plan, request, partial, room, progress, signal) => {
  const {
    source,
    draws,
    width,
    height,
    count,
    patchLabels: { classes, labels },
  } = plan
  const patch = { width, height },
    shape = { ...patch, channels: source.channels },
    rowBytes = width * height * source.channels
  const { seed = patchDefaults.seed, contrast = patchDefaults.contrast } = request
  requireRoom(count * rowBytes, room)

  const pixels = join(partial, files.pixels),
    file = openSync(pixels, 'w')
  try {
    ftruncateSync(file, count * rowBytes)
  } finally {
    closeSync(file)
  }
  const bad = new Uint8Array(source.count),
    imageHashes = new Uint8Array(source.count * hashBytes)
  const reasons = new Map<number, string>()
  for (let rows = allRows(count), done = 0; ;) {
    progress.update('Cutting patches', done, count, 'patches')
    await source.cut(byImage(draws, rows, source.count), {
      shape,
      pixels,
      signal,
      onResult: (result) => {
        if ('reason' in result) {
          bad[result.image] = 1
          reasons.set(result.image, result.reason)
          return
        }
        imageHashes.set(result.hash, result.image * hashBytes)
        progress.update('Cutting patches', (done += result.patches), count, 'patches')
      },
    })
    rows = rows.filter((row) => bad[draws.image[row]!] === 1)
    if (rows.length === 0) break
    if (reasons.size === source.count) throw noneReadable(source, request, reasons)
    // Images that turned out to be unreadable are drawn again, from what follows in their patches' sequences.
    await drawAll(draws, rows, source, patch, seed, bad, signal)
  }
  const parts = plan.partial ? plan.parts : splitPatches(draws, source.count, source.parts, labels, imageHashes)
  const rows = { path: pixels, count, rowBytes, progress, signal }
  const contrastLimit = contrast === 'normalise' ? await normalisePatches(rows) : undefined
  const hashes = await hashPatches(rows)
  const { notes = [], ranges = null } = source.said?.() ?? {}
  const unreadable = [...reasons.keys()].sort((a, b) => a - b),
    names = source.namesOf(Uint32Array.from(unreadable))
  return {
    kind: 'image',
    ...shape,
    count,
    hashes,
    ...labelsOf(draws, classes, labels),
    parts,
    copies: 'train',
    notes: [...(source.notes ?? []), ...notes],
    ...(ranges && { ranges }),
    ...(contrastLimit === undefined ? {} : { contrastLimit }),
    skipped: [...source.skipped, ...unreadable.map((image, i) => ({ path: names[i]!, reason: reasons.get(image)! }))],
    source: patchesText({
      ...patch,
      count,
      seed,
      contrast,
      channels: request.channels,
      from: source.from,
      testFrom: request.testPath,
    }),
    paths: await placesOf(draws, source, signal),
  }
}

function requireLargeEnough(source: PatchSource, { width, height }: { width: number; height: number }): void {
  if (source.count === 0)
    throw new WorkbenchError('DATASET_EMPTY', 'There is no usable image in it; choose a folder, IDX or npz file with images.', {
      field: 'path',
    })
  for (let image = 0; image < source.count; image++) {
    if (source.widthOf(image) >= width && source.heightOf(image) >= height) continue
    throw new WorkbenchError(
      'IMAGE_SIZE',
      `Patches of ${width} x ${height} do not fit into images of ${source.widthOf(image)} ` +
        `x ${source.heightOf(image)} pixels; choose smaller patches or larger images.`,
      { field: 'patches' },
    )
  }
}

function noneReadable(source: PatchSource, { path }: SourceRequest, reasons: ReadonlyMap<number, string>): WorkbenchError {
  const [name] = source.namesOf(Uint32Array.of(0))
  return new WorkbenchError(
    'DATASET_EMPTY',
    `There is no usable image in ${path}: ${reasons.size === 1 ? '1 file was' : `${reasons.size} files were`} ` +
      `looked at (${name}: ${reasons.get(0)}). Choose other images.`,
    { field: 'path' },
  )
}

/** Each patch's class is its image's; classes of which there is no patch are left out. */
function labelsOf(draws: Draws, classes: readonly string[], labels: Int32Array | null): Pick<Packed, 'classes' | 'labels'> {
  const drawnLabels = labels && Int32Array.from(draws.image, (image) => labels[image]!)
  const present = classes.map((_, label) => label).filter((label) => drawnLabels?.includes(label))
  if (drawnLabels === null || present.length === 0) return { classes: [], labels: null }
  const places = new Map(present.map((label, place) => [label, place]))
  return { classes: present.map((label) => classes[label]!), labels: drawnLabels.map((label) => places.get(label) ?? -1) }
}

/** Where each patch is from, as `paths.bin` has it: the image's name, `@`, column and row of the patch's upper left pixel. */
async function placesOf({ image, x, y }: Draws, source: PatchSource, signal?: AbortSignal): Promise<Buffer> {
  const places = new Names()
  for (let first = 0; first < image.length; first += namesAtOnce) {
    signal?.throwIfAborted()
    source
      .namesOf(image.subarray(first, first + namesAtOnce))
      .forEach((name, i) => places.push(`${name}@${x[first + i]},${y[first + i]}`))
    await setImmediate()
  }
  return places.packed(() => true)
}

/**
 * Refuses what will certainly be refused once the patches are taken, as far as that can be told in a moment: without reading an
 * image, and of a large folder not at all.
 * @throws WorkbenchError as `packPatches`
 */
export async function checkPatches(request: SourceRequest): Promise<void> {
  const source = await openPatchSource(request, { progress: new ProgressReporter(undefined), limit: quickFiles })
  if (source === null) return
  try {
    const { count = patchDefaults.count, seed = patchDefaults.seed } = request,
      patch = patchSize(request)
    requireLargeEnough(source, patch)
    // Of many patches some are of test images, unless there is only one image.
    const drawn = Math.min(count, quickPatches),
      draws = emptyDraws(drawn)
    if (drawn < count && source.count > 1) return
    draw(draws, allRows(drawn), source, patch, seed, new Uint8Array(source.count))
    splitPatches(draws, source.count, source.parts, (await source.labels()).labels, null)
  } finally {
    source.close()
  }
}
