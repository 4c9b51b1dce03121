import type { Difference } from '../../../shared/comparison.ts'

/** How a difference is marked: by a shape, never by colour. */
export const verdictSigns: Record<Difference['verdict'], { sign: string; words: string }> = {
  better: { sign: '▲', words: 'better' },
  worse: { sign: '▼', words: 'worse' },
  higher: { sign: '↑', words: 'higher' },
  lower: { sign: '↓', words: 'lower' },
  same: { sign: '=', words: 'the same' },
  undecided: { sign: '~', words: 'undecided, or not significant after correction' },
  untested: { sign: '', words: 'not tested' },
}

/** In the order in which they are explained. */
export const verdicts = Object.keys(verdictSigns) as Difference['verdict'][]
