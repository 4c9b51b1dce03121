import type { FileHandle } from 'node:fs/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { ColumnChunk, Compressors } from 'hyparquet'
import { compressors as others } from 'hyparquet-compressors'
import { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage, readDataPage } from 'hyparquet/src/datapage.js'
import { readPlain } from 'hyparquet/src/plain.js'
import { bytesAt, damagedFile, unsupportedFile } from '../byte-stream.ts'
import { chunkStart, plainly, type Chunk, type Leaf } from './footer.ts'
import type { ParquetValue } from './messages.ts'
import { readRuns, requireBlocks } from './runs.ts'

/**
 * Columns of Parquet files, page by page, so that memory does not grow with the file. Of each page the library unpacks and reads
 * the values; which of them are there, and which of the dictionary's they are, is read by what holds to their count (runs.ts).
 */
const mega = 2 ** 20
/** Of a page, packed or unpacked. Writers make them of 1 MB, or of one large value, or (some) of a thousand values. */
const mostPage = 512 * mega

/** Beside Snappy, which the library has. What unpacks to more than was said ends there. */
const compressors: Compressors = {
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ...(others.LZ4 ? { LZ4: others.LZ4 } : {}),
  ...(others.LZ4_RAW ? { LZ4_RAW: others.LZ4_RAW } : {}),
}
/** To how much more a codec can unpack its input at most; others are ended when they do. */
const mostRatio: Record<string, number> = { UNCOMPRESSED: 1, SNAPPY: 64, LZ4: 256, LZ4_RAW: 256, GZIP: 1100 }

/** So many values, null where there is none; `next` gives one after another. */
export interface Page {
  count: number
  next(): ParquetValue
}

type Header = ReturnType<typeof parquetHeader>
type Values = ArrayLike<ParquetValue>

/** A column's pages in one group. @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED; others of the library */
export async function* readPages(
  file: FileHandle,
  leaf: Leaf,
  { meta_data: chunk }: ColumnChunk,
  rows: number,
  path: string,
): AsyncGenerator<Page> {
  const { codec, total_compressed_size: length } = chunk!,
    name = leaf.path.join('.')
  if (leaf.repeated) throw unsupportedFile(path, `holds lists of values in ${name}, which are not read.`)
  let dictionary: Values = []
  for (let at = chunkStart(chunk!), end = at + Number(length), seen = 0; seen < rows;) {
    const { header, size } = await pageHeader(file, at, end)
    at += size
    const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header
    const count =
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
    if (!(count >= 0 && count <= (header.type === 'DICTIONARY_PAGE' ? unpacked : rows - seen))) {
      throw damagedFile(path, `a page of ${name} has more values than rows`)
    }
    const bytes = plainly(await bytesAt(file, at, packed))
    at += packed
    if (header.type === 'DICTIONARY_PAGE') {
      const page = decompressPage(bytes, unpacked, codec, compressors)
      dictionary = readPlain({ view: viewOf(page), offset: 0 }, chunk!.type, count, leaf.element.type_length) as Values
    } else if (header.type === 'DATA_PAGE' || header.type === 'DATA_PAGE_V2') {
      const encoding = header.data_page_header?.encoding ?? header.data_page_header_v2?.encoding ?? ''
      // Beginnings that are shared with the value before may add up to anything.
      if (encoding === 'DELTA_BYTE_ARRAY' && count * unpacked > 2 ** 30) {
        throw unsupportedFile(path, `has ${name} in an encoding (${encoding}) that is not read; save it again without.`)
      }
      const { levels, values } = header.data_page_header
        ? partsOf(decompressPage(bytes, unpacked, codec, compressors), leaf.definition, count)
        : partsOfV2(bytes, header, leaf.definition, codec)
      let present = count
      if (levels !== null) present = levels.reduce((sum, level) => sum + (level === leaf.definition ? 1 : 0), 0)
      const read = readValues(values, encoding, present, leaf, chunk!.type, dictionary)
      let place = 0,
        stored = 0
      yield { count, next: () => (levels === null || levels[place++] === leaf.definition ? read(stored++) : null) }
      seen += count
    }
  }
}

/** A page's levels, null where every value is there, and its values, packed as they are said to be. */
interface Parts {
  levels: Uint32Array | null
  values: Uint8Array
}
const bitsOf = (value: number): number => 32 - Math.clz32(value)

function partsOf(page: Uint8Array, definition: number, count: number): Parts {
  if (definition === 0) return { levels: null, values: page }
  const [runs, values] = cutAt(page, viewOf(page).getUint32(0, true))
  return { levels: readRuns(runs, bitsOf(definition), count), values }
}

/** What begins with its own length, and what follows. */
function cutAt(bytes: Uint8Array, length: number): [Uint8Array, Uint8Array] {
  if (4 + length > bytes.length) throw new RangeError('a page ends early')
  return [bytes.subarray(4, 4 + length), bytes.subarray(4 + length)]
}

function partsOfV2(bytes: Uint8Array, header: Header, definition: number, codec: Chunk['codec']): Parts {
  const {
    num_values: count,
    num_nulls: nulls,
    repetition_levels_byte_length: repetition,
    definition_levels_byte_length: length,
    is_compressed: packed,
  } = header.data_page_header_v2!
  const before = repetition + length,
    unpacked = header.uncompressed_page_size - before
  if (!(nulls >= 0 && nulls <= count)) throw new RangeError('a page with more nulls than values')
  if (!(repetition >= 0 && length >= 0 && before <= bytes.length && unpacked >= 0))
    throw new RangeError('a page of fewer bytes than levels')
  const rest = bytes.subarray(before)
  return {
    levels:
      definition === 0 || (length === 0 && nulls === 0)
        ? null
        : readRuns(bytes.subarray(repetition, before), bitsOf(definition), count),
    // A page without values may have no bytes, which no codec unpacks.
    values: packed !== false && unpacked > 0 ? decompressPage(rest, unpacked, codec, compressors) : rest,
  }
}

/** A page's values by their place. */
function readValues(
  bytes: Uint8Array,
  encoding: string,
  count: number,
  { element }: Leaf,
  type: Chunk['type'],
  dictionary: Values,
): (at: number) => ParquetValue {
  if (count === 0) return () => null
  if (encoding.endsWith('_DICTIONARY')) {
    const width = viewOf(bytes).getUint8(0)
    const indices = width === 0 ? new Uint32Array(count) : readRuns(bytes.subarray(1), width, count)
    if (indices.some((index) => index >= dictionary.length)) throw new RangeError('a value that the dictionary lacks')
    return (at) => dictionary[indices[at]!]!
  }
  if (encoding === 'RLE') {
    if (type !== 'BOOLEAN') throw new RangeError('runs of what is not true or false')
    const truths = readRuns(cutAt(bytes, viewOf(bytes).getUint32(0, true))[0], 1, count)
    return (at) => truths[at] === 1
  }
  if (encoding.startsWith('DELTA_')) requireBlocks(bytes)
  else if (type === 'FIXED_LEN_BYTE_ARRAY' && !((element.type_length ?? 0) * count <= bytes.length))
    throw new RangeError('a page ends early')
  const page = { num_values: count, encoding } as Parameters<typeof readDataPage>[1]
  // Without levels: their bytes are not among these.
  const decoder = { type, element, schemaPath: [] } as unknown as Parameters<typeof readDataPage>[2]
  const values = readDataPage(bytes, page, decoder).dataPage as Values
  if (values.length < count) throw new RangeError('a page ends early')
  if (encoding === 'DELTA_BYTE_ARRAY') {
    for (let at = 0; at < count; at++)
      if ((values[at] as Uint8Array).length > bytes.length) throw new RangeError('a value longer than its page')
  }
  return (at) => values[at]!
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What stands before a page; longer where a writer put the least and greatest values into it. */
async function pageHeader(file: FileHandle, at: number, end: number): Promise<{ header: Header; size: number }> {
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
