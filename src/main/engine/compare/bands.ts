import { confidence } from './statistics.ts'
import { twoSidedQuantile } from './studentT.ts'

/** A series, or the mean of several, in columns with ascending steps. NaN is a gap. */
export interface Line {
  step: Float64Array
  epoch: Float64Array
  seconds: Float64Array
  value: Float64Array
}

export interface Band extends Line {
  low: Float64Array
  high: Float64Array
  /** Of how many seeds the mean is. */
  n: Uint16Array
}

/**
 * `interval`: the 95% interval of the mean (Student's t); `range`: from the lowest seed to the highest; `seeds`: the interval
 * where at least three seeds are under way.
 */
export type BandKind = 'interval' | 'range' | 'seeds'

/**
 * Several seeds of one setting as their mean and a band, on the steps that all of those have that are under way there: a run that ended
 * early, or has not come so far, counts as long as it goes, and `n` says how many do. Times are means.
 * @param lines at least one
 */
export function bandOf(lines: readonly Line[], kind: BandKind): Band {
  const steps = commonSteps(lines)
  const length = steps.length
  const band: Band = {
    step: steps,
    epoch: new Float64Array(length),
    seconds: new Float64Array(length),
    value: new Float64Array(length),
    low: new Float64Array(length),
    high: new Float64Array(length),
    n: new Uint16Array(length),
  }
  const at = lines.map(() => 0)
  const values: number[] = []
  for (let i = 0; i < length; i++) {
    const step = steps[i]!
    values.length = 0
    let seconds = 0
    let counted = 0
    lines.forEach((line, index) => {
      let position = at[index]!
      while (position < line.step.length && line.step[position]! < step) position++
      at[index] = position
      if (line.step[position] !== step) return
      counted++
      seconds += line.seconds[position]!
      band.epoch[i] = line.epoch[position]!
      if (Number.isFinite(line.value[position]!)) values.push(line.value[position]!)
    })
    band.seconds[i] = seconds / counted
    band.n[i] = values.length
    fill(band, i, values, kind)
  }
  return band
}

function fill(band: Band, i: number, values: readonly number[], kind: BandKind): void {
  const n = values.length
  let sum = 0
  for (const value of values) sum += value
  const mean = sum / n
  band.value[i] = mean
  band.low[i] = NaN
  band.high[i] = NaN
  if (n < (kind === 'seeds' ? 3 : 2)) return
  if (kind === 'range') {
    band.low[i] = Math.min(...values)
    band.high[i] = Math.max(...values)
    return
  }
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  const half = twoSidedQuantile(confidence, n - 1) * Math.sqrt(squares / (n - 1) / n)
  band.low[i] = mean - half
  band.high[i] = mean + half
}

/** Steps at which every line that has begun and not ended has a point. */
function commonSteps(lines: readonly Line[]): Float64Array {
  const [first] = lines
  if (lines.every(({ step }) => sameSteps(step, first!.step))) return first!.step
  const counts = new Map<number, number>()
  for (const { step } of lines) for (const one of step) counts.set(one, (counts.get(one) ?? 0) + 1)
  const ranges = lines.filter(({ step }) => step.length > 0).map(({ step }) => [step[0]!, step.at(-1)!] as const)
  const underWay = (step: number): number => ranges.filter(([from, to]) => from <= step && step <= to).length
  return Float64Array.from([...counts].filter(([step, count]) => count === underWay(step)).map(([step]) => step)).sort()
}

function sameSteps(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((step, index) => step === b[index]))
}
