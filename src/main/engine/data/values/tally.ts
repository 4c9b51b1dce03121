import type { NumberType } from '../numbers.ts'

/** What was seen of values that have one meaning: those of bytes, or those of all wider numbers. */
export interface Tally {
  /** As NumPy names them. */
  types: NumberType[]
  /** Infinity and -Infinity where none was seen. Of bytes `most` may be any value seen above `farBelow`. */
  least: number
  most: number
  whole: boolean
}
export const emptyTally = (): Tally => ({ types: [], least: Infinity, most: -Infinity, whole: true })

/** Changes `into`. */
export function addTally(into: Tally, { types, least, most, whole }: Tally): void {
  for (const type of types) if (!into.types.includes(type)) into.types.push(type)
  into.least = Math.min(into.least, least)
  into.most = Math.max(into.most, most)
  into.whole &&= whole
}

/** Bytes of which none is above this are far below 255. */
export const farBelow = 127
