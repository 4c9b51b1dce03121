import type { DatasetNote } from '../../../shared/domain.ts'
import { thousands } from '../../../shared/words.ts'
import { damagedFile, inBlocks, unsupportedFile } from './byte-stream.ts'
import { itemBytes, numbersIn, valuesOf } from './numbers.ts'
import type { NpzArray } from './npy.ts'
import { byCodePoint } from './walk.ts'

export type Label = number | string
const blockBytes = 2 ** 20
/** More different labels than this are no classes, but numbers or names of images. */
export const mostClasses = 2 ** 16
export const tooManyTexts = (file: string, name: string) =>
  unsupportedFile(
    file,
    `holds more than ${thousands(mostClasses)} different texts in ${name} where labels should be; leave them out.`,
  )
/** More columns than this are no one-hot labels. */
const mostColumns = 2 ** 16

/**
 * The labels of an array in order: one number or text for each image, or rows that are 1 in one place and 0 elsewhere (one-hot), whose
 * place is the label.
 * @param notes told what was understood where it is not plain
 * @returns null where there is more than one label an image, which is noted
 * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function readLabels(
  array: NpzArray,
  count: number,
  notes: DatasetNote[] = [],
  signal?: AbortSignal,
): Promise<Label[] | null> {
  const shape = array.shape.length === 2 && array.shape[0] === 1 && count > 1 ? array.shape.toReversed() : array.shape
  const [rows, ...rest] = shape,
    columns = valuesOf(rest)
  if (rows === undefined || (rest.length > 1 && columns !== 1) || columns < 1 || columns > mostColumns) {
    throw unsupportedFile(
      array.file,
      `holds labels of shape ${array.shape.join(' x ')} in ${array.name}; one label an image is needed.`,
    )
  }
  if (rows !== count) throw damagedFile(array.file, `${array.name} has ${rows} labels for ${count} images`)
  const labels = columns === 1 ? await single(array, count, signal) : await oneHot(array, columns, signal)
  if (labels === null) {
    const message =
      `The array ${array.name} has several labels for each image (${array.shape.join(' x ')}); the images are imported ` +
      'without labels.'
    notes.push({ code: 'severalLabels', message })
    return null
  }
  if (columns > 1) {
    const message = `Each row of ${array.name} is 1 in one of ${columns} places and 0 elsewhere (one-hot): the label is the place, from 0.`
    notes.push({ code: 'oneHot', message })
  } else if (new Set(labels).size > mostClasses) {
    const message =
      `${array.name} holds more than ${thousands(mostClasses)} different numbers, which are not classes; ` +
      'the images are imported without labels.'
    notes.push({ code: 'noClasses', message })
    return null
  } else if (labels.some((label) => typeof label === 'number' && !Number.isInteger(label))) {
    const message =
      `The labels of ${array.name} are not whole numbers, hence measurements and not classes; the images are imported ` +
      'without labels.'
    notes.push({ code: 'noClasses', message })
    return null
  }
  return labels
}

/** A value an image. */
async function single(array: NpzArray, count: number, signal?: AbortSignal): Promise<Label[]> {
  const labels: Label[] = [],
    text = 'characters' in array
  const size = text ? array.characters * (array.type === 'U' ? 4 : 1) : itemBytes(array.type)
  if (size === 0) return Array<Label>(count).fill('')
  // Texts are kept once each: a million labels of ten classes are ten texts.
  const known = new Map<string, string>()
  for await (const block of inBlocks(
    array.pieces(signal),
    count * size,
    Math.max(size, blockBytes - (blockBytes % size)),
    array.file,
  )) {
    signal?.throwIfAborted()
    if (text) {
      for (let at = 0; at < block.length; at += size) {
        const found = textIn(block.subarray(at, at + size), array.type as 'U' | 'S', array.bigEndian)
        labels.push(known.get(found) ?? (known.set(found, found), found))
        if (known.size > mostClasses) throw tooManyTexts(array.file, array.name)
      }
      continue
    }
    for (const value of Array.from(numbersIn(block, array.type, array.bigEndian))) {
      if (!Number.isFinite(value)) throw unsupportedFile(array.file, `holds labels in ${array.name} that are not numbers.`)
      labels.push(value)
    }
  }
  return labels
}

/** Columns, of which one is 1 and the others 0; null where rows are anything else. */
async function oneHot(array: NpzArray, columns: number, signal?: AbortSignal): Promise<number[] | null> {
  if ('characters' in array) return null
  const labels: number[] = [],
    rowBytes = columns * itemBytes(array.type),
    total = array.shape.reduce((product, n) => product * n, itemBytes(array.type))
  for await (const block of inBlocks(
    array.pieces(signal),
    total,
    rowBytes * Math.max(1, Math.floor(blockBytes / rowBytes)),
    array.file,
  )) {
    signal?.throwIfAborted()
    const numbers = numbersIn(block, array.type, array.bigEndian)
    for (let first = 0; first < numbers.length; first += columns) {
      let hot = -1
      for (let column = 0; column < columns; column++) {
        const value = numbers[first + column]!
        if (value === 0) continue
        if (value !== 1 || hot >= 0) return null
        hot = column
      }
      if (hot < 0) return null
      labels.push(hot)
    }
  }
  return labels
}

function textIn(item: Buffer, type: 'U' | 'S', bigEndian: boolean): string {
  if (type === 'S') return item.toString('utf8').replace(/\0+$/, '')
  let text = ''
  for (let at = 0; at < item.length; at += 4) {
    const point = bigEndian ? item.readUInt32BE(at) : item.readUInt32LE(at)
    if (point > 0 && point <= 0x10ffff) text += String.fromCodePoint(point)
  }
  return text
}

/**
 * Names of classes by number, of which none is empty and no two are the same (as ImageNet's “crane”, a bird and a machine), which would
 * make one class of two: those have their number beside them.
 */
export function distinctNames(names: readonly string[], numbers: readonly number[] = [...names.keys()]): string[] {
  const keyOf = (name: string) => name.normalize('NFC').trim(),
    alike = Map.groupBy(names, keyOf),
    numbered = (name: string, i: number) => `${name} (${numbers[i]})`
  const distinguished = names.map((name, i) =>
    keyOf(name) === '' ? String(numbers[i]) : alike.get(keyOf(name))!.length > 1 ? numbered(name, i) : name,
  )
  return new Set(distinguished.map(keyOf)).size === distinguished.length ? distinguished : names.map(numbered)
}

/**
 * Class names and label indices of parts that follow one another. Numbers are sorted as numbers, names by code point; a part without
 * labels gets -1. `{classes: [], labels: null}` when no part has any.
 * @param names what numbers stand for, where that is known
 */
export function indexLabels(
  parts: { values: readonly Label[] | null; count: number }[],
  names: ReadonlyMap<number, string> = new Map(),
): { classes: string[]; labels: Int32Array | null } {
  const distinct = new Set<Label>()
  for (const { values } of parts) for (const value of values ?? []) distinct.add(value)
  if (distinct.size === 0) return { classes: [], labels: null }
  const numeric = [...distinct].every((value) => typeof value === 'number')
  const classes = [...distinct].sort((a, b) => (numeric ? Number(a) - Number(b) : byCodePoint(String(a), String(b))))
  const index = new Map(classes.map((value, i) => [value, i]))
  const labels = new Int32Array(parts.reduce((sum, part) => sum + part.count, 0)).fill(-1)
  let row = 0
  for (const part of parts) {
    part.values?.forEach((value, i) => {
      labels[row + i] = index.get(value)!
    })
    row += part.count
  }
  const numbers = [...names.keys()],
    classNames = distinctNames([...names.values()], numbers),
    nameOf = new Map(numbers.map((number, i) => [number, classNames[i]!]))
  return { classes: classes.map((value) => (typeof value === 'number' ? nameOf.get(value) : undefined) ?? String(value)), labels }
}
