import { statSync } from 'node:fs'
import { thousands } from '../../../../shared/words.ts'
import { unsupportedFile } from '../byte-stream.ts'
import { mostRows } from '../array-rows.ts'
import { mostClasses, tooManyTexts, type Label } from '../labels.ts'
import type { NumberType } from '../numbers.ts'
import { badLine, cellsOf, linesOf, mostColumns, numberOf, numbersOfLine, separators } from './lines.ts'

/** What a table of pixels is: one image a line, its label in the first or last column, if it has one. */
interface Table {
  separator: number
  /** Names of columns; null where the first line holds numbers already. */
  header: string[] | null
  columns: number
  /** The column of labels; -1: there is none. */
  label: number
  /** Whether its name or its texts say that it is the label; else it was guessed. */
  labelKnown: boolean
}

const labelNames = /^(label|labels|class|classes|target|y|digit|letter|emotion|category)$/i
export const pixelNames = /^(pixel|px|p)[-_ ]?\d+([-_x ]\d+)?$|^\d+x\d+$/i
const square = (n: number): boolean => n > 1 && Number.isInteger(Math.sqrt(n))

/** What the first lines say; null where they are no table of numbers. @param lines of up to some hundred of a file, the first first */
function readTable(lines: { bytes: Buffer; from: number; to: number }[]): Table | null {
  const first = lines[0]
  if (!first || lines.length < 2) return null
  const counted = separators.map((text) => ({
    code: text.charCodeAt(0),
    cells: cellsOf(first.bytes, first.from, first.to, text.charCodeAt(0)),
  }))
  const { code: separator, cells } = counted.reduce((best, each) => (each.cells.length > best.cells.length ? each : best))
  const columns = cells.length,
    all = lines.slice(1).map(({ bytes, from, to }) => cellsOf(bytes, from, to, separator))
  // A line or a cell that is out of order is for whoever reads the whole table to name.
  const rows = all.filter((row) => row.length === columns)
  if (columns < 3 || columns > mostColumns || rows.length * 2 < all.length) return null
  const isText = (column: number) => {
    const texts = rows.filter((row) => row[column] !== '' && Number.isNaN(numberOf(row[column]!))).length
    return column === 0 || column === columns - 1 ? texts > 0 : texts * 2 > rows.length
  }
  const texts = Array.from({ length: columns }, (_, column) => column).filter(isText)
  const header = cells.some((cell, column) => Number.isNaN(numberOf(cell)) && !texts.includes(column)) ? cells : null
  const named = header === null ? -1 : header.findIndex((name) => labelNames.test(name))
  if (texts.length > 1 || (texts.length === 1 && texts[0] !== 0 && texts[0] !== columns - 1 && texts[0] !== named)) return null
  if (texts.length === 1) return { separator, header, columns, label: texts[0]!, labelKnown: true }
  if (named >= 0) return { separator, header, columns, label: named, labelKnown: true }
  const pixels = header !== null && header.every((name) => pixelNames.test(name))
  if (pixels || square(columns) || !square(columns - 1)) return { separator, header, columns, label: -1, labelKnown: pixels }
  // One column too many for a square: the label is at the end that is not always the same, as corners of images are.
  const ends = header === null ? [cells, ...rows] : rows,
    constant = (column: number) => ends.every((row) => row[column] === ends[0]![column])
  return { separator, header, columns, label: constant(0) && !constant(columns - 1) ? columns - 1 : 0, labelKnown: false }
}

export interface Scanned extends Table {
  count: number
  /** The smallest kind of numbers that holds all pixels. */
  type: NumberType
  labels: Label[] | null
}

/** The last tables that were gone through: a form looks at one again and again. */
const known = new Map<string, Scanned>()
const mostKnown = 4

/**
 * Goes through a whole table: counts and checks its lines, and keeps the labels.
 * @throws WorkbenchError FILE_DAMAGED with the number of the line, FILE_UNSUPPORTED; the signal's reason
 */
export async function scanTable(path: string, signal?: AbortSignal): Promise<Scanned> {
  const { size, mtimeMs, ino } = statSync(path),
    key = `${path} ${size} ${mtimeMs} ${ino}`
  const before = known.get(key)
  if (before) return before
  const table = await beginningOf(path, signal)
  if (table === null)
    throw unsupportedFile(
      path,
      'is not a table of numbers with one image a line; for a table of labels beside images, choose the folder of the images.',
    )
  const { columns, separator, header, label } = table,
    values = new Float64Array(columns),
    labels: Label[] = []
  const texts = new Map<string, string>()
  let count = 0,
    whole = true,
    least = Infinity,
    most = -Infinity
  for await (const lines of linesOf(path, signal)) {
    for (const { bytes, from, to, line } of lines) {
      if (line === 1 && header !== null) continue
      const cells = numbersOfLine(bytes, from, to, separator, values)
      if (cells !== columns) throw badLine(path, line, `has ${cells} columns instead of ${columns}`)
      for (let column = 0; column < columns; column++) {
        const value = values[column]!
        if (column === label) continue
        if (Number.isNaN(value)) throw badLine(path, line, `has no number in column ${column + 1}`)
        if (whole && !Number.isInteger(value)) whole = false
        if (value < least) least = value
        if (value > most) most = value
      }
      if (label >= 0) {
        const value = values[label]!,
          text = Number.isNaN(value) ? cellsOf(bytes, from, to, separator)[label]! : ''
        labels.push(Number.isNaN(value) ? (texts.get(text) ?? (texts.set(text, text), text)) : value)
      }
      if (++count > mostRows || texts.size > mostClasses) {
        throw count > mostRows
          ? unsupportedFile(path, `has more than ${thousands(mostRows)} lines, and no more can be imported.`)
          : tooManyTexts(path, 'a column')
      }
    }
  }
  // A column of texts and numbers is one of texts.
  const read = texts.size > 0 ? labels.map(String) : labels
  const type = !whole ? 'f8' : least >= 0 && most <= 255 ? 'u1' : least >= -(2 ** 31) && most < 2 ** 31 ? 'i4' : 'f8'
  const scanned: Scanned = { ...table, count, type, labels: label < 0 ? null : read }
  if (known.size >= mostKnown) known.delete(known.keys().next().value!)
  known.set(key, scanned)
  return scanned
}

const linesToSee = 200

/** What the beginning of a file is as a table; null: none. */
export async function beginningOf(path: string, signal?: AbortSignal): Promise<Table | null> {
  const seen: { bytes: Buffer; from: number; to: number }[] = []
  for await (const lines of linesOf(path, signal)) {
    // Zero bytes are in no table.
    if (lines.some(({ bytes, from, to }) => bytes.subarray(from, Math.min(to, from + 1000)).includes(0))) return null
    seen.push(...lines.slice(0, linesToSee - seen.length))
    if (seen.length >= linesToSee) break
  }
  return readTable(seen)
}
