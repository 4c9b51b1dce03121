import { open, type FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  parquetMetadata,
  snappyUncompress,
  type ColumnChunk,
  type Compressors,
  type FileMetaData,
  type SchemaElement,
} from 'hyparquet'
import { compressors as others } from 'hyparquet-compressors'
import { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js'
import { readPlain } from 'hyparquet/src/plain.js'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { thousands } from '../../../../shared/words.ts'
import { bytesAt, damagedFile, unsupportedFile } from '../byte-stream.ts'

/**
 * The one door of hyparquet: columns of Parquet files, page by page, so that memory does not grow with the file. What a file
 * says of sizes and counts is held against its real size before anything is made of it.
 */
const mega = 2 ** 20
const mostFooter = 16 * mega
/** Of a page, packed or unpacked. Writers make them of 1 MB, or of one large value, or (some) of a thousand values. */
const mostPage = 512 * mega
const mostRows = 20_000_000

/** A column of plain values: the path of its names, and how often its values may be missing. */
export interface ParquetColumn {
  index: number
  path: readonly string[]
  type: string
  /** Whether a row may have several values. */
  repeated: boolean
  /** Whether its numbers are whole ones without a sign. */
  unsigned: boolean
  /** Whether its bytes are text, and whether that is JSON. */
  text: boolean
  json: boolean
}
export type ParquetValue = Uint8Array | number | bigint | boolean | null

export interface ParquetFile {
  path: string
  rows: number
  /** Rows of each group. */
  groups: readonly number[]
  columns: readonly ParquetColumn[]
  /** What writers added, by name. */
  notes: ReadonlyMap<string, string>
  /** The values of a column in one group, page by page; what a page gives is valid until the next. */
  read(column: ParquetColumn, group: number): AsyncGenerator<ArrayLike<ParquetValue>>
  close(): Promise<void>
}

interface Leaf extends ParquetColumn {
  element: SchemaElement
  schemaPath: { element: SchemaElement; children: never[]; count: number; path: string[] }[]
  definition: number
}

/** What unpacks to more than was said ends there. */
const compressors: Compressors = {
  SNAPPY: (input, length) => {
    const out = new Uint8Array(length)
    snappyUncompress(input, out)
    return out
  },
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ...(others.LZ4 ? { LZ4: others.LZ4 } : {}),
  ...(others.LZ4_RAW ? { LZ4_RAW: others.LZ4_RAW } : {}),
}
/** To how much more a codec can unpack its input at most; others are ended when they do. */
const mostRatio: Record<string, number> = { UNCOMPRESSED: 1, SNAPPY: 64, LZ4: 256, LZ4_RAW: 256, GZIP: 1100 }

/** @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED */
export async function openParquet(path: string): Promise<ParquetFile> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const metadata = await readFooter(file, size, path)
    const columns = leavesOf(metadata.schema)
    checkGroups(metadata, columns, size, path)
    return {
      path,
      columns,
      rows: Number(metadata.num_rows),
      groups: metadata.row_groups.map(({ num_rows: rows }) => Number(rows)),
      notes: new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? ''])),
      read: (column, group) => {
        const { columns: chunks, num_rows: rows } = metadata.row_groups[group]!
        return readChunk(file, columns[column.index]!, chunks[column.index]!, Number(rows), path)
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw damaged(path, 'what it says of itself cannot be read', error)
  }
}

/** Errors of the library are those of the file. */
const damaged = (path: string, what: string, error: unknown): unknown =>
  error instanceof WorkbenchError ? error : damagedFile(path, what, error)

async function readFooter(file: FileHandle, size: number, path: string): Promise<FileMetaData> {
  const tail = await bytesAt(file, Math.max(0, size - 8), 8)
  const mark = tail.toString('latin1', 4, 8)
  if (mark === 'PARE') throw unsupportedFile(path, 'is encrypted; save it without.')
  if (size < 12 || mark !== 'PAR1') throw damagedFile(path, 'its end is missing; it is truncated or no Parquet file')
  const length = tail.readUInt32LE(0)
  if (length > size - 12 || length > mostFooter) throw damagedFile(path, 'the description of its contents is larger than it can be')
  const footer = await bytesAt(file, size - 8 - length, length + 8)
  return parquetMetadata(plainly(footer), { geoparquet: false })
}

/** The columns of values, in the order in which the groups have them. */
function leavesOf(schema: readonly SchemaElement[]): Leaf[] {
  const leaves: Leaf[] = []
  let next = 1
  const descend = (above: Leaf['schemaPath']) => {
    const element = schema[next++]
    if (element === undefined || above.length > 64) throw new RangeError('the schema ends early')
    const path = [...above.slice(1).map((one) => one.element.name), element.name]
    const here = [...above, { element, children: [] as never[], count: 1, path }]
    if (element.num_children) {
      for (let child = 0; child < element.num_children; child++) descend(here)
      return
    }
    const levels = here.slice(1).filter((one) => one.element.repetition_type !== 'REQUIRED')
    leaves.push({
      index: leaves.length,
      path,
      type: element.type ?? '',
      element,
      schemaPath: here,
      definition: levels.length,
      repeated: levels.some((one) => one.element.repetition_type === 'REPEATED'),
      unsigned:
        (element.logical_type?.type === 'INTEGER' && !element.logical_type.isSigned) ||
        element.converted_type?.startsWith('UINT_') === true,
      json: element.converted_type === 'JSON' || element.logical_type?.type === 'JSON',
      text:
        element.converted_type === 'UTF8' ||
        element.converted_type === 'ENUM' ||
        element.logical_type?.type === 'STRING' ||
        element.logical_type?.type === 'ENUM',
    })
  }
  const root = { element: schema[0]!, children: [] as never[], count: 1, path: [] }
  while (next < schema.length) descend([root])
  return leaves
}

function checkGroups(
  { row_groups: groups, num_rows: all }: FileMetaData,
  columns: readonly Leaf[],
  size: number,
  path: string,
): void {
  const lies = (what: string) => damagedFile(path, `${what}, which its size contradicts`)
  let rows = 0,
    together = 0
  for (const group of groups) {
    rows += Number(group.num_rows)
    if (group.columns.length !== columns.length || group.num_rows < 0)
      throw lies('it says that a group has other columns than the file')
    for (const { meta_data: chunk } of group.columns) {
      if (!chunk) throw unsupportedFile(path, 'is encrypted, or keeps its columns in other files; save it as one file.')
      // Of no rows there are no pages, wherever they are said to lie.
      if (Number(group.num_rows) === 0) continue
      const start = chunkStart(chunk),
        length = Number(chunk.total_compressed_size)
      if (!(start >= 4 && length >= 0 && start + length <= size - 8)) throw lies('it says that a column lies beyond its end')
      together += length
    }
  }
  // A few bytes that many groups share would be unpacked as often.
  if (together > size) throw lies('it says that columns lie in one another')
  if (rows !== Number(all)) throw lies(`it says that it has ${all} rows, and its groups have ${rows}`)
  if (rows > size) throw lies(`it says that it has ${thousands(rows)} rows`)
  if (rows > mostRows) throw unsupportedFile(path, `holds ${thousands(rows)} rows; at most ${thousands(mostRows)} are possible.`)
}

type Chunk = NonNullable<ColumnChunk['meta_data']>
/** Some writers leave the place of the dictionary out, or write 0. */
const chunkStart = ({ dictionary_page_offset: dictionary, data_page_offset: data }: Chunk): number =>
  dictionary && dictionary < data ? Number(dictionary) : Number(data)

/** The same bytes as no Buffer, whose `slice` makes no copy where the library expects one. */
const plainly = (bytes: Buffer) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)

async function* readChunk(
  file: FileHandle,
  leaf: Leaf,
  { meta_data: chunk }: ColumnChunk,
  rows: number,
  path: string,
): AsyncGenerator<ArrayLike<ParquetValue>> {
  const { codec, total_compressed_size: length } = chunk!,
    name = leaf.path.join('.')
  const decoder = { ...leaf, pathInSchema: [...leaf.path], codec, compressors } as unknown as Parameters<typeof readDataPage>[2] &
    Parameters<typeof readDataPageV2>[2]
  let dictionary: ArrayLike<ParquetValue> | undefined
  try {
    for (let at = chunkStart(chunk!), end = at + Number(length), seen = 0; seen < rows;) {
      const { header, size } = await pageHeader(file, at, end)
      at += size
      const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header
      const values =
        header.data_page_header?.num_values ??
        header.data_page_header_v2?.num_values ??
        header.dictionary_page_header?.num_values ??
        0
      if (!(packed >= 0 && at + packed <= end) || !(unpacked >= 0)) throw damagedFile(path, `a page of ${name} lies beyond its end`)
      if (unpacked > packed * (mostRatio[codec] ?? Infinity) + 1024) {
        throw damagedFile(path, `a page of ${name} says that it is larger than it can be`)
      }
      if (unpacked > mostPage) {
        throw unsupportedFile(
          path,
          `has pages of ${Math.round(unpacked / mega)} MB in ${name}; ` +
            'save it again with smaller groups of rows (pyarrow: row_group_size=100).',
        )
      }
      if (!(values >= 0 && values <= (header.type === 'DICTIONARY_PAGE' ? unpacked : rows - seen))) {
        throw damagedFile(path, `a page of ${name} has more values than rows`)
      }
      const bytes = plainly(await bytesAt(file, at, packed))
      at += packed
      if (header.type === 'DICTIONARY_PAGE') {
        const page = decompressPage(bytes, unpacked, codec, compressors)
        dictionary = readPlain(
          { view: viewOf(page), offset: 0 },
          chunk!.type,
          values,
          leaf.element.type_length,
        ) as ArrayLike<ParquetValue>
      } else if (header.type === 'DATA_PAGE' || header.type === 'DATA_PAGE_V2') {
        const encoding = header.data_page_header?.encoding ?? header.data_page_header_v2?.encoding ?? ''
        // Beginnings that are shared with the value before may add up to anything.
        if (encoding === 'DELTA_BYTE_ARRAY' && values * unpacked > 2 ** 30) {
          throw unsupportedFile(path, `has ${name} in an encoding (${encoding}) that is not read; save it again without.`)
        }
        const page = header.data_page_header
          ? readDataPage(decompressPage(bytes, unpacked, codec, compressors), header.data_page_header, decoder)
          : readDataPageV2(bytes, header, decoder)
        yield valuesOf(page, values, leaf.definition, encoding.endsWith('_DICTIONARY') ? (dictionary ?? []) : null)
        seen += values
      }
      await setImmediate()
    }
  } catch (error) {
    throw damaged(path, `what it holds of ${name} cannot be read`, error)
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What stands before a page; longer where a writer put the least and greatest values into it. */
async function pageHeader(
  file: FileHandle,
  at: number,
  end: number,
): Promise<{ header: ReturnType<typeof parquetHeader>; size: number }> {
  for (const step of [2 ** 12, 2 ** 20, 2 ** 24]) {
    const bytes = await bytesAt(file, at, Math.min(step, Math.max(0, end - at))),
      reader = { view: viewOf(bytes), offset: 0 }
    try {
      return { header: parquetHeader(reader), size: reader.offset }
    } catch (error) {
      if (bytes.length < step || step === 2 ** 24) throw error
    }
  }
  throw new RangeError('unreachable')
}

function valuesOf(
  { definitionLevels: levels, dataPage }: { definitionLevels: ArrayLike<number> | undefined; dataPage: ArrayLike<unknown> },
  count: number,
  definition: number,
  dictionary: ArrayLike<ParquetValue> | null,
): ArrayLike<ParquetValue> {
  const stored = (index: number): ParquetValue => {
    if (index >= dataPage.length) throw new RangeError('a page ends early')
    const value = dataPage[index] as ParquetValue
    if (dictionary === null) return value
    if (!(Number(value) < dictionary.length)) throw new RangeError('a value that the dictionary lacks')
    return dictionary[Number(value)]!
  }
  const out: ParquetValue[] = []
  for (let i = 0, next = 0; i < count; i++) out.push(!levels?.length || levels[i] === definition ? stored(next++) : null)
  return out
}
