import type { GroupEstimate } from '../../../shared/comparison.ts'
import { digitsOf, scaleOf, type FigureFormat } from '../../../shared/figures.ts'
import { textOf, valueOf, type Figure } from '../figures/index.ts'
import { absent, formatDecimals } from '../../../shared/quantities.ts'
import { plainNumber } from '../files/csv.ts'
import { decimalsFor, withUncertainty } from './uncertainty.ts'
import type { RunGroup } from './groups.ts'
import { estimate } from './statistics.ts'

/** A figure's own decimals are there wherever it stands, and more where an interval allows them, so that a column reads alike. */
const leastDecimals = (figure: FigureFormat): number => digitsOf(figure) ?? 0

/** Decimals of a figure's mean or difference, in its unit, that half its interval allows. */
export const decimalsOf = (figure: FigureFormat, half: number): number =>
  Math.min(20, Math.max(leastDecimals(figure), decimalsFor(half * scaleOf(figure))))

const none = { n: 0, mean: null, deviation: null, half: null, low: null, high: null, text: absent, meanText: absent, halfText: '' }

/** A figure of a group: its mean over the seeds with the 95% interval, in the figure's own scale; texts in its unit. */
export function groupEstimate(figure: Figure, { counted }: Pick<RunGroup, 'counted'>): GroupEstimate {
  const values = counted.map((run) => valueOf(figure, run))
  const found = estimate(values.filter((value) => value !== null))
  if (found === null) return { ...none, values }
  const { half } = found
  // One seed, or all alike: as a single run's figure is written.
  if (half === null || half === 0) {
    const written = textOf(figure, found.mean, counted.find((run) => valueOf(figure, run) !== null)!.evaluation)
    // Of counts such as `3 of 64` there is nothing to add.
    const sure = half === 0 && plainNumber(written) !== null
    const zero = (0).toFixed(leastDecimals(figure))
    return { ...found, values, text: sure ? `${written} ± ${zero}` : written, meanText: written, halfText: sure ? zero : '' }
  }
  const scale = scaleOf(figure)
  const texts = withUncertainty(found.mean * scale, half * scale, leastDecimals(figure))
  return { ...found, values, text: `${texts.mean} ± ${texts.half}`, meanText: texts.mean, halfText: texts.half }
}

/**
 * Groups with the best mean: those that read the same to the digits that both have are best together. None is where fewer than
 * two have one, or all are alike.
 */
export function bestGroups({ better, unit }: Pick<Figure, 'better' | 'unit'>, estimates: readonly GroupEstimate[]): number[] {
  const present = estimates.flatMap(({ mean, meanText }, index) =>
    mean === null ? [] : [{ mean: mean * scaleOf({ unit }), index, decimals: decimalsIn(meanText) }],
  )
  if (present.length < 2 || better === 'neither') return []
  const sign = better === 'lower' ? 1 : -1
  const winner = present.reduce((a, b) => (sign * b.mean < sign * a.mean ? b : a))
  const best = present.filter(({ mean, decimals }) => {
    const shared = Math.min(decimals, winner.decimals)
    return formatDecimals(mean, shared) === formatDecimals(winner.mean, shared)
  })
  return best.length === present.length ? [] : best.map(({ index }) => index)
}

const decimalsIn = (text: string): number => Math.min(20, /\.(\d+)/.exec(text)?.[1]?.length ?? 0)
