import type { Skipped } from '../../../shared/domain.ts'
import type { LeftOut } from '../../../shared/inspection.ts'

/** Names that are told of each reason. */
const named = 5

/**
 * What was left out by reason, the most frequent first. Reasons that differ after a colon only (`too large: ...`) are one, told in full
 * where it is the same for all.
 */
export function leftOut(skipped: readonly Skipped[]): { skippedCount: number; skipped: LeftOut[] } {
  const groups = new Map<string, { reason: string; count: number; names: string[] }>()
  for (const { path, reason } of skipped) {
    const [kind = reason] = reason.split(':')
    const group = groups.get(kind)
    if (!group) {
      groups.set(kind, { reason, count: 1, names: [path] })
      continue
    }
    group.count++
    if (group.reason !== reason) group.reason = kind
    if (group.names.length < named) group.names.push(path)
  }
  return { skippedCount: skipped.length, skipped: [...groups.values()].sort((a, b) => b.count - a.count) }
}
