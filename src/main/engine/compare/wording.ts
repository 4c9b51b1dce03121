import type { FigureRow, GroupFigure } from '../../../shared/comparison.ts'
import { withUnit } from '../../../shared/figures.ts'
import type { RunGroup } from './groups.ts'
import type { Run } from '../../../shared/domain.ts'
import { inSentence } from '../../../shared/words.ts'
import { aimClause } from './aims.ts'
import { formatList } from './formats.ts'

/** A run's name as it stands in a sentence. The text is plain: whoever shows it escapes it. */
export function quoted(run: Pick<Run, 'name'>): string {
  return `“${run.name}”`
}

/** A group's name within a sentence. The text is plain: whoever shows it escapes it. */
export const groupName = ({ title, named }: Pick<RunGroup, 'title' | 'named'>): string => (named ? `“${title}”` : inSentence(title))

/** What helps where training diverged. */
export const cure = 'train again with a smaller training.learningRate, or with training.clipNorm'

/**
 * The figure that the one sentence about single runs is of: the one asked for where all have it and one can be best in it, else
 * the first such.
 */
export function figureOfSentence(figures: readonly FigureRow[], wanted?: string): FigureRow | undefined {
  const able = figures.filter((row) => row.better !== 'neither' && row.values.every((value) => value !== null))
  return able.find(({ key }) => key === wanted) ?? able[0]
}

/**
 * The comparison in one sentence: who is best in a figure that all runs have, and by how much. No statistics over seeds are
 * made here, and the sentence says so.
 */
export function comparisonSentence(runs: readonly Run[], figures: readonly FigureRow[], ranked: boolean, wanted?: string): string {
  if (runs.length < 2) return 'Choose at least two runs to compare them.'
  if (!ranked) return 'The runs were not measured alike, so none can be called better than another.'
  const diverged = runs.filter(({ state }) => state === 'diverged')
  if (diverged.length === runs.length) return `All ${runs.length} runs diverged, so there is nothing to compare; ${cure}.`
  const figure = figureOfSentence(figures, wanted)
  if (!figure && diverged.length > 0 && runs.every(({ state, evaluation }) => state === 'diverged' || evaluation !== null))
    return `${formatList(diverged.map(quoted))} diverged, so not all of these runs can be ranked; ${cure}.`
  if (!figure) return 'Not all of these runs have been evaluated yet, so they cannot be ranked.'

  const name = inSentence(figure.title)
  const doubt = oneSeedEach(runs)
    ? 'with one seed each, one cannot tell whether the difference would repeat'
    : 'whether the difference would repeat with other seeds is not tested here'
  if (figure.best.length === 0) {
    const same = new Set(figure.texts).size === 1
    return same
      ? `On the test samples all runs have the same ${name}, ${textAt(figure, 0)}.`
      : `On the test samples no run is better in ${name} than another.`
  }
  const winners = figure.best.map((index) => quoted(runs[index] as Run))
  const next = nextBest(figure)
  const verb = winners.length === 1 ? 'has' : 'have'
  return (
    `On the test samples ${formatList(winners)} ${verb} the ${figure.better === 'lower' ? 'lowest' : 'highest'} ${name}, ` +
    `${textAt(figure, figure.best[0] as number)} against ${textAt(figure, next)} of ${quoted(runs[next] as Run)}; ${doubt}${aimClause(
      figure,
      runs.map((run) => ({ name: quoted(run), run })),
    )}.`
  )
}

/** What several seeds of one setting come to. */
export function oneGroupSentence({ title, unit, estimates: [estimate] }: GroupFigure): string {
  const { n, meanText, halfText } = estimate!
  if (halfText === '') return `These runs have the same settings; only one of their seeds has a ${inSentence(title)}.`
  return (
    `${n} seeds of the same settings: ${inSentence(title)} ${meanText} ± ` +
    `${withUnit(halfText, unit)} (mean and its 95% interval).`
  )
}

const textAt = ({ texts, unit }: FigureRow, index: number): string => withUnit(texts[index] ?? '', unit)

/** Index of the best run among those that are not best. */
function nextBest(figure: FigureRow): number {
  const others = figure.values
    .map((value, index) => ({ value: value ?? NaN, index }))
    .filter(({ index }) => !figure.best.includes(index))
  const sign = figure.better === 'lower' ? 1 : -1
  return others.reduce((a, b) => (sign * b.value < sign * a.value ? b : a)).index
}

/** True where no two runs have the same settings but for the seed. */
function oneSeedEach(runs: readonly Run[]): boolean {
  return new Set(runs.map((run) => JSON.stringify([run.variant, run.config]))).size === runs.length
}
