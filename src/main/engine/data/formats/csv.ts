import { basename } from 'node:path'
import type { DatasetNote } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { isFile, isGzip } from '../byte-stream.ts'
import { itemBytes, type StoredArray } from '../numbers.ts'
import { trainPart } from '../request.ts'
import { linesOf, numbersOfLine } from '../table/lines.ts'
import { beginningOf, pixelNames, scanTable, type Scanned } from '../table/scan.ts'
import { numberArray, textArray } from '../text-array.ts'
import { refuseSet } from './choose.ts'
import type { Arrays, Choice, Format, FoundSet } from './format.ts'
import { namedFiles, openWithParts, setsOf } from './parts-of-files.ts'

const ending = /\.(csv|tsv)(\.gz)?$/i
/** A table in a folder with fewer columns is about something else. */
const leastColumns = 16

/** A table of pixels as text: one image a line (`label,pixel0,pixel1,...`). */
const csv: Format = {
  name: 'csv',
  title: 'a table of pixels (.csv)',
  named: /\.(csv|tsv)$/i,
  recognise: async (path, start) =>
    (ending.test(path) || !isGzip(start)) && isText(start) && (await beginningOf(path).catch(() => null)) !== null,
  inFolder: csvSets,
  open: (path, alone, choice = {}) => {
    refuseSet(path, choice)
    return openWithParts(path, alone, ending, (file) => openOne(file, choice))
  },
}
export default csv

/** Printable characters, a byte-order mark, or something packed. */
const isText = (start: Buffer): boolean =>
  isGzip(start) || start.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13 || byte >= 0x80)

async function csvSets(folder: string, names: readonly string[]): Promise<FoundSet[]> {
  const files = []
  for (const file of namedFiles(folder, names, ending)) {
    const table = (await isFile(file.path)) ? await beginningOf(file.path).catch(() => null) : null
    if (table !== null && table.columns >= leastColumns) files.push(file)
  }
  return setsOf(files)
}

async function openOne(file: string, { rowShape, signal }: Choice): Promise<Arrays> {
  const table = await scanTable(file, signal),
    { count, columns, label, labels, header, labelKnown } = table,
    name = basename(file)
  const pixels = columns - (label < 0 ? 0 : 1),
    side = Math.sqrt(pixels),
    named = header?.filter((cell) => pixelNames.test(cell)).length === pixels
  const notes: DatasetNote[] = []
  const common = { file, name, type: table.type, bigEndian: false, pieces: () => pixelsOf(file, table, signal) }
  let images: StoredArray = { ...common, shape: [count, pixels] }
  if (rowShape === undefined && Number.isInteger(side) && (named || table.type === 'u1')) {
    images = { ...common, shape: [count, side, side], layout: 'HW' }
    notes.push({
      code: 'tableOfPixels',
      message: `Each line of ${name} is read as an image of ${side} x ${side} pixels; if it is something else, give --shape.`,
    })
  } else if (rowShape === undefined && named) {
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `${name} has ${pixels} pixels a line, which is not a square; give height, width and ` +
        `channels, as in --shape ${
          Number.isInteger(Math.sqrt(pixels / 3)) ? `${Math.sqrt(pixels / 3)}x${Math.sqrt(pixels / 3)}x3` : '32x24x1'
        }.`,
      { field: 'shape' },
    )
  } else if (rowShape === undefined) {
    images = { ...common, layout: 'D', shape: [count, pixels] }
    notes.push({
      code: 'rowsAsVectors',
      message: `The ${pixels} numbers of each line of ${name} are kept as vectors; for images give --shape, as in --shape 28x28x1.`,
    })
  }
  const column = header === null ? `${label === 0 ? 'first' : 'last'} column` : `column “${header[label]}”`
  if (label >= 0)
    notes.push({
      code: 'labelColumn',
      message: `The ${column} of ${name} is taken for the labels${labelKnown ? '' : ': the others make a square'}.`,
    })
  const about = { file, name: `${name}: ${column}` }
  const array =
    labels === null
      ? null
      : labels.every((value) => typeof value === 'number')
        ? numberArray(Float64Array.from(labels), about)
        : textArray(labels.map(String), about)
  return { parts: [{ part: trainPart, images, labels: array }], unused: [], notes }
}

/** The numbers of a table without its labels. */
async function* pixelsOf(
  file: string,
  { columns, separator, header, label, type }: Scanned,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const values = new Float64Array(columns),
    pixels = columns - (label < 0 ? 0 : 1),
    size = itemBytes(type)
  const row = type === 'u1' ? new Uint8Array(pixels) : type === 'i4' ? new Int32Array(pixels) : new Float64Array(pixels)
  const rowBytes = new Uint8Array(row.buffer)
  for await (const lines of linesOf(file, signal)) {
    const wanted = lines[0]!.line === 1 && header !== null ? lines.slice(1) : lines
    const out = Buffer.allocUnsafe(wanted.length * pixels * size)
    for (const [i, { bytes, from, to }] of wanted.entries()) {
      numbersOfLine(bytes, from, to, separator, values)
      if (label < 0) row.set(values)
      else {
        row.set(values.subarray(0, label))
        row.set(values.subarray(label + 1), label)
      }
      out.set(rowBytes, i * pixels * size)
    }
    yield out
  }
}
