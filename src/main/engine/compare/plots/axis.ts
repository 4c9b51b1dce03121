import { formatDecimals, withMinus } from '../../../../shared/quantities.ts'
import type { PlotValue } from './subjects.ts'

/** An axis from 0 to 1, with what stands at its ticks. */
export interface Axis {
  kind: 'number' | 'choice'
  logarithmic: boolean
  ticks: { place: number; text: string }[]
  /** Null for a value that the axis does not have. */
  placeOf: (value: PlotValue['value']) => number | null
}

/** The axis on which some values lie: of numbers linear or logarithmic, of anything else one place a choice. */
export function axisOf(values: readonly PlotValue[], numeric: boolean, mayBeLogarithmic: boolean): Axis {
  return numeric
    ? numberAxis(
        values.flatMap(({ value }) => (typeof value === 'number' ? [value] : [])),
        mayBeLogarithmic,
      )
    : choiceAxis(values)
}

/** Strengths and rates are tried by factors: so are they shown. */
export function isLogarithmic(numbers: readonly number[]): boolean {
  const low = Math.min(...numbers),
    high = Math.max(...numbers)
  return new Set(numbers).size > 2 && low > 0 && high / low >= 20
}

function numberAxis(numbers: readonly number[], mayBeLogarithmic: boolean): Axis {
  const logarithmic = mayBeLogarithmic && isLogarithmic(numbers)
  let low = Math.min(...numbers),
    high = Math.max(...numbers)
  if (numbers.length === 0) [low, high] = [0, 1]
  if (low === high) [low, high] = low === 0 ? [-1, 1] : [low - Math.abs(low) / 2, high + Math.abs(high) / 2]
  const scale = logarithmic ? Math.log : (value: number) => value
  const place = (value: number) => (scale(value) - scale(low)) / (scale(high) - scale(low))
  const ticks = logarithmic ? decades(low, high) : steps(low, high)
  return {
    kind: 'number',
    logarithmic,
    ticks: ticks.map(({ value, text }) => ({ place: place(value), text })),
    placeOf: (value) => (typeof value === 'number' ? place(value) : null),
  }
}

/** Multiples of 1, 2 or 5 times a power of ten: about five of them. */
export function steps(low: number, high: number): { value: number; text: string }[] {
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  // The nearest by its factor.
  const step =
    (rough / power >= Math.sqrt(50) ? 10 : rough / power >= Math.sqrt(10) ? 5 : rough / power >= Math.SQRT2 ? 2 : 1) * power
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const ticks: { value: number; text: string }[] = []
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) {
    const value = index * step
    ticks.push({ value, text: decimals > 6 ? exponential(value) : formatDecimals(value, Math.min(decimals, 20)) })
  }
  return ticks
}

const exponential = (value: number): string =>
  value === 0 ? '0' : withMinus(Number(value.toPrecision(10)).toExponential().replace('e+', 'e'))

/** 1, 10, 100; with 2 and 5 between where there are few. */
function decades(low: number, high: number): { value: number; text: string }[] {
  const first = Math.floor(Math.log10(low)),
    last = Math.ceil(Math.log10(high))
  const factors = last - first <= 2 ? [1, 2, 5] : [1]
  const ticks: { value: number; text: string }[] = []
  for (let exponent = first; exponent <= last; exponent++) {
    for (const factor of factors) {
      const value = Number(`${factor}e${exponent}`)
      if (value >= low * 0.999 && value <= high * 1.001)
        ticks.push({ value, text: value >= 1e-4 && value < 1e6 ? String(value) : exponential(value) })
    }
  }
  return ticks
}

let collator: Intl.Collator | undefined
/** As people order texts, numbers in them by value. What knows languages takes megabytes, so it is made when it is needed. */
export const byText = (a: string, b: string): number => (collator ??= new Intl.Collator('en', { numeric: true })).compare(a, b)

function choiceAxis(values: readonly PlotValue[]): Axis {
  const texts = new Map<PlotValue['value'], string>()
  for (const { value, text } of values) if (value !== null) texts.set(value, text)
  const sorted = [...texts].sort(([, a], [, b]) => byText(a, b))
  const places = new Map(sorted.map(([value], index) => [value, sorted.length === 1 ? 0.5 : index / (sorted.length - 1)]))
  return {
    kind: 'choice',
    logarithmic: false,
    ticks: sorted.map(([value, text]) => ({ place: places.get(value)!, text })),
    placeOf: (value) => places.get(value) ?? null,
  }
}
