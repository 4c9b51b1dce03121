import { damagedFile, unsupportedFile } from './byte-stream.ts'
import { numbersIn, valuesOf } from './numbers.ts'
import type { NpzArray } from './npz.ts'
import { byCodePoint } from './walk.ts'

/** The values of a label array in order: numbers or strings. @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED */
export async function readLabels(array: NpzArray, count: number): Promise<(number | string)[]> {
  const [rows, ...rest] = array.shape
  if (rest.some((n) => n !== 1) || rows === undefined) throw unsupportedFile(array.file, `holds labels of shape ${array.shape.join(' x ')} in ${array.name}; one label an image is needed.`)
  if (rows !== count) throw damagedFile(array.file, `${array.name} has ${rows} labels for ${count} images`)
  const pieces: Buffer[] = []
  for await (const piece of array.pieces()) pieces.push(Buffer.from(piece))
  const bytes = Buffer.concat(pieces)
  if ('characters' in array) return stringsIn(bytes, array.type, array.characters, array.bigEndian, rows)
  const values = Array.from(numbersIn(bytes, array.type, array.bigEndian))
  if (values.length !== valuesOf(array.shape)) throw damagedFile(array.file, `${array.name} has ${values.length} labels instead of ${rows}`)
  if (values.some((value) => !Number.isFinite(value))) throw unsupportedFile(array.file, `holds labels in ${array.name} that are no numbers.`)
  return values
}

function stringsIn(bytes: Buffer, type: 'U' | 'S', characters: number, bigEndian: boolean, count: number): string[] {
  const width = characters * (type === 'U' ? 4 : 1)
  return Array.from({ length: count }, (_, i) => {
    const item = bytes.subarray(i * width, (i + 1) * width)
    if (type === 'S') return item.toString('utf8').replace(/\0+$/, '')
    const points = Array.from({ length: characters }, (_, c) => (bigEndian ? item.readUInt32BE(c * 4) : item.readUInt32LE(c * 4)))
    return points.filter((point) => point > 0 && point <= 0x10ffff).map((point) => String.fromCodePoint(point)).join('')
  })
}

/**
 * Class names and label indices of parts that follow one another. Numbers are sorted as numbers, names by code point; a part without
 * labels gets -1. `{classes: [], labels: null}` when no part has any.
 */
export function indexLabels(parts: { values: readonly (number | string)[] | null; count: number }[]): { classes: string[]; labels: Int32Array | null } {
  const distinct = new Set(parts.flatMap((part) => [...new Set(part.values ?? [])]))
  if (distinct.size === 0) return { classes: [], labels: null }
  const numeric = [...distinct].every((value) => typeof value === 'number')
  const classes = [...distinct].sort((a, b) => (numeric ? Number(a) - Number(b) : byCodePoint(String(a), String(b))))
  const index = new Map(classes.map((value, i) => [value, i]))
  const labels = new Int32Array(parts.reduce((sum, part) => sum + part.count, 0)).fill(-1)
  let row = 0
  for (const part of parts) {
    part.values?.forEach((value, i) => { labels[row + i] = index.get(value)! })
    row += part.count
  }
  return { classes: classes.map(String), labels }
}
