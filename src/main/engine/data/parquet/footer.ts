import type { FileHandle } from 'node:fs/promises'
import { parquetMetadata, type ColumnChunk, type FileMetaData, type SchemaElement } from 'hyparquet'
import { thousands } from '../../../../shared/words.ts'
import { bytesAt, damagedFile, unsupportedFile } from '../byte-stream.ts'
import type { ParquetColumn } from './messages.ts'

/** What a Parquet file says of itself, held against its real size before anything is made of it. */
const mostFooter = 2 ** 24
const mostRows = 20_000_000
const mostColumns = 2000
/** Of a column's names together. */
const longestPath = 4096

export interface Leaf extends ParquetColumn {
  element: SchemaElement
  /** How many of its names may be missing: the level of a value that is there. */
  definition: number
}

/** @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED; others where the library finds no sense in it */
export async function readFooter(file: FileHandle, size: number, path: string): Promise<FileMetaData> {
  const tail = await bytesAt(file, Math.max(0, size - 8), 8)
  const mark = tail.toString('latin1', 4, 8)
  if (mark === 'PARE') throw unsupportedFile(path, 'is encrypted; save it without.')
  if (size < 12 || mark !== 'PAR1') throw damagedFile(path, 'its end is missing; it is truncated or no Parquet file')
  const length = tail.readUInt32LE(0)
  if (length > size - 12 || length > mostFooter) throw damagedFile(path, 'the description of its contents is larger than it can be')
  const footer = await bytesAt(file, size - 8 - length, length + 8)
  return parquetMetadata(plainly(footer), { geoparquet: false })
}

/**
 * The columns of values, in the order in which the groups have them.
 * @throws WorkbenchError FILE_UNSUPPORTED; RangeError
 */
export function leavesOf(schema: readonly SchemaElement[], file: string): Leaf[] {
  const leaves: Leaf[] = []
  let next = 1
  const descend = (above: readonly SchemaElement[]) => {
    const element = schema[next++]
    if (element === undefined || above.length > 63) throw new RangeError('the schema ends early')
    const here = [...above, element]
    if (element.num_children) {
      for (let child = 0; child < element.num_children; child++) descend(here)
      return
    }
    const path = here.map(({ name }) => name)
    if (leaves.length === mostColumns) {
      throw unsupportedFile(
        file,
        `holds more than ${thousands(mostColumns)} columns; save it again with those of the images and labels alone.`,
      )
    }
    if (path.join('.').length > longestPath) {
      throw unsupportedFile(
        file,
        `has a column whose name is longer than ${thousands(longestPath)} characters; save it again with a short one.`,
      )
    }
    const levels = here.filter((one) => one.repetition_type !== 'REQUIRED')
    leaves.push({
      index: leaves.length,
      path,
      type: element.type ?? '',
      element,
      definition: levels.length,
      repeated: levels.some((one) => one.repetition_type === 'REPEATED'),
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
  while (next < schema.length) descend([])
  return leaves
}

/** @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED where groups lie beyond the file, or hold more than it can */
export function checkGroups(
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

export type Chunk = NonNullable<ColumnChunk['meta_data']>
/** Some writers leave the place of the dictionary out, or write 0. */
export const chunkStart = ({ dictionary_page_offset: dictionary, data_page_offset: data }: Chunk): number =>
  dictionary && dictionary < data ? Number(dictionary) : Number(data)

/** The same bytes as no Buffer, whose `slice` makes no copy where the library expects one. */
export const plainly = (bytes: Buffer) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
