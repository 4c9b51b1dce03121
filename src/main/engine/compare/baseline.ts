import type { VariantInfo } from '../../../shared/config.ts'
import { plainest } from '../variants/registry.ts'
import type { RunGroup } from './groups.ts'
import { settingsReader } from './settings.ts'

/** With which group each group is compared. */
export interface Baseline {
  /** The one group, or null where each has its own. */
  group: number | null
  /** For every group the one that it is compared with; null for baselines themselves. */
  of: (number | null)[]
}

/**
 * A named baseline is compared with all other groups. Without one it is what the groups' experiment says, else the group of the
 * variant without a regularizer, else of the first group's variant. Where there are several of these, as in a sweep of code sizes, each
 * other group is compared with the one that differs from it in the fewest settings besides those of the regularizer, the first
 * of these should several be as near; and one with which none would be compared is compared itself.
 * @param wanted id of a group, or of a run in it
 * @returns null where `wanted` is in none of the groups
 */
export function baselineOf(groups: readonly RunGroup[], variants: readonly VariantInfo[], wanted?: string): Baseline | null {
  const exact = (index: number): Baseline => ({ group: index, of: groups.map((_, other) => (other === index ? null : index)) })
  if (wanted !== undefined) {
    const index = groups.findIndex(({ id, runs }) => id === wanted || runs.some((run) => run.id === wanted))
    return index < 0 ? null : exact(index)
  }
  if (groups.length < 2) return { group: null, of: groups.map(() => null) }
  const candidates = candidatesOf(groups)
  if (candidates.length === 1 || candidates.length === groups.length) return exact(candidates[0]!)

  const settingsOf = settingsReader(variants)
  const settings = groups.map(({ runs }) => shared(settingsOf(runs[0]!)))
  const nearest = (index: number, among: readonly number[]): number =>
    among
      .map((candidate) => ({ candidate, apart: apart(groups[candidate]!, settings[candidate]!, groups[index]!, settings[index]!) }))
      .reduce((a, b) => (b.apart < a.apart ? b : a)).candidate
  const isCandidate = new Set(candidates)
  const chosen = groups.map((_, index) => (isCandidate.has(index) ? null : nearest(index, candidates)))
  const used = candidates.filter((candidate) => chosen.includes(candidate))
  if (used.length === 1) return exact(used[0]!)
  return { group: null, of: groups.map((_, index) => (used.includes(index) ? null : (chosen[index] ?? nearest(index, used)))) }
}

function candidatesOf(groups: readonly RunGroup[]): number[] {
  const which = (is: (group: RunGroup) => boolean) => groups.flatMap((group, index) => (is(group) ? [index] : []))
  // In the plan's order, whatever that of the runs: the first of several that are as near is taken.
  const planned = which((group) => group.planned !== null).sort((a, b) => groups[a]!.planned! - groups[b]!.planned!)
  if (planned.length > 0) return planned
  const variant = groups.some((group) => group.variant === plainest.id) ? plainest.id : groups[0]!.variant
  return which((group) => group.variant === variant)
}

const shared = (settings: ReadonlyMap<string, unknown>): Map<string, string> =>
  new Map([...settings].filter(([key]) => !key.startsWith('regularizer.')).map(([key, value]) => [key, JSON.stringify(value)]))

/** In how many settings that both have two groups differ; another dataset outweighs them all. */
function apart(a: RunGroup, settingsA: ReadonlyMap<string, string>, b: RunGroup, settingsB: ReadonlyMap<string, string>): number {
  let count = a.runs[0]!.datasetId === b.runs[0]!.datasetId ? 0 : 1e6
  for (const [key, value] of settingsA) if (settingsB.has(key) && settingsB.get(key) !== value) count++
  return count
}
