import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { parquetReadObjects, type Encoding, type PageHeader } from 'hyparquet'
import { ByteWriter, parquetWriteBuffer } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { openParquet } from '../../src/main/engine/data/parquet/file.ts'
import type { ParquetValue } from '../../src/main/engine/data/parquet/messages.ts'
import { write } from '../fixtures/archives.ts'
import { codeOf, importsPlace } from '../fixtures/imports.ts'

/** Parquet files of a few hundred bytes on which the library that reads them runs for ever, or out of memory. */

const { work, fresh, request } = importsPlace('hostile-parquet')

type Type = 'BYTE_ARRAY' | 'INT32' | 'INT64'
interface Hostile {
  page: Partial<PageHeader>
  bytes: readonly number[]
  codec?: 'SNAPPY' | 'UNCOMPRESSED'
  type?: Type
  optional?: boolean
  rows?: number
  columns?: number
}

/** A file of one page: a header that may say anything, and these bytes. */
function parquet({ page, bytes, codec = 'UNCOMPRESSED', type = 'BYTE_ARRAY', optional, rows = 100, columns = 1 }: Hostile): Buffer {
  const writer = new ByteWriter()
  writer.appendBytes(Buffer.from('PAR1'))
  writePageHeader(writer, { uncompressed_page_size: bytes.length, compressed_page_size: bytes.length, ...page } as Parameters<
    typeof writePageHeader
  >[1])
  writer.appendBytes(Uint8Array.from([...bytes, ...Array<number>(rows).fill(0)]))
  const length = BigInt(writer.offset - 4)
  const names = Array.from({ length: columns }, (_, i) => (i === 0 ? 'image' : `c${i}`))
  const start = writer.offset
  writeMetadata(writer, {
    version: 2,
    schema: [
      { name: 'schema', num_children: columns },
      ...names.map((name) => ({ name, type, repetition_type: optional ? ('OPTIONAL' as const) : ('REQUIRED' as const) })),
    ],
    num_rows: BigInt(rows),
    row_groups: [
      {
        columns: names.map((name, i) => ({
          file_offset: 4n,
          meta_data: {
            type,
            encodings: ['PLAIN'],
            path_in_schema: [name],
            codec,
            num_values: BigInt(rows),
            total_uncompressed_size: length,
            total_compressed_size: i === 0 ? length : 0n,
            data_page_offset: 4n,
          },
        })),
        total_byte_size: length,
        num_rows: BigInt(rows),
      },
    ],
    metadata_length: 0,
  } as Parameters<typeof writeMetadata>[1])
  writer.appendUint32(writer.offset - start)
  writer.appendBytes(Buffer.from('PAR1'))
  return Buffer.from(writer.getBytes())
}

const v1 = (encoding: Encoding, values = 100): Partial<PageHeader> => ({
  type: 'DATA_PAGE',
  data_page_header: { num_values: values, encoding, definition_level_encoding: 'RLE', repetition_level_encoding: 'RLE' },
})
const v2 = (encoding: Encoding, more: Partial<NonNullable<PageHeader['data_page_header_v2']>> = {}): Partial<PageHeader> => ({
  type: 'DATA_PAGE_V2',
  data_page_header_v2: {
    num_values: 100,
    num_nulls: 0,
    num_rows: 100,
    encoding,
    definition_levels_byte_length: 0,
    repetition_levels_byte_length: 0,
    is_compressed: true,
    ...more,
  },
})
/** A header of a run with 2^31 - 1 values, and its value. */
const endlessRun = [0xfe, 0xff, 0xff, 0xff, 0x0f, 1]
/** A block of -1 values in one part. */
const endlessBlock = [0xff, 0xff, 0xff, 0xff, 0x0f, 1, 100, 0, 0, 0, 0, 0]
/** A literal whose length, of four bytes, is negative: the reader goes back to its beginning. */
const endlessLiteral: Hostile = {
  page: { ...v1('PLAIN'), uncompressed_page_size: 400 },
  bytes: [0x90, 0x03, 0xfc, 0xfa, 0xff, 0xff, 0xff, 0, 0, 0],
  codec: 'SNAPPY',
}

async function valuesOf(path: string, patience = 20_000): Promise<ParquetValue[][]> {
  const file = await openParquet(path, { patience })
  try {
    const columns: ParquetValue[][] = []
    for (const column of file.columns) {
      const values: ParquetValue[] = []
      for (const group of file.groups.keys())
        for await (const piece of file.read(column, group)) for (let i = 0; i < piece.length; i++) values.push(piece[i]!)
      columns.push(values)
    }
    return columns
  } finally {
    await file.close()
  }
}

test('small files that would run for ever or fill the memory are refused, and the engine lives', async () => {
  const root = fresh('files')
  const cases: Record<string, Hostile> = {
    levels: { page: v1('PLAIN'), bytes: [6, 0, 0, 0, ...endlessRun, 0, 0], optional: true },
    levels2: { page: v2('PLAIN', { definition_levels_byte_length: 6 }), bytes: [...endlessRun, 0, 0], optional: true },
    indices: { page: v1('RLE_DICTIONARY'), bytes: [1, ...endlessRun] },
    indices2: { page: v2('RLE_DICTIONARY'), bytes: [1, ...endlessRun] },
    // Of no width.
    nothing: { page: v2('RLE_DICTIONARY'), bytes: [0, ...endlessRun] },
    packed: { page: v2('RLE_DICTIONARY'), bytes: [0, 0xff, 0xff, 0xff, 0xff, 0x0f] },
    delta: { page: v1('DELTA_BINARY_PACKED'), bytes: endlessBlock, type: 'INT64' },
    delta32: { page: v1('DELTA_BINARY_PACKED'), bytes: endlessBlock, type: 'INT32' },
    lengths: { page: v2('DELTA_LENGTH_BYTE_ARRAY'), bytes: endlessBlock },
    nulls: { page: v2('PLAIN', { num_nulls: -1 }), bytes: [0, 0, 0, 0], optional: true },
    manyNulls: { page: v2('PLAIN', { num_nulls: 101 }), bytes: [0, 0, 0, 0], optional: true },
    negative: { page: v2('PLAIN', { definition_levels_byte_length: -4 }), bytes: [0, 0, 0, 0] },
    repetition: { page: v2('PLAIN', { repetition_levels_byte_length: -(2 ** 30) }), bytes: [0, 0, 0, 0] },
    beyond: { page: v2('PLAIN', { definition_levels_byte_length: 3, repetition_levels_byte_length: 2 }), bytes: [0, 0, 0, 0] },
  }
  for (const [name, hostile] of Object.entries(cases)) {
    const path = write(join(root, `${name}.parquet`), parquet(hostile))
    await assert.rejects(valuesOf(path), codeOf('FILE_DAMAGED'), name)
    await assert.rejects(importDataset(request(path)), (error: Error & { code?: string }) => {
      assert.match(error.code ?? '', /^FILE_(DAMAGED|UNSUPPORTED)$/, `${name}: ${error.stack}`)
      return true
    })
  }
  const wide = write(join(root, 'wide.parquet'), parquet({ page: v1('PLAIN'), bytes: [], columns: 2001 }))
  await assert.rejects(importDataset(request(wide)), codeOf('FILE_UNSUPPORTED'))
  await assert.rejects(openParquet(join(work, 'none.parquet')), codeOf('ENOENT'))
})

test('a page on which the library never ends is given up, and a cancellation ends it', async () => {
  const path = write(join(fresh('endless'), 'a.parquet'), parquet(endlessLiteral))
  await assert.rejects(valuesOf(path, 5000), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'FILE_DAMAGED', error.stack)
    assert.match(error.message, /comes to no end/)
    return true
  })
  const cancel = new AbortController(),
    reason = new Error('cancelled')
  const importing = importDataset(request(path), { signal: cancel.signal })
  // The thread runs for ever by then; before that, the cancellation comes as early.
  setTimeout(() => cancel.abort(reason), 1000)
  await assert.rejects(importing, (error) => error === reason || (error as { code?: string }).code === 'CANCELLED')
})

test('columns read as hyparquet reads them, whatever their encoding, with values that are missing', async () => {
  let random = 7
  const next = (below: number) => (random = (random * 48271) % 2147483647) % below
  const some = <T>(value: () => T) => Array.from({ length: 3000 }, () => (next(5) === 0 ? null : value()))
  const column = (name: string, data: unknown[], type: string, encoding?: Encoding) => ({
    name,
    data,
    type,
    nullable: true,
    ...(encoding ? { encoding } : {}),
  })
  const text = (kinds: number) => () => new TextEncoder().encode('x'.repeat(next(30)) + next(kinds))
  const columnData = [
    column('few', some(text(2)), 'BYTE_ARRAY'),
    column('many', some(text(1e6)), 'BYTE_ARRAY', 'PLAIN'),
    column('lengths', some(text(1e6)), 'BYTE_ARRAY', 'DELTA_LENGTH_BYTE_ARRAY'),
    column('shared', some(text(1e6)), 'BYTE_ARRAY', 'DELTA_BYTE_ARRAY'),
    column(
      'truth',
      some(() => next(9) === 0),
      'BOOLEAN',
      'RLE',
    ),
    column(
      'plainTruth',
      some(() => next(9) === 0),
      'BOOLEAN',
      'PLAIN',
    ),
    column(
      'whole',
      some(() => next(2 ** 31) - 2 ** 30),
      'INT32',
      'DELTA_BINARY_PACKED',
    ),
    column(
      'long',
      some(() => BigInt(next(2 ** 31)) * 3n),
      'INT64',
      'DELTA_BINARY_PACKED',
    ),
    column(
      'class',
      some(() => next(11)),
      'INT32',
    ),
    column(
      'split',
      some(() => next(1000) / 8),
      'DOUBLE',
      'BYTE_STREAM_SPLIT',
    ),
    column('none', Array(3000).fill(null), 'INT32'),
  ] as Parameters<typeof parquetWriteBuffer>[0]['columnData']
  for (const codec of ['SNAPPY', 'UNCOMPRESSED'] as const) {
    const file = parquetWriteBuffer({ columnData, codec, rowGroupSize: 1100, pageSize: 4096 })
    const path = write(join(fresh('encodings'), 'a.parquet'), Buffer.from(file))
    const rows = await parquetReadObjects({ file, utf8: false })
    assert.deepEqual(
      await valuesOf(path),
      columnData.map(({ name }) => rows.map((row) => row[name] ?? null)),
    )
  }
})
