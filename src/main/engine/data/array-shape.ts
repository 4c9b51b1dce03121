import type { DatasetNote } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { countLast } from './array-views.ts'
import { itemBytes, valuesOf, type StoredArray } from './numbers.ts'

/** How rows of values are to be read as images. */
export interface RowShape {
  height: number
  width: number
  channels: number
  /** Each channel lies by itself, one after the other, as in the rows of CIFAR. */
  planes: boolean
}

/** An array whose rows are read as images of this shape. @throws WorkbenchError FILE_UNSUPPORTED where their values are not as many */
function shaped(array: StoredArray, { height, width, channels, planes }: RowShape): StoredArray {
  const [count = 0, ...rest] = array.shape,
    values = valuesOf(rest),
    wanted = height * width * channels
  if (values !== wanted) {
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `${array.name} has ${values} values in each row, and ${height} x ${width} x ` +
        `${channels} would be ${wanted}; ` +
        'give the height, width and channels of its images.',
      { field: 'shape' },
    )
  }
  return planes
    ? { ...array, shape: [count, channels, height, width], layout: 'CHW' }
    : { ...array, shape: [count, height, width, channels], layout: 'HWC' }
}

const said = (shape: readonly number[]): string => shape.join(' x ')

/** What `describeArray` guesses of an array's shape, in words; null where nothing has to be guessed. */
function shapeNote(array: StoredArray): DatasetNote | null {
  const { shape, name, layout } = array,
    [, a = 1, b = 1, c = 1] = shape
  if (layout !== undefined) return null
  const note = (message: string): DatasetNote => ({ code: 'layoutGuessed', message })
  if (shape.length === 2) {
    if (itemBytes(array.type) > 1) {
      return {
        code: 'rowsAsVectors',
        message: `The rows of ${name} (${a} numbers) are kept as vectors; for images give their shape, as in --shape ${example(a)}.`,
      }
    }
    const side = Math.sqrt(a),
      how = Number.isInteger(side) ? `square images of ${side} x ${side}` : `one line of ${a} pixels each`
    return note(
      `The rows of ${name} (${a} values) are read as ${how}; if they are something else, give --shape, as in --shape ` +
        `${example(a)}.`,
    )
  }
  if (shape.length < 4) return null
  if (c <= 4)
    return a <= 4 && c !== a
      ? note(
          `${name} (${said(shape)}) is read as images of ${a} x ${b} with ${c} channels; if its ` +
            `channels come first, give --shape ${b}x${c}x${a} --planes.`,
        )
      : null
  return note(`${name} (${said(shape)}) is read with its channels first: ${b} x ${c} with ${a} channels.`)
}

/** A shape that so many values could have. */
function example(values: number): string {
  const side = Math.sqrt(values),
    coloured = Math.sqrt(values / 3)
  return Number.isInteger(side)
    ? `${side}x${side}x1`
    : Number.isInteger(coloured)
      ? `${coloured}x${coloured}x3 --planes (or without it)`
      : '32x32x3'
}

/** Whether the last axis counts the images: labels are as many, or two equal sides come before a greater one. */
function countsLast({ shape, layout }: StoredArray, labels: number | undefined): boolean {
  const first = shape[0]!,
    last = shape.at(-1)!
  if (layout !== undefined || first === last) return false
  if (labels !== undefined) return shape.length >= 2 && first !== labels && last === labels
  return shape.length === 3 && first === shape[1] && last > first
}

/**
 * How an array is to be read: with its images counted first, and in the shape that was asked for.
 * @param labels of how many there are
 * @param notes told what was guessed
 * @throws WorkbenchError FILE_UNSUPPORTED
 */
export function understood(
  array: StoredArray,
  labels: number | undefined,
  shape: RowShape | undefined,
  notes: DatasetNote[],
): StoredArray {
  const values = shape && shape.height * shape.width * shape.channels
  const last =
    values === undefined
      ? countsLast(array, labels)
      : valuesOf(array.shape.slice(1)) !== values && valuesOf(array.shape.slice(0, -1)) === values
  let read = array
  if (last) {
    const inner = array.shape.length - 1
    read = countLast(array, 'same', shape !== undefined ? undefined : inner === 2 ? 'HW' : inner === 3 ? 'HWC' : undefined)
    notes.push({
      code: 'countLast',
      message: `${array.name} (${said(array.shape)}) is read with the images counted by its last axis, as MATLAB stores them.`,
    })
  }
  if (shape) return shaped(read, shape)
  const note = shapeNote(read)
  if (note) notes.push(note)
  return read
}
