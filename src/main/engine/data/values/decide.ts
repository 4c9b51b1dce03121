import { WorkbenchError } from '../../../../shared/errors.ts'
import { parseRange, rangeForms, type RangeWish } from '../../../../shared/valueRange.ts'
import { decideRange, type Decided, type ValueRange } from './range.ts'
import type { Tally } from './tally.ts'

/** What a request asks for. @throws WorkbenchError CALL_INVALID for a text that is no range */
export function wishOf(range: string | undefined): RangeWish | null {
  if (range === undefined) return null
  const wish = parseRange(range)
  if (wish === null)
    throw new WorkbenchError('CALL_INVALID', `“${range}” is not a range of values; write ${rangeForms}.`, { field: 'range' })
  return wish
}

/** @throws WorkbenchError FILE_UNSUPPORTED where values lie farther apart than a number can say */
export function requireSpan({ from, to }: ValueRange): void {
  if (Number.isFinite(to - from)) return
  throw new WorkbenchError(
    'FILE_UNSUPPORTED',
    `The values go from ${from} to ${to}, which is too far apart to scale; give a range with --range A..B.`,
    { field: 'range' },
  )
}

/** As `decideRange`. @throws WorkbenchError FILE_UNSUPPORTED where values lie too far apart */
export function decidedRange(tally: Tally, wish: RangeWish | null, percentiles: ValueRange | null): Decided {
  const range = decideRange(tally, wish, percentiles)
  requireSpan(range)
  return range
}
