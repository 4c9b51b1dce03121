import { WorkbenchError } from '../../../shared/errors.ts'
import { rowPaths } from '../data/open.ts'
import type { PackedDataset } from '../data/packed.ts'
import type { Meter } from '../data/progress.ts'
import type { Encoded } from './folder.ts'
import type { CodesFile } from './npy.ts'
import type { OpenEncoder } from './session.ts'

/** Rows at a time: at most 1,000, and about 16 MB. */
const limitOf = (rowSize: number): number => Math.max(16, Math.min(1000, Math.floor(4e6 / rowSize)))

const sizeOf = ({ kind, width, height, channels }: { kind: string; width: number; height: number; channels: number }): string => (kind === 'image' ? `images of ${width} × ${height} with ${channels} channel${channels === 1 ? '' : 's'}` : `rows of ${width} values`)

/** @throws WorkbenchError IMAGE_SIZE */
function requireFitting({ input, metadata }: OpenEncoder['encoder'], dataset: PackedDataset): void {
  if (dataset.kind === 'vector' && input.type === 'uint8') throw new WorkbenchError('FILE_UNSUPPORTED', 'The encoder takes bytes, and the dataset has vectors of reals; choose another dataset or encoder.', { field: 'dataset' })
  if (metadata['contrast'] === 'normalise' && dataset.contrastLimit !== undefined) {
    throw new WorkbenchError('FILE_UNSUPPORTED', 'The encoder normalises the contrast of patches itself, and those of the dataset are normalised already; export it with raw input, or embed the run.', { field: 'model' })
  }
  const wanted = { ...input, kind: input.kind === 'rows' ? 'vector' : 'image' }
  // Flat rows do not say whether they are images: what counts is how many values they have.
  if (input.layout === 'ND' && input.width * input.height * input.channels === dataset.rowSize && (input.kind === 'rows' || dataset.kind === 'image')) return
  if (wanted.kind === dataset.kind && input.width === dataset.width && input.height === dataset.height && input.channels === dataset.channels) return
  const remedy = input.kind === 'image' ? `import the images with ${input.width} × ${input.height} and ${input.channels} channel${input.channels === 1 ? '' : 's'}` : 'choose a dataset of such rows'
  throw new WorkbenchError('IMAGE_SIZE', `The encoder takes ${sizeOf(wanted)}, and the dataset has ${sizeOf(dataset)}; ${remedy}.`, { field: 'dataset' })
}

/** Encodes every row of a dataset, in its order. @throws WorkbenchError IMAGE_SIZE; the signal's reason */
export async function encodeDataset(dataset: PackedDataset, folder: string, open: OpenEncoder, codes: CodesFile, { meter, signal }: { meter: Meter; signal: AbortSignal }): Promise<Encoded> {
  requireFitting(open.encoder, dataset)
  const limit = limitOf(dataset.rowSize)
  for (let start = 0; start < dataset.count; start += limit) {
    signal.throwIfAborted()
    const count = Math.min(limit, dataset.count - start)
    const rows = dataset.kind === 'image' ? new Uint8Array(count * dataset.rowSize) : new Float32Array(count * dataset.rowSize)
    dataset.gather(Uint32Array.from({ length: count }, (_, index) => start + index), rows)
    codes.append(await open.encode(rows, count), count)
    meter.update('Encoding', start + count, dataset.count)
  }
  let names: { first: number; paths: string[] } = { first: 0, paths: [] }
  const pathAt = (row: number): string => {
    if (row < names.first || row >= names.first + names.paths.length) {
      names = { first: row, paths: rowPaths(folder, Array.from({ length: Math.min(4096, dataset.count - row) }, (_, index) => row + index)) }
    }
    return names.paths[row - names.first]!
  }
  return { pathAt, labels: dataset.labels, classes: dataset.classes, skipped: [] }
}
