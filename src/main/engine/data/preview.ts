import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fits } from '../../../shared/domain.ts'
import { toErrorInfo } from '../../../shared/errors.ts'
import { isReshaped } from '../../../shared/fitting.ts'
import type { ImportPreview } from '../../../shared/inspection.ts'
import { classesOfTraining } from './classes.ts'
import { fittingOf } from './fitting.ts'
import { files } from './index-file.ts'
import { partNames } from './layout/words.ts'
import { namesIn } from './names.ts'
import { planImport } from './plan.ts'
import { ProgressReporter } from './progress.ts'
import { random, shuffleInPlace } from './random.ts'
import { trainPart, type Packed, type Plan, type SourceRequest } from './request.ts'

/** More files than this are not looked for: an image among those is as good. */
const fileLimit = 20_000
/** So many headers are read at most to find images of other proportions. */
const headerLimit = 1000
/** Bytes that they may take in memory: of very large images there are fewer. */
const mostBytes = 2 ** 27

/**
 * Some images as an import would store them: the plan of those rows alone is packed, by the same code, into a temporary file.
 * @param draw what they are chosen by: one of each class and part in turn
 * @param fitted so many, of other proportions than those stored if there are such, are given by each fit as well
 * @returns rows [count, height, width, channels]; empty for vectors
 * @throws WorkbenchError as `importDataset`
 */
export async function previewImport(
  request: SourceRequest,
  { images, draw, fitted = 0, signal }: { images: number; draw: number; fitted?: number; signal?: AbortSignal | undefined },
): Promise<ImportPreview> {
  const progress = new ProgressReporter(undefined)
  const plan = await planImport(request, { progress, signal, limit: fileLimit })
  let folder: string | null = null
  try {
    folder = await mkdtemp(join(tmpdir(), 'workbench-preview-'))
    const most = Math.max(1, Math.floor(mostBytes / (plan.width * plan.height * plan.channels)))
    const rows = plan.kind === 'image' ? chooseRows(plan, Math.min(images, most), draw) : []
    if (rows.length === 0) {
      const { width, height, channels } = plan
      return { images: { count: 0, width, height, channels, pixels: new Uint8Array() }, shown: [], skipped: [], fitted: [] }
    }
    const known = new Set((request.patches ? plan : classesOfTraining(plan)).classes)
    const { packed, images: stored } = await made(plan.only(rows), folder, signal)
    return {
      images: stored,
      shown: shownOf(packed, known),
      skipped: packed.skipped,
      fitted: await byEachFit(plan, Math.min(fitted, most), draw, folder, signal),
    }
  } finally {
    plan.close?.()
    if (folder !== null) await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
  }
}

/** All rows of a plan, packed into `folder` and read. */
async function made(
  plan: Plan,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<{ packed: Packed; images: ImportPreview['images'] }> {
  const packed = await plan.pack(folder, Infinity, new ProgressReporter(undefined), signal)
  const { count, width, height, channels } = packed
  const pixels = new Uint8Array(await readFile(join(folder, files.pixels)))
  return { packed, images: { count, width, height, channels, pixels } }
}

/** The same few images by each fit. What fails with one of them is told of that one. */
export async function byEachFit(
  plan: Plan,
  wanted: number,
  draw: number,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<ImportPreview['fitted']> {
  const { sizeOf, width, height } = plan
  if (!sizeOf || wanted === 0) return []
  let headers = 0
  const isOther = (row: number): boolean => {
    const size = headers++ < headerLimit ? sizeOf(row) : null
    return size !== null && isReshaped(fittingOf([{ ...size, times: 1 }], { width, height })!)
  }
  const others = chooseRows(plan, wanted, draw, isOther)
  const rows = others.length > 0 ? others : chooseRows(plan, wanted, draw)
  const fitted: ImportPreview['fitted'] = []
  for (const fit of fits) {
    try {
      fitted.push({ fit, images: (await made(plan.only(rows, fit), folder, signal)).images, problem: null })
    } catch (thrown) {
      signal?.throwIfAborted()
      fitted.push({ fit, images: null, problem: toErrorInfo(thrown) })
    }
  }
  return fitted
}

/** Rows of each class in each part in turn, ascending; of those that are images, as far as that is known. */
function chooseRows(
  plan: Plan,
  wanted: number,
  draw: number,
  isWanted = (row: number): boolean => plan.isImage?.(row) ?? true,
): number[] {
  const groups = new Map<string, number[]>()
  for (let row = 0; row < plan.count; row++) {
    if (plan.isFar?.(row)) continue
    const key = `${plan.parts?.[row] ?? trainPart}/${plan.labels?.[row] ?? -1}`,
      group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  const source = random('import preview', draw)
  const queues = [...groups.values()].map((rows) => shuffleInPlace(Uint32Array.from(rows), source))
  const order = shuffleInPlace(Uint32Array.from(queues.keys()), source)
  const chosen: number[] = []
  for (let turn = 0, left = true; left && chosen.length < wanted; turn++) {
    left = false
    for (const queue of order) {
      const row = queues[queue]![turn]
      if (row === undefined) continue
      left = true
      if (chosen.length < wanted && isWanted(row)) chosen.push(row)
    }
  }
  return chosen.sort((a, b) => a - b)
}

/** @param known classes of the whole dataset; others are kept without a label */
function shownOf({ count, labels, classes, parts, paths }: Packed, known: ReadonlySet<string>): ImportPreview['shown'] {
  const names = Buffer.isBuffer(paths) ? namesIn(paths, count) : null
  const label = (row: number) => classes[labels?.[row] ?? -1] ?? ''
  return Array.from({ length: count }, (_, row) => ({
    label: known.has(label(row)) ? label(row) : null,
    part: parts ? partNames[parts[row]!]! : null,
    path: names?.[row] ?? null,
  }))
}
