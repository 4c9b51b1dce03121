import type { FigureRow } from '../../../shared/comparison.ts'
import type { Run } from '../../../shared/domain.ts'
import type { Better } from '../../../shared/figures.ts'
import { figuresOf, headOf, textOf, valueOf, type Figure } from '../figures/index.ts'
import { measuredAlike } from './comparable.ts'

/** What is better among these runs: neither, where the figure does not mean the same in all of them. */
export function betterAmong(figure: Figure, runs: readonly Run[]): Better {
  return figure.yardstick === 'likelihood' &&
    !measuredAlike(
      runs.filter((run) => valueOf(figure, run) !== null),
      figure.yardstick,
    )
    ? 'neither'
    : figure.better
}

/** One row for every figure. No run is marked as the best where the runs were not measured alike. */
export function figureRows(runs: readonly Run[]): FigureRow[] {
  const ranked = measuredAlike(runs)
  return figuresOf(runs).map((figure) => {
    const values = runs.map((run) => valueOf(figure, run))
    const texts = values.map((figureValue, index) => textOf(figure, figureValue, runs[index]!.evaluation))
    const better = betterAmong(figure, runs)
    return { ...headOf(figure), better, values, texts, best: ranked ? bestOf(values, texts, better) : [] }
  })
}

/**
 * Which are best to the digits shown: two that read the same are best together. None is, where fewer than two have a
 * value, or where all read the same.
 */
export function bestOf(values: readonly (number | null)[], texts: readonly string[], better: Better): number[] {
  const present = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]))
  if (present.length < 2 || better === 'neither') return []
  const sign = better === 'lower' ? 1 : -1
  const winner = present.reduce((a, b) => (sign * b.value < sign * a.value ? b : a))
  const best = present.filter(({ index }) => texts[index] === texts[winner.index]).map(({ index }) => index)
  return best.length === present.length ? [] : best
}
