import type { RangeWish } from '../../../../shared/valueRange.ts'
import type { Handling } from '../decoding.ts'
import type { Measured } from '../request.ts'
import { decidedRange } from './decide.ts'
import { binned, percentileRange, type Binning } from './histogram.ts'
import { rangeNotes, type Ranges } from './range.ts'
import type { Seen } from './seen.ts'

/**
 * What has to be known before images are stored: all values are measured, and counted where percentiles are wanted. Where no
 * range is asked for, only that of wide values is decided.
 */
export async function measureImages(
  wish: RangeWish | null,
  pick: number[] | undefined,
  pass: (stage: string, handling: Handling) => Promise<Seen>,
): Promise<Measured> {
  const ranges: Ranges = { bytes: null, wide: null }
  if (wish?.kind === 'image') {
    return {
      ranges: { bytes: { from: 0, to: 255, reason: 'image' }, wide: { from: 0, to: 255, reason: 'image' } },
      notes: [],
      ahead: imageNote,
    }
  }
  const seen = await pass('Measuring values', { task: 'measure', ranges, pick })
  let { counts } = seen,
    binnings: Record<'bytes' | 'wide', Binning | null> = { bytes: null, wide: null }
  if (wish?.kind === 'percentiles') {
    binnings = { bytes: binned(seen.bytes), wide: binned(seen.wide) }
    counts = (await pass('Counting values', { task: 'count', ranges, pick, binnings })).counts
  }
  for (const kind of ['bytes', 'wide'] as const) {
    if (seen.images[kind] === 0 || (kind === 'bytes' && wish === null)) continue
    const tally = seen[kind],
      histogram = counts[kind],
      binning = binnings[kind],
      flat = { from: tally.least, to: tally.most }
    ranges[kind] = decidedRange(
      tally,
      wish,
      wish?.kind !== 'percentiles' ? null : histogram && binning ? percentileRange(histogram, binning, wish) : flat,
    )
  }
  const notes = (ahead: boolean) =>
    (['bytes', 'wide'] as const).flatMap((kind) => (ranges[kind] === null ? [] : rangeNotes(seen[kind], ranges[kind], ahead)))
  return { ranges, notes: notes(false), ahead: notes(true) }
}

const imageNote = [
  {
    code: 'scaledValues',
    message: 'The values of each image will be scaled by its own range, as asked, so images cannot be compared in brightness.',
  },
]
