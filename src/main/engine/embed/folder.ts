import { closeSync, openSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Skipped } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { batchSize, decodeAll, decoderCount } from '../data/decoders.ts'
import { listFolder } from '../data/layout.ts'
import { fileBatches } from '../data/listed-image.ts'
import { rowsOfList } from '../data/list-rows.ts'
import type { ProgressReporter } from '../data/progress.ts'
import type { Ranges } from '../data/values/range.ts'
import { requireRoom } from '../data/room.ts'
import { noUsableImage } from '../data/skipped.ts'
import { freeBytesOf } from '../files/disk.ts'
import { readAll } from '../files/durable.ts'
import type { CodesFile } from './codesFile.ts'
import type { OpenEncoder } from './session.ts'

/** What was encoded, in the order of the codes. */
export interface Encoded {
  pathAt(row: number): string
  /** Index of each one's class, -1 for none; null without classes. */
  labels: Int32Array | null
  classes: readonly string[]
  skipped: Skipped[]
}

async function requireFolder(root: string): Promise<void> {
  const field = 'folder'
  const found = await stat(root).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
      throw new WorkbenchError('PATH_MISSING', `There is nothing at ${root}; check the path.`, { field, cause })
    throw new WorkbenchError('PATH_UNREADABLE', `${root} cannot be read; choose another folder, or allow reading it.`, {
      field,
      cause,
    })
  })
  if (!found.isDirectory())
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `${root} is not a folder; choose a folder of images, or import the file as a dataset and embed that.`,
      { field },
    )
}

/**
 * Encodes every image below a folder: decoded as an import does it, by several processes, while what is decoded already goes through the
 * encoder. Files that cannot be read are skipped and named.
 * @param ranges those that the encoder's images were imported with
 * @param work a folder for what is on its way
 * @throws WorkbenchError PATH_MISSING, PATH_UNREADABLE, FILE_UNSUPPORTED, DATASET_EMPTY, DISK_FULL; the signal's reason
 */
export async function encodeFolder(
  root: string,
  open: OpenEncoder,
  codes: CodesFile,
  { work, ranges, progress, signal }: { work: string; ranges: Ranges; progress: ProgressReporter; signal: AbortSignal },
): Promise<Encoded> {
  await requireFolder(root)
  const { width, height, channels, fit, kind } = open.encoder.input
  if (kind === 'rows') {
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `The encoder takes rows of ${width} values that are not images; embed a dataset of such rows.`,
      { field: 'folder' },
    )
  }
  const list = await listFolder(
    { root, valRoot: null, testRoot: null },
    {
      signal,
      lenient: true,
      onCount: (count) => progress.update('Finding files', count, 0, 'files'),
    },
  )
  const { names } = list
  const rowBytes = width * height * channels
  requireRoom(names.count * rowBytes, freeBytesOf(work) ?? Infinity)
  const pixels = join(work, 'pixels.bin')
  closeSync(openSync(pixels, 'w'))
  const rows = openSync(pixels, 'r')
  const decoders = decoderCount(names.count)
  const skipped: Skipped[] = [...list.skipped],
    good: number[] = []
  const failed = new AbortController(),
    ending = AbortSignal.any([signal, failed.signal])
  /** Encoded batches that wait for one before them, by the file that they begin with. */
  const ready = new Map<number, { files: number; values: Float32Array; skipped: { index: number; reason: string }[] }>()
  let next = 0,
    encoding = Promise.resolve()

  const append = () => {
    for (let batch = ready.get(next); batch !== undefined; batch = ready.get(next)) {
      ready.delete(next)
      const reasons = new Map(batch.skipped.map(({ index, reason }) => [index, reason]))
      for (let index = 0; index < batch.files; index++) {
        const reason = reasons.get(index)
        if (reason === undefined) good.push(next + index)
        else skipped.push({ path: list.pathOf(next + index), reason })
      }
      codes.append(batch.values, batch.files - batch.skipped.length)
      next += batch.files
      progress.update('Encoding', next, names.count)
    }
  }
  const encode = async (start: number, files: number, left: { index: number; reason: string }[]) => {
    const count = files - left.length
    const bytes = new Uint8Array(count * rowBytes)
    if (!readAll(rows, bytes, start * rowBytes)) throw new Error('decoded images are missing')
    ready.set(start, { files, skipped: left, values: count === 0 ? new Float32Array() : await open.encode(bytes, count) })
    append()
  }

  try {
    progress.update('Encoding', 0, names.count)
    await decodeAll(
      fileBatches(list, batchSize(names.count, decoders, rowBytes), ending),
      decoders,
      pixels,
      { width, height, channels, fit },
      {
        signal: ending,
        onImages: () => {},
        handling: { task: 'store', ranges },
        onResult: ({ batch, skipped: left }) => {
          encoding = encoding
            .then(() => encode(batch.start, batch.paths.length, left))
            .catch((thrown: unknown) => failed.abort(thrown))
        },
      },
    )
    await encoding
    signal.throwIfAborted()
    failed.signal.throwIfAborted()
  } finally {
    await encoding
    closeSync(rows)
  }
  if (good.length === 0) throw noUsableImage(root, skipped, 'folder')
  return { pathAt: (row) => list.pathOf(good[row]!), ...rowsOfList(list, good), skipped }
}
