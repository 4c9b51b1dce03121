import type { NumberType } from '../numbers.ts'
import { isByte, toByte, type Ranges, type ValueRange } from './range.ts'

/** Writes the bytes of `length` numbers from `from` on into `out` at `to`. */
export type Converter = (numbers: ArrayLike<number>, from: number, length: number, out: Uint8Array, to: number) => void

/** The smallest value of types that have few, which are looked up. */
const smallest: Partial<Record<NumberType, number>> = { b1: 0, u1: 0, i1: -128, u2: 0, i2: -32768 }

/** What makes bytes of values of a type, by `toByte`. Any boolean but 0 is 1. */
export function converter(type: NumberType, range: ValueRange): Converter {
  if (type === 'u1' && range.from === 0 && range.to === 255) {
    return (numbers, from, length, out, to) => {
      if (numbers instanceof Uint8Array) out.set(numbers.subarray(from, from + length), to)
      else for (let i = 0; i < length; i++) out[to + i] = numbers[from + i]!
    }
  }
  const least = smallest[type]
  if (least === undefined) {
    return (numbers, from, length, out, to) => {
      for (let i = 0; i < length; i++) out[to + i] = toByte(numbers[from + i]!, range)
    }
  }
  const table = new Uint8Array(type[1] === '1' ? 2 ** 8 : 2 ** 16)
  for (let i = 0; i < table.length; i++) table[i] = toByte(type === 'b1' ? Math.min(1, i) : i + least, range)
  return (numbers, from, length, out, to) => {
    for (let i = 0; i < length; i++) out[to + i] = table[numbers[from + i]! - least]!
  }
}

/** The same for whole images of `size` values, by the ranges of their import or, where that was asked for, by their own. */
export function rowConverter(type: NumberType, ranges: Ranges, size: number): Converter {
  const range = ranges[isByte(type) ? 'bytes' : 'wide']
  if (range === null) throw new Error(`values of type ${type} were not measured`)
  if (range.reason !== 'image') return converter(type, type === 'b1' ? { from: 0, to: 1 } : range)
  return (numbers, from, _length, out, to) => {
    const imageRange = ownRange(numbers, from, size)
    for (let i = 0; i < size; i++) out[to + i] = toByte(numbers[from + i]!, imageRange)
  }
}

/** From the smallest to the largest of `size` numbers from `first` on. */
export function ownRange(numbers: ArrayLike<number>, first: number, size: number): ValueRange {
  let from = Infinity,
    to = -Infinity
  for (let i = first; i < first + size; i++) {
    const value = numbers[i]!
    if (value < from) from = value
    if (value > to) to = value
  }
  return { from, to }
}
