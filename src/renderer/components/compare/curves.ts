import type { Comparison } from '../../../shared/comparison.ts'
import type { CompareLine, CompareTerms } from '../../../shared/comparisonLines.ts'
import { measured } from '../../charts/axes.ts'
import { readAt, type Curve, type XKind } from '../../charts/curve.ts'
import { extent } from '../../charts/lineScene.ts'
import type { Span } from '../../charts/navigate.ts'
import { termVariable } from '../../colours.ts'
import { termTitle } from '../../terms.ts'
import { colourOf, dashOf, type Subject } from './subjects.ts'

/** A line's place on the axis that is chosen. */
const columnOf = (line: Pick<CompareLine, 'step' | 'epoch' | 'seconds'>, axis: XKind): Float64Array =>
  ({ step: line.step, epoch: line.epoch, time: line.seconds })[axis]

/** A curve with the last value that was measured, of the whole axis. */
export interface CompareCurve extends Curve {
  last: number | null
}

/**
 * Lines of one series as curves, in the order and the colours of the table's rows. Smoothing is of the line; what is read from
 * it is what was measured.
 * @param along where what has no steps is drawn as a level
 */
export function curvesOf(
  lines: readonly CompareLine[],
  key: string,
  axis: XKind,
  subjects: readonly Subject[],
  along: Span = { from: 0, to: 1 },
): CompareCurve[] {
  const byId = new Map(lines.flatMap((line) => (line.key === key ? [[line.id, line] as const] : [])))
  // Among very many lines nobody follows a dashed one, and dashes take several times as long to draw.
  const dashed = subjects.length <= 40
  return subjects.flatMap((subject): CompareCurve[] => {
    const line = byId.get(subject.id)
    if (!line) return []
    const drawn = (column: Float64Array): Float64Array => (line.level ? Float64Array.of(column[0]!, column[0]!) : column)
    return [
      {
        id: subject.id,
        label: subject.title,
        colour: colourOf(subject),
        dash: dashed ? dashOf(subject) : [],
        x: line.level ? Float64Array.of(along.from, along.to) : columnOf(line, axis),
        y: drawn(line.value),
        value: drawn(line.raw ?? line.value),
        last: line.last.value,
        width: line.low ? 1.75 : subjects.length > 12 ? 1 : 1.25,
        opacity: subjects.length > 40 ? 0.7 : 1,
        ...(line.low && line.high ? { low: drawn(line.low), high: drawn(line.high), pair: line.pair } : {}),
        // Among many lines the unsmoothed ones would cover what they are smoothed for.
        ...(line.raw && subjects.length <= mostOriginals ? { original: drawn(line.raw) } : {}),
      },
    ]
  })
}

/** So many smoothed lines are drawn over what they were. */
const mostOriginals = 12

/** Charts at most: of very many kinds of loss the first. */
export const mostCharts = 12

/** A chart of a series: all that have it, or those of them that are measured on the same. */
export interface CurveChart {
  id: string
  key: string
  words: string
  unit: string
  subjects: Subject[]
}

type Curves = Pick<Comparison, 'curves' | 'groups'>

/** The charts of some series, in their order: whatever is not measured on the same has one of its own. */
export function chartsOf({ curves, groups }: Curves, keys: readonly string[], subjects: readonly Subject[]): CurveChart[] {
  return keys.flatMap((key) =>
    (curves.series.find((one) => one.key === key)?.kinds ?? []).map(({ words, unit, groups: indices }, index) => {
      const runs = new Set(indices.flatMap((group) => groups[group]!.runs))
      return {
        id: `${key} ${index}`,
        key,
        words,
        unit,
        subjects: subjects.filter((subject) => subject.runs.some((run) => runs.has(run))),
      }
    }),
  )
}

/** The horizontal axis of some series as a whole, of all lines that have steps. */
export function wholeOf(lines: readonly CompareLine[], keys: readonly string[], axis: XKind, logarithmic: boolean): Span {
  const stepped = lines.filter((line) => !line.level && keys.includes(line.key))
  return extent(
    stepped.map((line) => ({ id: line.id, label: '', colour: '', x: columnOf(line, axis), y: line.value })),
    logarithmic,
  )
}

/** Stacked terms as areas, the first at the bottom. What is read of one is its own value, not the height of the stack. */
export function termCurves(stack: CompareTerms, axis: XKind): Curve[] {
  return stack.terms.map(({ term, value, raw, lower, upper }) => ({
    id: term,
    label: termTitle(term),
    colour: termVariable(term),
    x: columnOf(stack, axis),
    y: upper,
    low: lower,
    high: upper,
    fill: 0.35,
    value: raw ?? value,
    width: 1,
  }))
}

/** What every curve has where the crosshair is, as measured; without one its last value. */
export function readings(curves: readonly (Curve & Partial<CompareCurve>)[], cursor: number | null): Map<string, string> {
  return new Map(
    curves.map((curve) => {
      const last = curve.last === undefined ? (curve.value ?? curve.y).findLast((one) => !Number.isNaN(one)) : curve.last
      return [curve.id, measured(cursor === null ? last : readAt(curve, cursor)?.value)]
    }),
  )
}

/** Columns of pixels to ask for, so that many curves together stay small: between what a chart can show and what zooming in will add. */
export const columnsFor = (lines: number): number => Math.max(120, Math.min(1000, Math.round(30_000 / Math.max(1, lines))))
