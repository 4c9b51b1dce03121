import { linearTick } from './axes.ts'

export interface Tick {
  value: number
  text: string
}

/** Round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten, at most `most` of them where that can be. */
export function linearTicks(low: number, high: number, most: number, wholeOnly = false): Tick[] {
  if (!(high > low)) return Number.isFinite(low) ? [{ value: low, text: linearTick(low) }] : []
  const rough = (high - low) / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(rough))
  let step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) * power
  if (wholeOnly) step = Math.max(1, Math.round(step))
  const first = Math.ceil(low / step - 1e-9),
    last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => {
    // Without the noise of binary fractions: 3 times 0.1 is 0.3.
    const value = Number(((first + index) * step).toPrecision(12))
    return { value, text: linearTick(value) }
  })
}

/**
 * Ticks of a logarithmic axis: powers of ten, with 2 and 5 or all digits between where there is room; round numbers where no two
 * powers are in sight.
 */
export function logarithmicTicks(low: number, high: number, most: number): Tick[] {
  if (!(low > 0) || !(high > low)) return []
  const first = Math.floor(Math.log10(low) + 1e-9),
    last = Math.ceil(Math.log10(high) - 1e-9)
  const every = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, most)))
  const all = (digits: readonly number[]): Tick[] => {
    const ticks: Tick[] = []
    for (let exponent = first; exponent <= last; exponent++) {
      if (every > 1 && (exponent - first) % every !== 0) continue
      for (const digit of digits) {
        const value = Number(`${digit}e${exponent}`)
        if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push({ value, text: linearTick(value) })
      }
    }
    return ticks
  }
  const powers = all([1])
  if (every > 1) return powers
  const found = [
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 5],
  ]
    .map(all)
    .find((ticks) => ticks.length >= 2 && ticks.length <= most)
  if (found) return found
  return powers.length >= 2 ? powers : linearTicks(low, high, most)
}

/** From values to pixels; a pixel axis may run either way. */
export interface Scale {
  from: number
  to: number
  logarithmic: boolean
  toPixel(value: number): number
  toValue(pixel: number): number
}

export function scale(from: number, to: number, first: number, last: number, logarithmic = false): Scale {
  const place = logarithmic ? Math.log : (value: number) => value
  const back = logarithmic ? Math.exp : (value: number) => value
  const low = place(from),
    span = place(to) - low || 1
  return {
    from,
    to,
    logarithmic,
    toPixel: (value) => first + ((place(value) - low) / span) * (last - first),
    toValue: (pixel) => back(low + ((pixel - first) / (last - first || 1)) * span),
  }
}
