import type { VariantInfo } from '../../../shared/config.ts'
import type { Comparison, Difference, GroupFigure } from '../../../shared/comparison.ts'
import type { Run } from '../../../shared/domain.ts'
import { baselineOf } from './baseline.ts'
import { measuredAlike } from './comparable.ts'
import { curvesOf } from './curveKinds.ts'
import { groupFigures } from './differences.ts'
import { figureRows } from './figureRows.ts'
import { groupOf, groupRuns, type Cell, type RunGroup } from './groups.ts'
import { comparisonNotes } from './notes.ts'
import { settingDifferences, settingTree } from './settings.ts'
import { comparisonSentence, figureOfSentence, oneGroupSentence } from './wording.ts'

export interface CompareOptions {
  /** Id of a group, or of a run in it; one that is not there is passed over. */
  baseline?: string | undefined
  /** Key of the figure that the sentences are about. */
  figure?: string | undefined
  /** What experiments call some of the groups. */
  cells?: readonly Cell[]
  /** Whether a dataset, by id, brings the validation part of its runs. */
  validationBrought?: (dataset: string) => boolean
}

/**
 * Everything that the comparison of some runs shows, from their stored rows alone; columns are in the order of `runs`. Never
 * throws: what is missing reads `–`, and what is not comparable is said in `notes` and not ranked. All texts are plain text
 * with the names as the user gave them.
 */
export function compareRuns(
  runs: Run[],
  variants: VariantInfo[],
  { baseline: wanted, figure, cells, validationBrought }: CompareOptions = {},
): Comparison {
  const ranked = measuredAlike(runs)
  const figures = figureRows(runs)
  const groups = groupRuns(runs, variants, cells)
  const baseline = baselineOf(groups, variants, wanted) ?? baselineOf(groups, variants)!
  const byGroup = groupFigures(groups, baseline)
  const headline = headlineOf(byGroup, figure)
  const differences = settingDifferences(runs, variants)
  const keys = seriesKeys(runs, variants)
  const indices = new Map(runs.map((run, index) => [run.id, index]))
  const bySeeds = seedSentences(groups, headline)
  // Where no group has two seeds, the runs themselves are what is compared.
  const sentences = bySeeds.length > 0 ? bySeeds : [comparisonSentence(runs, figures, ranked, figure)]
  const spoken = bySeeds.length > 0 ? headline?.key : (figureOfSentence(figures, figure)?.key ?? headline?.key)
  return {
    runs,
    differences,
    settings: settingTree(
      differences,
      groups.map((group) => group.runs.map(({ id }) => indices.get(id)!)),
    ),
    figures,
    groups: groups.map(groupOf),
    baseline: baseline.group,
    groupFigures: byGroup,
    // Of their data nothing is known here.
    likelihoods: {},
    headline: spoken ?? null,
    sentences,
    correction: correctionOf(byGroup),
    seriesKeys: keys,
    curves: curvesOf(groups, keys),
    notes: comparisonNotes(runs, groups, validationBrought),
    sentence: sentences[0]!,
  }
}

/** What the networks are for comes first, then what their codes are worth, then how well they rebuild. */
const headlines = ['classificationAccuracy', 'linearProbeAccuracy']

/** The figure that the sentences are about: the one asked for, else the first that all groups have, else the first that two have. */
function headlineOf(figures: readonly GroupFigure[], wanted: string | undefined): GroupFigure | null {
  const asked = figures.find(({ key }) => key === wanted)
  if (asked !== undefined) return asked
  const rank = ({ key }: GroupFigure): number => (headlines.includes(key) ? headlines.indexOf(key) : headlines.length)
  const useful = figures.filter(({ better }) => better !== 'neither').sort((a, b) => rank(a) - rank(b))
  const having = ({ estimates }: GroupFigure): number => estimates.filter(({ n }) => n > 0).length
  return (
    useful.find((row) => having(row) === row.estimates.length && row.estimates.length > 0) ??
    useful.find((row) => having(row) > 1) ??
    null
  )
}

/**
 * Of groups with several seeds: those that are differences first, the largest gain in front; then what cannot be told. Of a
 * single group what it comes to.
 */
function seedSentences(groups: readonly RunGroup[], figure: GroupFigure | null): string[] {
  if (figure === null || !groups.some(({ counted }) => counted.length > 1)) return []
  if (groups.length === 1) return [oneGroupSentence(figure)]
  const certainty = ({ verdict }: Difference): number =>
    verdict === 'untested' ? 2 : verdict === 'undecided' || verdict === 'same' ? 1 : 0
  const sign = figure.better === 'lower' ? 1 : -1
  return [...figure.differences]
    .sort((a, b) => certainty(a) - certainty(b) || sign * ((a.mean ?? 0) - (b.mean ?? 0)))
    .map(({ sentence }) => sentence)
}

function correctionOf(figures: readonly GroupFigure[]): string | null {
  const most = Math.max(0, ...figures.map(({ tested }) => tested))
  if (most < 2) return null
  return (
    `Up to ${most} comparisons are made in each figure, so their p values are corrected ` +
    '(Holm): among many, chance alone would too often look like a difference. ' +
    'Looking through many figures for one that differs is not corrected for. Intervals are ' +
    '95% intervals of each comparison by itself, over seeds, on the same test samples.'
  )
}

/**
 * A term, or a value of a layer, of what is trained in the end: not of a layer's pretraining, of what that came to, or of a
 * single unit.
 */
const isCurve = (key: string): boolean => /^(?:(?:train|validation)\/[^/]+|(?:gradient|updateRatio)\/.+)$/.test(key)

/**
 * Series of whole networks that at least one run has: the losses, then the terms in the order of the variants' formulas;
 * training before validation.
 */
function seriesKeys(runs: readonly Run[], variants: readonly VariantInfo[]): string[] {
  // The one that means the same for all comes first.
  const terms = ['squaredError', 'loss', ...variants.flatMap((variant) => variant.terms), 'classification', 'weightDecay']
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
