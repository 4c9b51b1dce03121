import type { DatasetNote } from '../../../../shared/domain.ts'
import type { RangeWish } from '../../../../shared/valueRange.ts'
import { thousands } from '../../../../shared/words.ts'
import { itemBytes, type NumberType } from '../numbers.ts'
import { farBelow, type Tally } from './tally.ts'

/** Values from `from` to `to` become 0 to 255; those outside are brought to the nearer end. */
export interface ValueRange {
  from: number
  to: number
}

/**
 * The one rounding of every source: 255 (v - from) / (to - from), computed in double precision, to the nearest whole number, halves
 * up; v is brought into [from, to] first. Where `from` is not below `to`, 0.
 */
export function toByte(value: number, { from, to }: ValueRange): number {
  if (!(from < to) || value <= from) return 0
  return value >= to ? 255 : Math.round((255 * (value - from)) / (to - from))
}

/** Where a range comes from, which says how it is told. */
export const reasons = ['binary', 'unit', 'bytes', 'type', 'data', 'percentiles', 'given', 'image', 'full'] as const
type Reason = (typeof reasons)[number]
export interface Decided extends ValueRange {
  reason: Reason
}

/** The ranges of an import: of bytes, and of all wider numbers; null where there are none of the kind. */
export interface Ranges {
  bytes: Decided | null
  wide: Decided | null
}

/** Whether values are bytes, whose range is 0 to 255 unless all are 0 or 1, or something wider that needs a range. */
export const isByte = (type: NumberType): boolean => type === 'u1' || type === 'b1'

/** Least and greatest value of an integer type; null for floats. */
function boundsOf(type: NumberType): ValueRange | null {
  const bits = 8 * itemBytes(type)
  return type[0] === 'u'
    ? { from: 0, to: 2 ** bits - 1 }
    : type[0] === 'i'
      ? { from: -(2 ** (bits - 1)), to: 2 ** (bits - 1) - 1 }
      : null
}

/** What all types together can hold; of floats 0 to 1. */
function fullRange(types: readonly NumberType[]): ValueRange {
  const all = types.map((type) => (type === 'b1' ? null : boundsOf(type)) ?? { from: 0, to: 1 })
  return { from: Math.min(...all.map(({ from }) => from)), to: Math.max(...all.map(({ to }) => to)) }
}

/** Whether values reach into the lowest and into the highest 64th of a range, and not beyond. */
function fills({ least, most }: Tally, { from, to }: ValueRange): boolean {
  const margin = (to - from) / 64
  return least >= from && most <= to && least <= from + margin && most >= to - margin
}

/**
 * The range of all images of an import, by the one rule of every source. Whole numbers with a maximum of 1 are 0 and 1; floats within
 * [0, 1] stay; bytes, and whole numbers that fill a byte or their own type, keep its range; everything else goes from its smallest to its
 * largest value, unless another range is asked for.
 * @param percentiles the values at the shares that `wish` asks for, where it does
 */
export function decideRange(tally: Tally, wish: RangeWish | null, percentiles: ValueRange | null): Decided {
  const { types, least, most, whole } = tally,
    data = { from: least, to: most, reason: 'data' as const }
  if (wish?.kind === 'given') return { from: wish.from, to: wish.to, reason: 'given' }
  if (wish?.kind === 'percentiles' && percentiles !== null) return { ...percentiles, reason: 'percentiles' }
  if (wish?.kind === 'full') return { ...fullRange(types), reason: 'full' }
  if (wish?.kind === 'data' || wish?.kind === 'image') return { ...data, reason: wish.kind }
  if (least >= 0 && most <= 1) {
    const floats = types.some((type) => type[0] === 'f')
    if (floats) return { from: 0, to: 1, reason: 'unit' }
    return most === 1 || types.every((type) => type === 'b1')
      ? { from: 0, to: 1, reason: 'binary' }
      : { from: 0, to: 255, reason: 'bytes' }
  }
  if (types.every(isByte)) return { from: 0, to: 255, reason: 'bytes' }
  const [bounds] = types.length === 1 ? [boundsOf(types[0]!)] : []
  if (bounds && fills(tally, bounds)) return { ...bounds, reason: 'type' }
  if (whole && fills(tally, { from: 0, to: 255 })) return { from: 0, to: 255, reason: 'bytes' }
  return data
}

const names: Record<string, string> = { b: 'booleans', u: 'unsigned integers', i: 'signed integers', f: 'floats' }
const said = (value: number): string => (Number.isInteger(value) ? thousands(value) : String(Number(value.toPrecision(6))))

/** What values are, for people: “unsigned integers of 16 bits”. */
const typesText = (types: readonly NumberType[]): string =>
  types.map((type) => (type === 'b1' ? names['b']! : `${names[type[0]!]} of ${8 * itemBytes(type)} bits`)).join(' and ')

/** What has to be said of a range; nothing of bytes that are as they should be. @param ahead before the import, not after it */
export function rangeNotes({ types, least, most }: Tally, { from, to, reason }: Decided, ahead = false): DatasetNote[] {
  const note = (code: string, message: string): DatasetNote[] => [{ code, message }]
  const seen = `from ${said(least)} to ${said(most)}`,
    range = `${said(from)} to ${said(to)}`
  const wide = types.some((type) => !isByte(type)),
    what = typesText(types)
  const clipped = least < from || most > to ? ` They go ${seen}; those outside become 0 and 255.` : ''
  const were = ahead ? 'will be' : 'were'
  switch (reason) {
    case 'binary':
      return note('binaryValues', `The values (${what}) are 0 and 1; they are stored as 0 and 255.`)
    case 'unit':
      return [
        ...note('unitValues', `The values (${what}) lie in [0, 1]; 0 to 1 is stored as 0 to 255.`),
        ...(most <= farBelow / 255
          ? note('narrowRange', `They only go ${seen}, so the images are dark; --range dataset scales them.`)
          : []),
      ]
    case 'bytes':
      return wide
        ? note('byteValues', `The values (${what}) go ${seen} and are taken for bytes as they are; --range dataset scales them.`)
        : most <= farBelow
          ? note(
              'narrowRange',
              `The values only go ${least === Infinity ? 'to' : `${seen}, of`} 255, ` +
                'so the images are dark; --range dataset, or --range A..B, scales them.',
            )
          : []
    case 'type':
      return note('scaledValues', `The values (${what}) go ${seen} and fill their type, so ${range} is stored as 0 to 255.`)
    case 'data':
      if (least === most)
        return note(
          'scaledValues',
          `All values (${what}) are ${said(least)}, so that every pixel is stored as 0; give a range with --range A..B.`,
        )
      return note(
        'scaledValues',
        `The values (${what}) ${were} scaled by one range of all images, ` +
          `from the smallest to the largest: ${range} is stored as 0 to 255 ` +
          '(--range A..B or p1..p99 takes another).',
      )
    case 'percentiles':
      return note(
        'scaledValues',
        `The values (${what}) ${were} scaled by one range of all images, ` +
          `between the percentiles asked for: ${range} is stored as 0 to 255.${clipped}`,
      )
    case 'full':
      return note(
        'scaledValues',
        `The values (${what}) ${were} scaled by all that their type can hold, as asked: ` +
          `${range} is stored as 0 to 255.${clipped}`,
      )
    case 'given':
      return note(
        'scaledValues',
        `The values (${what}) ${were} scaled by the range asked for: ${range} is stored as 0 to 255.${clipped}`,
      )
    case 'image':
      return note(
        'scaledValues',
        `The values (${what}), ${seen}, ${were} scaled by each image's own range, as asked, ` +
          'so images cannot be compared in brightness.',
      )
  }
}
