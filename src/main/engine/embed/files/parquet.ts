import { closeSync, fsyncSync, openSync } from 'node:fs'
import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { readCodes } from '../codesFile.ts'
import { labelAt, rowsAtOnce, type Write } from './file.ts'

/** Apache Parquet: the columns of the CSV, a few thousand rows in a group. */
export const writeParquet: Write = async (path, source, onRows) => {
  const { count, codeSize, codes } = source
  // Made here, since the library would write over a file that is there.
  closeSync(openSync(path, 'wx'))
  const columnsOf = (start: number, rows: number) => {
    const values = rows === 0 ? new Float32Array() : readCodes(codes, codeSize, start, rows)
    const each = <T>(value: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => value(start + row))
    return [
      { name: 'path', data: each((row) => source.pathAt(row)), type: 'STRING' as const, nullable: false },
      { name: 'label', data: each((row) => labelAt(source, row)), type: 'STRING' as const },
      ...Array.from({ length: codeSize }, (_, unit) => ({
        name: `code_${unit}`,
        data: Float32Array.from({ length: rows }, (_, row) => values[row * codeSize + unit]!),
        type: 'FLOAT' as const,
        nullable: false,
      })),
    ]
  }
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: schemaFromColumnData({ columnData: columnsOf(0, 0) }),
    createdBy: 'autoencoder-workbench',
    statistics: false,
    kvMetadata: Object.entries(source.about).map(([key, value]) => ({ key, value })),
  })
  const most = rowsAtOnce(source)
  for (let start = 0; start < count; start += most) {
    const rows = Math.min(most, count - start)
    await writer.write({ columnData: columnsOf(start, rows), rowGroupSize: rows })
    await onRows(start + rows)
  }
  await writer.finish()
  const file = openSync(path, 'r+')
  fsyncSync(file)
  closeSync(file)
}
