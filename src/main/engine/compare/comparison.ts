import type { VariantInfo } from '../../../shared/config.ts'
import type { Comparison, Run } from '../../../shared/domain.ts'
import { figureRows } from './figures.ts'
import { comparisonNotes, measuredAlike } from './notes.ts'
import { settingDifferences } from './settings.ts'
import { comparisonSentence } from './wording.ts'

/**
 * Everything that the comparison of some runs shows, from their stored rows alone; columns are in the order of `runs`. Never
 * throws: what is missing reads `–`, and what is not comparable is said in `notes` and not ranked. All texts are plain text
 * with the names as the user gave them.
 */
export function compareRuns(runs: Run[], variants: VariantInfo[]): Comparison {
  const ranked = measuredAlike(runs)
  const figures = figureRows(runs, ranked)
  return {
    runs,
    differences: settingDifferences(runs, variants),
    figures,
    seriesKeys: seriesKeys(runs, variants),
    notes: comparisonNotes(runs),
    sentence: comparisonSentence(runs, figures, ranked),
  }
}

/** A term, or a value of a layer, of what is trained in the end: not of a layer's pretraining, of what that came to, or of a single unit. */
const isCurve = (key: string): boolean => /^(?:(?:train|validation)\/[^/]+|(?:gradient|updateRatio)\/.+)$/.test(key)

/**
 * Series of whole networks that at least one run has: the losses, then the terms in the order of the variants' formulas; training before validation.
 */
function seriesKeys(runs: readonly Run[], variants: readonly VariantInfo[]): string[] {
  const terms = ['loss', ...variants.flatMap((variant) => variant.terms), 'classification', 'weightDecay']
  const rank = (key: string): [number, number] => {
    const [split = '', ...term] = key.split('/')
    const position = terms.indexOf(term.join('/'))
    return [position < 0 ? terms.length : position, split === 'train' ? 0 : 1]
  }
  return [...new Set(runs.flatMap((run) => Object.keys(run.latest)))].filter(isCurve).sort((a, b) => {
    const [termA, splitA] = rank(a)
    const [termB, splitB] = rank(b)
    return termA - termB || splitA - splitB || (a < b ? -1 : a > b ? 1 : 0)
  })
}
