import type { CompareLine, CompareTerms } from '../../../shared/comparison.ts'
import { measured } from '../../charts/axes.ts'
import { readAt, type Curve, type XKind } from '../../charts/curve.ts'
import { termVariable } from '../../colours.ts'
import { termTitle } from '../../terms.ts'
import { colourOf, dashOf, type Subject } from './subjects.ts'

/** A line's place on the axis that is chosen. */
const columnOf = (line: Pick<CompareLine, 'step' | 'epoch' | 'seconds'>, axis: XKind): Float64Array => ({ step: line.step, epoch: line.epoch, time: line.seconds })[axis]

/** Lines of one series as curves, in the order and the colours of the table's rows. */
export function curvesOf(lines: readonly CompareLine[], key: string, axis: XKind, subjects: readonly Subject[]): Curve[] {
  const byId = new Map(lines.flatMap((line) => (line.key === key ? [[line.id, line] as const] : [])))
  // Among very many lines nobody follows a dashed one, and dashes take several times as long to draw.
  const dashed = subjects.length <= 40
  return subjects.flatMap((subject): Curve[] => {
    const line = byId.get(subject.id)
    if (!line) return []
    return [{
      id: subject.id, label: subject.title, colour: colourOf(subject), dash: dashed ? dashOf(subject) : [], x: columnOf(line, axis), y: line.value,
      width: line.low ? 1.75 : subjects.length > 12 ? 1 : 1.25, opacity: subjects.length > 40 ? 0.7 : 1,
      ...(line.low && line.high ? { low: line.low, high: line.high } : {}),
    }]
  })
}

/** Stacked terms as areas, the first at the bottom. What is read of one is its own value, not the height of the stack. */
export function termCurves(stack: CompareTerms, axis: XKind): Curve[] {
  return stack.terms.map(({ term, value, lower, upper }) => ({
    id: term, label: termTitle(term), colour: termVariable(term), x: columnOf(stack, axis), y: upper, low: lower, high: upper, fill: 0.35, value, width: 1,
  }))
}

/** What every curve has where the crosshair is; without one its last value. */
export function readings(curves: readonly Curve[], cursor: number | null): Map<string, string> {
  return new Map(curves.map((curve) => {
    const value = cursor === null ? (curve.value ?? curve.y).findLast((one) => !Number.isNaN(one)) : readAt(curve, cursor)?.value
    return [curve.id, measured(value)]
  }))
}

/** The series that are shown where nobody has chosen: the loss, and beside it what can be compared although the objectives differ. */
export function usualSeries(keys: readonly string[]): string[] {
  const others = keys.some((key) => /^(?:train|validation)\//.test(key) && !/\/(?:loss|reconstruction|weightDecay)$/.test(key))
  const wanted = ['validation/loss', others ? 'validation/reconstruction' : 'train/loss'].filter((key) => keys.includes(key))
  return wanted.length > 0 ? wanted : keys.slice(0, 1)
}

/** Columns of pixels to ask for, so that many curves together stay small: between what a chart can show and what zooming in will add. */
export const columnsFor = (lines: number): number => Math.max(120, Math.min(1000, Math.round(30_000 / Math.max(1, lines))))
