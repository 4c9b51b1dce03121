import { join } from 'node:path'
import type { Evaluation, Export } from '../../../shared/domain.ts'
import { WorkbenchError, type ErrorInfo } from '../../../shared/errors.ts'
import { manifestLimits } from '../../../shared/limits.ts'
import { isUnread, readForeignJson } from '../foreignJson.ts'
import { columnsOf, headOf, isOf, partsOf } from '../../../shared/ownedKeys.ts'
import { csvLine, csvText } from '../files/csv.ts'
import { numberKeys } from '../figures/index.ts'

/** One file of a folder of exports, and the run that it is of. */
export interface IndexedFile extends Pick<
  Export,
  'sha256' | 'bytes' | 'opset' | 'maxAbsDiff' | 'reduction' | 'inputs' | 'outputs'
> {
  /** Its name in the folder. */
  file: string
  run: string
  name: string
  variant: string
  seed: number
  /** Title of the experiment's cell, and what is swept in it by dotted key. */
  cell: string | null
  values: Record<string, unknown>
  /** By what its layers were pretrained; null without pretraining, absent in indices of earlier versions. */
  layers?: string | null
  evaluation: Evaluation | null
}

/** What a folder of exports says of itself, as `index.json`. */
export interface FolderIndex {
  workbench: string
  experiment: { id: string; name: string } | null
  dataset: { name: string; sha256: string }
  part: Export['part']
  input: Export['input']
  precision: Export['precision']
  createdAt: string
  files: IndexedFile[]
  /** Runs of which there is no file, and why. */
  failed: ({ run: string; name: string } & ErrorInfo)[]
}

/** Reads the index of a folder. @throws WorkbenchError PATH_MISSING where it has none; FILE_DAMAGED where that is no index */
export async function readIndex(folder: string): Promise<FolderIndex> {
  const path = join(folder, 'index.json')
  try {
    const index = readForeignJson(path, manifestLimits) as FolderIndex | null
    if (Array.isArray(index?.files) && Array.isArray(index.failed)) return index
  } catch (cause) {
    if (isUnread(cause))
      throw new WorkbenchError('PATH_MISSING', `${path} cannot be read; it was moved, or the runs were exported elsewhere.`, {
        field: 'folder',
        cause,
      })
    // Else said below.
  }
  throw new WorkbenchError('FILE_DAMAGED', `${path} is not an index of exported runs; export them again.`, { field: 'folder' })
}

const cell = (value: unknown): string =>
  value === null || value === undefined ? '' : csvText(typeof value === 'string' ? value : JSON.stringify(value))

/** Columns that the table always has, in this order: programs may read them by their place. */
const alwaysListed = [
  'squaredError',
  'crossEntropy',
  'psnr',
  'linearProbeAccuracy',
  'knnAccuracy',
  'classificationAccuracy',
] as const satisfies readonly (keyof Evaluation)[]

/**
 * The index as a table: one line a file, a column for each swept setting, for the figures that it always has, and for each further
 * metric that is one number and that some run has.
 */
export function indexCsv({ files }: FolderIndex): string {
  const listed = new Set<string>(alwaysListed)
  const had = (key: keyof Evaluation) => files.some(({ evaluation }) => typeof evaluation?.[key] === 'number')
  const figures = [...alwaysListed, ...numberKeys().filter((key) => !listed.has(key) && had(key))]
  const owner = ({ variant, layers = null }: IndexedFile) => ({ variant, layers })
  const swept = columnsOf(files.map((item) => ({ keys: Object.keys(item.values), ...owner(item) })))
  const head = ['file', 'run', 'name', 'variant', 'seed', 'cell', ...swept.map(headOf), ...figures, 'bytes', 'maxAbsDiff', 'sha256']
  const rows = files.map((item) => [
    item.file,
    item.run,
    item.name,
    item.variant,
    item.seed,
    item.cell,
    ...swept.map((key) => (isOf(key, owner(item)) ? item.values[partsOf(key).plain] : null)),
    ...figures.map((figure) => item.evaluation?.[figure]),
    item.bytes,
    item.maxAbsDiff,
    item.sha256,
  ])
  return [head, ...rows].map((row) => csvLine(row.map(cell))).join('')
}
