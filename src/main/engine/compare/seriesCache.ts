import type { Run } from '../../../shared/domain.ts'
import type { Line } from './bands.ts'

/** Values kept at most: 8 bytes each. */
const room = 8 * 2 ** 20

/**
 * Keeps the series that were read last, as long as nothing is added to them: a curve is asked for again with every other
 * smoothing and with every zoom, and reading its rows is what takes the time.
 */
export function seriesCache(read: (run: string, key: string) => Line | null) {
  const kept = new Map<string, { line: Line | null; values: number }>()
  let used = 0
  return (run: Pick<Run, 'id' | 'state' | 'step' | 'startedAt' | 'endedAt'>, key: string): Line | null => {
    // A run that trains gets new points; one that was resumed and ended again has another end.
    if (run.state === 'running' || run.state === 'unknown') return read(run.id, key)
    const name = JSON.stringify([run.id, key, run.state, run.step, run.startedAt, run.endedAt])
    const found = kept.get(name)
    const line = found === undefined ? read(run.id, key) : found.line
    if (found !== undefined) kept.delete(name)
    else used += 4 * (line?.step.length ?? 0)
    kept.set(name, { line, values: 4 * (line?.step.length ?? 0) })
    for (const [oldest, { values }] of kept) {
      if (used <= room || kept.size === 1) break
      kept.delete(oldest)
      used -= values
    }
    return line
  }
}
