import { basename } from 'node:path'
import type { CallOutput } from '../../../shared/calls.ts'
import type { Dataset, DatasetNote } from '../../../shared/domain.ts'
import { toErrorInfo, WorkbenchError, type ErrorInfo } from '../../../shared/errors.ts'
import type { Depth, Several } from '../../../shared/inspection.ts'
import { datasetReference } from '../../../shared/patches.ts'
import { partsOf } from '../../../shared/split.ts'
import { counted, thousands } from '../../../shared/words.ts'
import { tableOf } from './class-table.ts'
import { classesLacking, classesOfTraining, doubtsOfClasses } from './classes.ts'
import { fittingOf, type SizeCount } from './fitting.ts'
import { leftOut } from './left-out.ts'
import { openDataset } from './open.ts'
import { planImport } from './plan.ts'
import { ProgressReporter } from './progress.ts'
import { testPart, validationPart, type ImportOptions, type Measured, type Plan, type Rows, type SourceRequest } from './request.ts'
import { hashBytes } from './row-hash.ts'
import { ownSet } from './sets/registry.ts'
import { resolvePath } from './source.ts'
import { splitRows, type Split } from './test-split.ts'

/** More files than this are not looked for: a form must not wait for them. */
const fileLimit = 200_000

/**
 * What an import would make of a source, from the same plan that the import packs. Reads names, and headers of some files;
 * changes nothing.
 * @throws WorkbenchError as `importDataset` would for a source of which nothing can be said; CANCELLED
 */
export async function inspectImport(
  request: SourceRequest,
  { signal, onProgress }: ImportOptions = {},
): Promise<CallOutput<'datasets.inspect'>> {
  const progress = new ProgressReporter(onProgress)
  const plan = await planImport(request, { progress, signal, limit: fileLimit })
  try {
    // In this order: a file that turns out unreadable while its values are measured is left out, and said to be.
    const measured = await measureSoon(plan, signal),
      checked = await plan.check?.({ progress, signal })
    const several = await plan.countPages?.({ progress, signal })
    const found = describePlan(plan, checked?.rows ?? plan, checked?.counts ?? plan.counts ?? [], request)
    return {
      ...found,
      ...(checked && { checked: checked.files, ...leftOut(checked.skipped) }),
      pages: several && several.files > 0 ? several : null,
      ranges: measured === 'late' ? null : (measured?.ranges ?? null),
      notes: [
        ...found.notes,
        ...(checked?.notes ?? []),
        ...(measured === 'late' ? [lateNote] : (measured?.ahead ?? [])),
        ...(several && several.files > 0 && request.pages !== 'all' ? [firstPages(several, plan.count)] : []),
      ],
    }
  } finally {
    plan.close?.()
  }
}

function firstPages({ files, pages, looked }: Several, all: number): DatasetNote {
  const those = looked < all ? `Of ${thousands(looked)} files that were looked at, ${thousands(files)}` : counted(files, 'file')
  const message =
    `${those} ${files === 1 ? 'has' : 'have'} several pages or frames (${thousands(pages)} in all); ` +
    'the first of each will be taken. --pages all takes each of a TIFF, GIF or WebP as an image.'
  return { code: 'firstPages', message }
}

/** How long values are looked at, in milliseconds. */
const patience = 5000
const lateNote = {
  code: 'valuesNotMeasured',
  message: 'There are too many values to look at all of them here; the import does, and notes which range of them it takes.',
}

/** The ranges of values, unless that takes long. */
async function measureSoon({ measure }: Plan, signal?: AbortSignal): Promise<Measured | 'late' | undefined> {
  const late = AbortSignal.timeout(patience)
  try {
    return await measure?.(signal ? AbortSignal.any([signal, late]) : late)
  } catch (error) {
    if (late.aborted && !signal?.aborted) return 'late'
    throw error
  }
}

/** @param all those of the plan that are left once headers were looked at @param counts their sizes, as far as they are known */
function describePlan(plan: Plan, all: Rows, counts: readonly SizeCount[], request: SourceRequest): CallOutput<'datasets.inspect'> {
  // Parts of patches may be drawn, and then say nothing of classes.
  const rows = request.patches ? { ...all, notes: [], untrained: [] } : classesOfTraining(all)
  const { kind, sizes = null, truncated = false } = plan,
    { count, labels, classes, parts } = rows
  // A folder in which no image was found says nothing of a shape.
  const shaped = plan.sizes !== null
  const split = plan.problem ? { rows: null, problem: plan.problem } : splitOf(rows, request)
  const brought = { validation: parts?.includes(validationPart) ?? false, test: parts?.includes(testPart) ?? false }
  const doubts = doubtsOfClasses({ classes, labels, parts: split.rows?.parts ?? parts, untrained: rows.untrained }, null)
  if (split.rows && !request.patches) doubts.push(...classesLacking(rows, split.rows.parts))
  const byClass = split.rows && tableOf({ classes, labels, count, ...split.rows })
  return {
    kind: plan.from,
    about: ownSet(request.path)?.description ?? null,
    images: kind === 'image',
    files: plan.count,
    truncated,
    checked: plan.count,
    count,
    classes,
    parts: split.rows && partsOf({ count, validationCount: split.rows.validation.length, testCount: split.rows.test.length }),
    brought: (['validation', 'test'] as const).filter((part) => brought[part]),
    byClass,
    labelsFrom: classes.length > 0 ? plan.labelsFrom : null,
    ...(shaped
      ? { width: plan.width, height: plan.height, channels: plan.channels }
      : { width: null, height: null, channels: null }),
    sizedBy: shaped ? (plan.sizedBy ?? null) : null,
    fit: request.fit,
    fitting: shaped ? fittingOf(counts, plan) : null,
    sizes,
    depth: depthOf(plan),
    pages: null,
    ...leftOut(plan.skipped),
    notes: [...plan.notes, ...rows.notes, ...doubts, ...(split.rows?.notes ?? [])],
    ranges: null,
    problem: split.problem,
    suggestedName: suggestName(request.path),
  }
}

/** What is stored here: bytes, or floats of 32 bits. */
const ownDepth = (kind: Dataset['kind']): Depth => (kind === 'image' ? { bits: 8, kind: 'unsigned' } : { bits: 32, kind: 'float' })

function depthOf({ depths, from, kind }: Plan): CallOutput<'datasets.inspect'>['depth'] {
  const [deepest, ...others] = depths ?? (['sample', 'synthetic', 'dataset'].includes(from) ? [ownDepth(kind)] : [])
  return deepest === undefined ? null : { ...deepest, mixed: others.length > 0 }
}

/** The same of a dataset that is here already. */
export function inspectDataset(dataset: Dataset, folder: string): CallOutput<'datasets.inspect'> {
  const { kind, name, count, classes, width, height, channels, fit, validationCount, testCount } = dataset
  const open = openDataset(folder, { resident: false })
  try {
    return {
      kind: 'dataset',
      about: null,
      images: kind === 'image',
      files: count,
      truncated: false,
      checked: count,
      count,
      classes,
      parts: partsOf(dataset),
      brought: [...(validationCount > 0 ? ['validation' as const] : []), ...(testCount > 0 ? ['test' as const] : [])],
      byClass: tableOf(open),
      labelsFrom: classes.length > 0 ? 'those of the dataset' : null,
      width,
      height,
      channels,
      sizedBy: null,
      fit,
      fitting: null,
      sizes: null,
      depth: { ...ownDepth(kind), mixed: false },
      pages: null,
      ranges: null,
      skippedCount: 0,
      skipped: [],
      notes: [],
      problem: null,
      suggestedName: suggestName(`dataset:${name}`),
    }
  } finally {
    open.close()
  }
}

/** The split of rows of which no two are known to be alike, by the import's own rules; or why there is none. */
function splitOf(rows: Rows, request: SourceRequest): { rows: Split | null; problem: ErrorInfo | null } {
  const { count } = rows,
    hashes = new Uint8Array(count * hashBytes)
  const words = new Uint32Array(hashes.buffer)
  for (let row = 0; row < count; row++) words[row * (hashBytes / 4)] = row
  try {
    return { rows: splitRows(rows, hashes, request), problem: null }
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error
    return { rows: null, problem: toErrorInfo(error) }
  }
}

/** A dataset's name from where it comes: the folder's or file's name without its ending. */
export function suggestName(path: string): string {
  if (ownSet(path) !== null) return path.trim()
  const reference = datasetReference(path)
  if (reference !== null) return reference.slice(0, 200).trim()
  const name = basename(resolvePath(path))
    .replace(/\.(npz|gz|zip|tgz|parquet|tar(\.(gz|zst))?)$/i, '')
    .slice(0, 200)
    .trim()
  return name === '' ? 'images' : name
}
