import type { Difference } from '../../../shared/comparison.ts'
import { differenceWithUnit, formatFigure, scaleOf, withUnit } from '../../../shared/figures.ts'
import { decimalsOf } from './estimates.ts'
import { aimClause } from './aims.ts'
import { textOf, valueOf, type Figure } from '../figures/index.ts'
import { formatDecimals } from '../../../shared/quantities.ts'
import { formatProbability } from './uncertainty.ts'
import { counted, inSentence } from '../../../shared/words.ts'
import { formatList } from './formats.ts'
import { allDiverged, type RunGroup } from './groups.ts'
import type { Doubt, Reason } from './verdict.ts'
import { cure, groupName } from './wording.ts'

export interface Worded {
  figure: Figure
  group: RunGroup
  baseline: RunGroup
  difference: Omit<Difference, 'sentence'>
  reason: Reason
  doubt: Doubt
  /** Differences of this figure that were tested. */
  tested: number
}

const atStart = ({ title, named }: Pick<RunGroup, 'title' | 'named'>): string => (named ? `“${title}”` : title)

/**
 * One difference in one sentence: whether it is one, how large, how sure, from how many seeds, and whether both were trained for
 * what is compared.
 */
export function differenceSentence(worded: Worded): string {
  const { figure, group, baseline, reason } = worded
  const said = measuredSentence(worded)
  if (reason === 'unlike' || reason === 'none' || reason === 'diverged') return said
  return `${said.slice(0, -1)}${aimClause(
    figure,
    [group, baseline].map((one) => ({ name: groupName(one), run: one.runs[0]! })),
  )}.`
}

function measuredSentence(worded: Worded): string {
  const {
    figure,
    group,
    baseline,
    reason,
    difference: { seeds, mean },
  } = worded
  const a = groupName(group),
    b = groupName(baseline),
    name = inSentence(figure.title)
  if (reason === 'unlike') {
    return (
      `${atStart(group)} and ${b} are not compared in ${name}: ` +
      (figure.yardstick === 'likelihood'
        ? 'the bounds are of different likelihoods or of differently binarised images.'
        : 'they were measured on different samples or by different versions of the evaluation.')
    )
  }
  if (reason === 'diverged') {
    const diverged = [group, baseline].filter(allDiverged)
    return (
      `${atStart(group)} and ${b} are not compared in ${name}: ` +
      `${formatList(diverged.map((one) => `all ${counted(one.seeds.length, 'seed')} of ${groupName(one)}`))} diverged; ${cure}.`
    )
  }
  if (reason === 'none')
    return `${atStart(group)} and ${b} have no seed in common for which both have a figure of ${name}; train both with the same seeds.`
  if (reason === 'one') {
    const values = [group, baseline].map((one) => texts(figure, one, seeds[0]!))
    return (
      `With one seed one cannot tell whether ${a} and ${b} differ in ${name} ` +
      `(${values.join(' against ')}); train at least three seeds of both.`
    )
  }
  if (reason === 'constant') {
    return (
      `${atStart(group)} is ${differenceWithUnit(formatFigure(Math.abs(mean!), figure), figure.unit)} ` +
      `${mean! > 0 ? 'above' : 'below'} ${b} in ${name} with each of ${seeds.length} seeds; ` +
      'the difference has no spread, so there is no interval and nothing to test.'
    )
  }
  return `${claim(worded)}${correctionOf(worded)}${lacking(group, baseline)}`
}

/** `Contractive beats classical in linear probe accuracy by 1.2 points, 95% interval 0.7 to 1.7, 5 seeds`, without a full stop. */
function claim({ figure, group, baseline, difference: { seeds, mean, low, high, verdict } }: Worded): string {
  const name = inSentence(figure.title),
    b = groupName(baseline)
  const sure = seeds.length < 2 ? '' : `, ${seeds.length} seeds`
  if (verdict === 'same') return `${atStart(group)} and ${b} have the same ${name} with each of ${seeds.length} seeds`
  // What is said is how large the difference is; its direction is in the words.
  const flip = mean! < 0 && verdict !== 'undecided' ? -1 : 1
  const [from, to] = flip < 0 ? [-high!, -low!] : [low!, high!]
  const size = spread(figure, flip * mean!, from, to)
  if (verdict === 'undecided') {
    const which =
      figure.better === 'neither'
        ? `${groupName(group)} and ${b} differ in ${name}`
        : `${groupName(group)} or ${b} is better in ${name}`
    return `One cannot tell whether ${which}: the difference is ${size}${sure}`
  }
  if (verdict === 'better') return `${atStart(group)} beats ${b} in ${name} by ${size}${sure}`
  if (verdict === 'worse') return `${atStart(group)} is worse than ${b} in ${name} by ${size}${sure}`
  return `${atStart(group)} has a ${mean! > 0 ? 'higher' : 'lower'} ${name} than ${b} by ${size}${sure}`
}

/** What the correction did. */
function correctionOf({ difference: { corrected, verdict, verdictText }, doubt, tested }: Worded): string {
  if (corrected === null || tested < 2 || verdict === 'same') return ''
  if (doubt === 'after') return `; by itself the interval excludes 0, but ${verdictText} (p ${equals(corrected)}, Holm)`
  return doubt !== null ? '' : `; p ${equals(corrected)} corrected for ${tested} comparisons (Holm)`
}

const equals = (p: number): string => (formatProbability(p).startsWith('<') ? formatProbability(p) : `= ${formatProbability(p)}`)

/** Seeds that are not in it are said: what failed is not there by chance. */
function lacking(group: RunGroup, baseline: RunGroup): string {
  const parts = [group, baseline].flatMap((one) => {
    const diverged = one.missing.filter(({ state }) => state === 'diverged').length
    return diverged === 0
      ? []
      : [`${diverged} of ${one.seeds.length} seeds of ${groupName(one)} diverged and ${diverged === 1 ? 'is' : 'are'} not in it`]
  })
  return parts.length === 0 ? '.' : `; ${formatList(parts)}.`
}

function spread(figure: Figure, mean: number, low: number, high: number): string {
  const scale = scaleOf(figure)
  const decimals = decimalsOf(figure, (high - low) / 2)
  const [shown, from, to] = [mean, low, high].map((value) => formatDecimals(value * scale, decimals))
  return `${differenceWithUnit(shown!, figure.unit)}, 95% interval ${from} to ${to}`
}

function texts(figure: Figure, { counted }: RunGroup, seed: number): string {
  const run = counted.find((one) => one.seed === seed)!
  return withUnit(textOf(figure, valueOf(figure, run), run.evaluation), figure.unit)
}
