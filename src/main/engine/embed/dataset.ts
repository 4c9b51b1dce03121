import { rowPaths } from '../data/open.ts'
import type { PackedDataset } from '../data/packed.ts'
import type { ProgressReporter } from '../data/progress.ts'
import { misfit } from './fitting.ts'
import type { Encoded } from './folder.ts'
import type { CodesFile } from './codesFile.ts'
import type { OpenEncoder } from './session.ts'

/** Rows at a time: at most 1,000, and about 16 MB. */
const limitOf = (rowSize: number): number => Math.max(16, Math.min(1000, Math.floor(4e6 / rowSize)))

/** Encodes every row of a dataset, in its order. @throws WorkbenchError IMAGE_SIZE, FILE_UNSUPPORTED; the signal's reason */
export async function encodeDataset(
  dataset: PackedDataset,
  folder: string,
  open: OpenEncoder,
  codes: CodesFile,
  { progress, signal }: { progress: ProgressReporter; signal: AbortSignal },
): Promise<Encoded> {
  const wrong = misfit(open.encoder, { ...dataset, normalised: dataset.contrastLimit !== undefined })
  if (wrong !== null) throw wrong
  const limit = limitOf(dataset.rowSize)
  for (let start = 0; start < dataset.count; start += limit) {
    signal.throwIfAborted()
    const count = Math.min(limit, dataset.count - start)
    const rows = dataset.kind === 'image' ? new Uint8Array(count * dataset.rowSize) : new Float32Array(count * dataset.rowSize)
    dataset.gather(
      Uint32Array.from({ length: count }, (_, index) => start + index),
      rows,
    )
    codes.append(await open.encode(rows, count), count)
    progress.update('Encoding', start + count, dataset.count)
  }
  let names: { first: number; paths: string[] } = { first: 0, paths: [] }
  const pathAt = (row: number): string => {
    if (row < names.first || row >= names.first + names.paths.length) {
      names = {
        first: row,
        paths: rowPaths(
          folder,
          Array.from({ length: Math.min(4096, dataset.count - row) }, (_, index) => row + index),
        ),
      }
    }
    return names.paths[row - names.first]!
  }
  return { pathAt, labels: dataset.labels, classes: dataset.classes, skipped: [] }
}
