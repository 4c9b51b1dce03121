import type { Difference } from '../../../shared/comparison.ts'
import type { Better } from '../../../shared/figures.ts'
import { absent } from '../../../shared/quantities.ts'
import { formatProbability } from './uncertainty.ts'
import { confidence } from './statistics.ts'

/**
 * What is known of a difference: `measured` with a test; or why there is none: different yardsticks, one pair, no pair, or pairs
 * that all differ by the same; or that every seed of one of them diverged.
 */
export type Reason = 'measured' | 'unlike' | 'one' | 'none' | 'constant' | 'diverged'

export interface Tested {
  better: Better
  reason: Reason
  mean: number | null
  /** The lower end of its interval: 0 beside a mean of 0 where all pairs are equal. */
  low: number | null
  /** Two-sided, by itself and corrected for all that were tested in this figure. */
  p: number | null
  corrected: number | null
  tested: number
}

/** `after`: by itself it would be one, and among so many comparisons it can be chance. */
export type Doubt = 'after' | 'chance' | null

/**
 * Whether a difference is one, and in what words: the one rule of tables, sentences, files and the command line. It is one
 * where the corrected p is below
 * 0.05; an interval, which is each comparison's own, may exclude 0 all the same, and then that is said. What was not tested says why.
 */
export function verdictOf({
  better,
  reason,
  mean,
  low,
  p,
  corrected,
  tested,
}: Tested): Pick<Difference, 'verdict' | 'verdictText'> & { doubt: Doubt } {
  if (reason !== 'measured' || mean === null || p === null || corrected === null)
    return { verdict: 'untested', verdictText: untested[reason === 'measured' ? 'none' : reason], doubt: null }
  const level = 1 - confidence
  if (corrected < level && mean !== 0) {
    const up = mean > 0
    const verdict = better === 'neither' ? (up ? 'higher' : 'lower') : (better === 'higher') === up ? 'better' : 'worse'
    return { verdict, verdictText: verdict, doubt: null }
  }
  if (p < level && mean !== 0)
    return { verdict: 'undecided', verdictText: `not after correction for ${tested} comparisons`, doubt: 'after' }
  // Not one pair differs: that is no doubt about which is better.
  if (mean === 0 && low === 0) return { verdict: 'same', verdictText: 'the same with every seed', doubt: null }
  return { verdict: 'undecided', verdictText: 'cannot be told', doubt: 'chance' }
}

const untested: Record<Exclude<Reason, 'measured'>, string> = {
  unlike: 'not compared: measured differently',
  none: 'not tested: no seed in common',
  one: 'not tested: one seed',
  diverged: 'not tested: all seeds diverged',
  constant: 'not tested: no spread over the seeds',
}

/** A corrected p as it stands in a row. */
export const probabilityText = (p: number | null): string => (p === null ? absent : formatProbability(p))
