import { open, type FileHandle } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { ColumnChunk } from 'hyparquet'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { damagedFile } from '../byte-stream.ts'
import { checkGroups, leavesOf, readFooter, type Leaf } from './footer.ts'
import type { Answer, ParquetValue, Question } from './messages.ts'
import { readPages, type Page } from './pages.ts'

/** A thread that reads one Parquet file by hyparquet: on a file that lies it may run for ever, and then the thread can be ended. */
const { file: path } = workerData as { file: string }

/** What one answer holds at most, but for a single value that is larger. */
const mostValues = 2 ** 16
const mostBytes = 2 ** 26

interface Opened {
  file: FileHandle
  columns: readonly Leaf[]
  groups: readonly { columns: readonly ColumnChunk[]; rows: number }[]
}
let opened: Opened | null = null

/** Where a column is being read: what is left of the page in which it is. */
interface Place {
  pages: AsyncGenerator<Page>
  page: Page | null
  left: number
}
const places = new Map<number, Place>()

/** Errors of the library are those of the file. */
const damaged = (what: string, error: unknown): unknown =>
  error instanceof WorkbenchError ? error : damagedFile(path, what, error)

async function describe(): Promise<Answer> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const metadata = await readFooter(file, size, path)
    const columns = leavesOf(metadata.schema, path)
    checkGroups(metadata, columns, size, path)
    const groups = metadata.row_groups.map((group) => ({ columns: group.columns, rows: Number(group.num_rows) }))
    opened = { file, columns, groups }
    const description = {
      rows: Number(metadata.num_rows),
      groups: groups.map(({ rows }) => rows),
      columns: columns.map(({ index, path, type, repeated, unsigned, text, json }) => ({
        index,
        path,
        type,
        repeated,
        unsigned,
        text,
        json,
      })),
      notes: new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? ''])),
    }
    return { type: 'description', description }
  } catch (error) {
    await file.close()
    throw damaged('what it says of itself cannot be read', error)
  }
}

async function values({ column, group, begin }: Extract<Question, { type: 'values' }>): Promise<Answer> {
  const { file, columns, groups } = opened!,
    leaf = columns[column]!
  try {
    if (begin) {
      const { columns: chunks, rows } = groups[group]!
      places.set(column, { pages: readPages(file, leaf, chunks[column]!, rows, path), page: null, left: 0 })
    }
    const place = places.get(column)!
    while (place.left === 0) {
      const next = await place.pages.next()
      if (next.done) {
        places.delete(column)
        return { type: 'end' }
      }
      place.page = next.value
      place.left = next.value.count
    }
    const found: ParquetValue[] = []
    for (let bytes = 0; place.left > 0 && found.length < mostValues && bytes < mostBytes; place.left--) {
      const value = place.page!.next()
      if (value instanceof Uint8Array) bytes += value.length
      found.push(value)
    }
    return leaf.type.endsWith('BYTE_ARRAY') ? packed(found as (Uint8Array | null)[]) : { type: 'values', values: found as number[] }
  } catch (error) {
    throw damaged(`what it holds of ${leaf.path.join('.')} cannot be read`, error)
  }
}

/** Values one after another: many of them share the bytes of their page, or of a dictionary that stays. */
function packed(values: readonly (Uint8Array | null)[]): Answer {
  const lengths = Int32Array.from(values, (value) => value?.length ?? -1)
  const bytes = new Uint8Array(values.reduce((sum, value) => sum + (value?.length ?? 0), 0))
  let at = 0
  for (const value of values) {
    if (value === null) continue
    bytes.set(value, at)
    at += value.length
  }
  return { type: 'bytes', bytes: bytes.buffer, lengths }
}

parentPort!.on('message', (question: Question) => {
  const answer = question.type === 'open' ? describe() : values(question)
  void answer.catch(refusal).then((answer) => {
    parentPort!.postMessage(answer, answer.type === 'bytes' ? [answer.bytes, answer.lengths.buffer as ArrayBuffer] : [])
  })
})

const refusal = (error: unknown): Answer =>
  error instanceof WorkbenchError
    ? { type: 'refused', error: error.toInfo() }
    : { type: 'failed', code: (error as { code?: string }).code, message: (error as Error).message }
