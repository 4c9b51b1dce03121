import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { damagedFile, unsupportedFile } from '../byte-stream.ts'
import { itemBytes, valuesOf, type NumberType, type StoredArray } from '../numbers.ts'
import type { NpzArray } from '../npy.ts'
import { openReaderThread } from '../reader-thread.ts'
import { deflateGrowth } from '../zip.ts'
import { textArray } from '../text-array.ts'
import type { Answer, Hdf5Dataset, Listing, Question } from './messages.ts'

/** HDF5 files, read block by block in a thread of their own. */

const blockBytes = 2 ** 21
/** Chunks are unpacked whole. */
const mostChunkBytes = 2 ** 28
const longestText = 4096
const mostTextBytes = 2 ** 26
const textsAtOnce = 1000

/** Asks a new thread that has the file open; `ask` may be called again and again until `work` ends. */
async function withReader<T>(
  file: string,
  signal: AbortSignal | undefined,
  work: (ask: (question: Question) => Promise<Answer>) => Promise<T>,
): Promise<T> {
  const reader = openReader(file, signal)
  try {
    return await work(reader.ask)
  } finally {
    await reader.close()
  }
}

function openReader(file: string, signal: AbortSignal | undefined) {
  const thread = openReaderThread<Question, Answer>(file, new URL('./reader.ts', import.meta.url), { library: 'HDF5', signal })
  return {
    async ask(question: Question): Promise<Answer> {
      const answer = await thread.ask(question)
      if (answer.type === 'unreadable') throw damagedFile(file, `HDF5 cannot read it (${answer.message.split('\n')[0]})`)
      return answer
    },
    close: () => thread.close(),
  }
}

/** What datasets a file holds. @throws WorkbenchError FILE_DAMAGED; the signal's reason */
export async function listDatasets(file: string, signal?: AbortSignal): Promise<Listing> {
  return withReader(file, signal, async (ask) => ((await ask({ type: 'list' })) as Extract<Answer, { type: 'listing' }>).listing)
}

/**
 * A dataset as an array.
 * @throws WorkbenchError FILE_UNSUPPORTED, FILE_DAMAGED where it is said to hold more than the file can
 */
export async function openDatasetOf(file: string, dataset: Hdf5Dataset, signal?: AbortSignal): Promise<NpzArray> {
  const { path, shape, type } = dataset,
    name = `${basename(file)}/${path}`
  if ('unread' in type) throw unsupportedFile(file, `holds ${path}, which ${type.unread}.`)
  requirePossible(file, dataset, 'number' in type ? itemBytes(type.number as NumberType) : type.text === 'variable' ? 0 : type.text)
  const common = { file, name, shape, bigEndian: false }
  if ('number' in type)
    return {
      ...common,
      type: type.number as NumberType,
      pieces: () => pieces(file, dataset, itemBytes(type.number as NumberType), signal),
    }
  if (type.text === 'variable') return texts(file, dataset, common, signal)
  if (type.text > longestText)
    throw unsupportedFile(file, `holds texts of ${type.text} characters in ${path}; ${longestText} are possible.`)
  const characters = type.text
  return { ...common, type: 'S', characters, pieces: () => pieces(file, dataset, characters, signal) }
}

/** What a header promises must fit into the file, even at the best compression. */
function requirePossible(file: string, { path, shape, chunks }: Hdf5Dataset, size: number): void {
  const bytes = valuesOf(shape) * size,
    has = statSync(file).size,
    most = chunks === null ? has : has * deflateGrowth
  if (!(bytes <= most)) throw damagedFile(file, `its header promises ${bytes} bytes in ${path}, and the whole file has ${has}`)
  if (chunks !== null && valuesOf(chunks) * Math.max(1, size) > mostChunkBytes) {
    throw unsupportedFile(
      file,
      `holds ${path} in pieces of ${valuesOf(chunks) * size} bytes, which are unpacked whole; repack it with smaller chunks.`,
    )
  }
}

/** Values in C order, in blocks of a few megabytes that follow the chunks. */
async function* pieces(
  file: string,
  { path, shape, chunks }: Hdf5Dataset,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  if (valuesOf(shape) === 0) return
  const reader = openReader(file, signal)
  try {
    for (const { offset, count } of blocksOf(shape, chunks, size)) {
      const answer = (await reader.ask({ type: 'read', path, offset, count })) as Extract<Answer, { type: 'bytes' }>
      yield Buffer.from(answer.bytes)
    }
  } finally {
    await reader.close()
  }
}

/** Blocks that follow one another in C order: whole ones of the innermost axes, some rows of the one before them. */
function* blocksOf(
  shape: readonly number[],
  chunks: readonly number[] | null,
  size: number,
): Generator<{ offset: number[]; count: number[] }> {
  let axis = shape.length - 1
  while (axis > 0 && valuesOf(shape.slice(axis)) * size <= blockBytes) axis--
  // Chunks are not unpacked more often than is needed, as long as a row of them is not too large.
  const high = (at: number) => chunks?.[at] ?? 1,
    inner = (at: number) => valuesOf(shape.slice(at + 1)) * size
  while (axis > 0 && inner(axis - 1) * high(axis - 1) <= mostChunkBytes / 4 && chunks !== null && high(axis - 1) > 1) axis--
  const rows = Math.max(1, Math.floor(blockBytes / inner(axis))),
    step = inner(axis) * high(axis) <= mostChunkBytes / 4 ? Math.ceil(rows / high(axis)) * high(axis) : rows
  const outer = shape.slice(0, axis),
    offset = outer.map(() => 0)
  for (let place = 0; place < valuesOf(outer); place++) {
    for (let row = 0; row < shape[axis]!; row += step) {
      yield {
        offset: [...offset, row, ...shape.slice(axis + 1).map(() => 0)],
        count: [...outer.map(() => 1), Math.min(step, shape[axis]! - row), ...shape.slice(axis + 1)],
      }
    }
    for (let at = axis - 1; at >= 0 && ++offset[at]! === shape[at]; at--) offset[at] = 0
  }
}

/** Texts of any length as those of a fixed one, for labels. */
async function texts(
  file: string,
  { path, shape }: Hdf5Dataset,
  common: Omit<StoredArray, 'type' | 'pieces'>,
  signal?: AbortSignal,
): Promise<NpzArray> {
  const total = valuesOf(shape),
    found: string[] = [],
    known = new Map<string, string>()
  if (shape.length !== 1 || total > statSync(file).size) throw unsupportedFile(file, `holds texts in ${path} that are not a list.`)
  await withReader(file, signal, async (ask) => {
    let bytes = 0
    for (let row = 0; row < total; row += textsAtOnce) {
      const count = [Math.min(textsAtOnce, total - row)]
      const answer = (await ask({ type: 'read', path, offset: [row], count })) as Extract<Answer, { type: 'texts' }>
      for (const text of answer.texts) {
        if (text.length > longestText || (!known.has(text) && (bytes += text.length) > mostTextBytes)) {
          throw unsupportedFile(file, `holds texts in ${path} that are too long for names of classes.`)
        }
        found.push(known.get(text) ?? (known.set(text, text), text))
      }
    }
  })
  return textArray(found, { ...common })
}
