import { open } from 'node:fs/promises'
import { csvLine, csvText, withMark } from '../../files/csv.ts'
import { readCodes } from '../codesFile.ts'
import { labelAt, rowsAtOnce, type Write } from './file.ts'

/** Nine digits tell every float32 from its neighbours. */
const number = (value: number): string => String(Number(value.toPrecision(9)))

/**
 * One line an image: path, label, and the code's units. Paths and labels come back as they are: see csv.ts for the apostrophe
 * before some of them.
 */
export const writeCsv: Write = async (path, source, onRows) => {
  const { count, codeSize, codes } = source
  const file = await open(path, 'wx')
  try {
    const put = async (text: string) => {
      await file.appendFile(text)
    }
    const head = csvLine(['path', 'label', ...Array.from({ length: codeSize }, (_, unit) => `code_${unit}`)])
    await put(withMark(head, source.bom ?? false))
    const most = Math.max(1, Math.floor(rowsAtOnce(source) / 8))
    for (let start = 0; start < count; start += most) {
      const rows = Math.min(most, count - start)
      const values = readCodes(codes, codeSize, start, rows)
      const lines: string[] = []
      for (let row = 0; row < rows; row++) {
        const units = Array.from(values.subarray(row * codeSize, (row + 1) * codeSize), number)
        lines.push(csvLine([csvText(source.pathAt(start + row)), csvText(labelAt(source, start + row) ?? ''), ...units]))
      }
      await put(lines.join(''))
      await onRows(start + rows)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}
