import type { Difference, GroupFigure } from '../../../shared/comparison.ts'
import { formatFigure, scaleOf } from '../../../shared/figures.ts'
import type { Baseline } from './baseline.ts'
import { measuredAlike, yardstick } from './comparable.ts'
import { differenceSentence } from './differenceWording.ts'
import { bestGroups, decimalsOf, groupEstimate } from './estimates.ts'
import { figuresOf, headOf, valueOf, type Figure } from '../figures/index.ts'
import { betterAmong } from './figureRows.ts'
import { absent, formatDecimals } from '../../../shared/quantities.ts'
import { allDiverged, type RunGroup } from './groups.ts'
import { holm, pairedDifference } from './statistics.ts'
import { probabilityText, verdictOf, type Reason } from './verdict.ts'

/** Every figure by group, with the differences to the baseline; corrected by Holm within each figure. */
export function groupFigures(groups: readonly RunGroup[], baseline: Baseline): GroupFigure[] {
  const runs = groups.flatMap(({ counted }) => counted)
  const alike = measuredAlike(runs)
  return figuresOf(groups.flatMap((group) => group.runs)).map((figure) => {
    const better = betterAmong(figure, runs)
    const estimates = groups.map((group) => groupEstimate(figure, group))
    const differences = groupDifferences(figure, groups, baseline)
    return {
      ...headOf(figure),
      better,
      estimates,
      best: alike ? bestGroups({ ...figure, better }, estimates) : [],
      differences,
      tested: differences.filter(({ p }) => p !== null).length,
    }
  })
}

/** A difference without what depends on the other ones. */
type Measured = Omit<Difference, 'corrected' | 'correctedText' | 'verdict' | 'verdictText' | 'sentence'> & { reason: Reason }

function groupDifferences(figure: Figure, groups: readonly RunGroup[], baseline: Baseline): Difference[] {
  const measured = groups.flatMap((_, group) => {
    const other = baseline.of[group]!
    return other === null ? [] : [measure(figure, groups, group, other)]
  })
  const corrected = holm(measured.map(({ p }) => p))
  const tested = corrected.filter((p) => p !== null).length
  return measured.map(({ reason, ...difference }, index) => {
    const { doubt, ...verdict } = verdictOf({
      better: figure.better,
      reason,
      mean: difference.mean,
      low: difference.low,
      p: difference.p,
      corrected: corrected[index]!,
      tested,
    })
    const known = { ...difference, corrected: corrected[index]!, correctedText: probabilityText(corrected[index]!), ...verdict }
    return {
      ...known,
      sentence: differenceSentence({
        figure,
        group: groups[difference.group]!,
        baseline: groups[difference.baseline]!,
        difference: known,
        reason,
        doubt,
        tested,
      }),
    }
  })
}

function measure(figure: Figure, groups: readonly RunGroup[], group: number, baseline: number): Measured {
  const head = { group, baseline }
  const nothing = { ...head, seeds: [], mean: null, low: null, high: null, p: null, text: absent }
  const other = new Map(groups[baseline]!.counted.map((run) => [run.seed, run]))
  const both = groups[group]!.counted.flatMap((run) => {
    const against = other.get(run.seed)
    const a = valueOf(figure, run),
      b = against === undefined ? null : valueOf(figure, against)
    return a === null || b === null
      ? []
      : [
          {
            seed: run.seed,
            values: [a, b] as const,
            alike: yardstick(run, figure.yardstick) === yardstick(against!, figure.yardstick),
          },
        ]
  })
  if (both.some(({ alike }) => !alike)) return { ...nothing, reason: 'unlike' }
  const found = pairedDifference(both.map(({ values }) => values))
  if (found === null)
    return { ...nothing, reason: [group, baseline].some((one) => allDiverged(groups[one]!)) ? 'diverged' : 'none' }
  const { mean, low, high, half, p } = found
  const result = { ...head, seeds: both.map(({ seed }) => seed), mean, low, high, p }
  const scale = scaleOf(figure)
  if (half === null || half === 0)
    return {
      ...result,
      text: formatFigure(mean, figure),
      reason: half === null ? 'one' : p === null ? 'constant' : 'measured',
    }
  const decimals = decimalsOf(figure, half)
  const [shown, from, to] = [mean, low!, high!].map((value) => formatDecimals(value * scale, decimals))
  return { ...result, text: `${shown} (${from} to ${to})`, reason: 'measured' }
}
