import type { Difference, GroupEstimate } from '../../../shared/comparison.ts'
import type { CallInput } from '../../../shared/calls.ts'
import { differenceUnit, estimateInFull, figureInFull } from '../../../shared/figures.ts'

/** A row of an experiment's results; empty where there is nothing yet. */
export interface ResultRow {
  title: string
  /** Of what is swept, in the order of the columns. */
  values: string[]
  /** The figure of each seed, with all its digits. */
  seeds: string[]
  estimate: Pick<GroupEstimate, 'text' | 'mean' | 'half' | 'halfText'> | null
  difference: Pick<Difference, 'text' | 'mean' | 'low' | 'high' | 'corrected'> | null
  verdict: string
  /** Ids of the runs that its figures are of. */
  runs: string[]
}

/**
 * What a file of the results holds: numbers with all their digits, figures of single seeds where there are marks; a difference
 * and the ends of its interval in three columns, so that they stay numbers.
 */
export function resultTexts(
  heads: { swept: readonly string[]; seeds: readonly number[]; figure: string; key: string; unit: string; pairs: boolean },
  rows: readonly ResultRow[],
): Pick<CallInput<'tables.csv'>, 'columns' | 'rows' | 'about'> {
  const { swept, seeds, figure, key, unit, pairs } = heads
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
    about: { figures: [key], runs: rows.map(({ runs }) => runs) },
    rows: rows.map((row) => {
      const { mean = null, low = null, high = null, corrected = null } = row.difference ?? {}
      const full = (value: number | null) => (value === null ? '' : figureInFull(value, { unit }))
      return [
        row.title,
        ...row.values,
        ...row.seeds,
        row.estimate ? estimateInFull(row.estimate, unit) : '',
        ...(pairs ? [...[mean, low, high].map(full), corrected === null ? '' : String(corrected), row.verdict] : []),
      ]
    }),
  }
}
