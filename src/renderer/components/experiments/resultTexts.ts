import type { Difference, GroupEstimate } from '../../../shared/comparison.ts'
import type { CallInput } from '../../../shared/calls.ts'
import { differenceUnit } from '../../../shared/figures.ts'
import { interval } from '../compare/figureTable.ts'

/** A row of an experiment's results, with the texts that are on screen; empty where there is nothing yet. */
export interface ResultRow {
  title: string
  /** Of what is swept, in the order of the columns. */
  values: string[]
  /** The figure of each seed. */
  seeds: string[]
  estimate: Pick<GroupEstimate, 'text'> | null
  difference: Pick<Difference, 'text' | 'correctedText'> | null
  verdict: string
}

/**
 * What a file of the results holds: the texts as they stand there, figures of single seeds where there are marks; a difference
 * and the ends of its interval in three columns, so that they stay numbers.
 */
export function resultTexts(
  heads: { swept: readonly string[]; seeds: readonly number[]; figure: string; unit: string; pairs: boolean },
  rows: readonly ResultRow[],
): Pick<CallInput<'tables.csv'>, 'columns' | 'rows'> {
  const { swept, seeds, figure, unit, pairs } = heads
  const column = (title: string, of = '', numeric = true) => ({ title, unit: of, numeric })
  const points = differenceUnit(unit)
  return {
    columns: [
      column('Configuration', '', false),
      ...swept.map((title) => column(title)),
      ...seeds.map((seed) => column(`${figure}, seed ${seed}`, unit)),
      column(figure, unit),
      ...(pairs
        ? [
            column('Difference to the baseline', points),
            column('Difference, 95% from', points),
            column('Difference, 95% to', points),
            column('p corrected (Holm)'),
            column('Verdict', '', false),
          ]
        : []),
    ],
    rows: rows.map((row) => {
      const text = row.difference?.text ?? ''
      const [, mean, low, high] = interval.exec(text) ?? []
      return [
        row.title,
        ...row.values,
        ...row.seeds,
        row.estimate?.text ?? '',
        ...(pairs ? [mean ?? text, low ?? '', high ?? '', row.difference?.correctedText ?? '', row.verdict] : []),
      ]
    }),
  }
}
