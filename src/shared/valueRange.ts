/** What an import makes of values that are no bytes: the one range that becomes 0 to 255, as asked for. */
export type RangeWish =
  /** From the smallest to the largest value of all images, bytes included. */
  | { kind: 'data' }
  /** Each image from its own smallest to its own largest value. */
  | { kind: 'image' }
  /** All that the type can hold; of floats 0 to 1. */
  | { kind: 'full' }
  | { kind: 'given'; from: number; to: number }
  /** Shares of all values in percent: so many lie at or below the lower end, and at or below the upper one. */
  | { kind: 'percentiles'; low: number; high: number }

const number = '[-+]?(?:\\d+(?:\\.\\d+)?|\\.\\d+)(?:e[-+]?\\d+)?'
const given = new RegExp(`^(${number})\\.\\.(${number})$`, 'i'),
  percentiles = new RegExp(`^p(${number})\\.\\.p(${number})$`, 'i')

/** `percentiles` without numbers. */
const usual = { low: 1, high: 99 }

/**
 * Reads `dataset` (or `data`), `image`, `full`, `A..B` (numbers, A below B), or `pA..pB` (percentiles, 0 to 100; `percentiles`: p1..p99);
 * null for any other text.
 */
export function parseRange(text: string): RangeWish | null {
  const asked = text.trim().toLowerCase()
  if (asked === 'data' || asked === 'dataset') return { kind: 'data' }
  if (asked === 'image' || asked === 'full') return { kind: asked }
  if (asked === 'percentiles') return { kind: 'percentiles', ...usual }
  const [, low, high] = percentiles.exec(asked) ?? []
  if (low !== undefined && high !== undefined) {
    const wish = { kind: 'percentiles' as const, low: Number(low), high: Number(high) }
    return wish.low >= 0 && wish.high <= 100 && wish.low < wish.high ? wish : null
  }
  const [, from, to] = given.exec(asked) ?? []
  if (from === undefined || to === undefined) return null
  const wish = { kind: 'given' as const, from: Number(from), to: Number(to) }
  return Number.isFinite(wish.to - wish.from) && wish.from < wish.to ? wish : null
}

/** How a range is written, for people. */
export const rangeForms = 'dataset, full, image, A..B as in 0..4095, or percentiles (p1..p99, or others written so)'
