import { eachBrightness } from './brightness.ts'
import { countValues, emptyCounts, type Binning } from './histogram.ts'
import type { Decoded } from './pictures.ts'
import type { Seen } from './seen.ts'

/** Counts the values of a decoded image. */
export function count(seen: Seen, decoded: Decoded, binnings: { bytes: Binning | null; wide: Binning | null }): void {
  const kind = 'picture' in decoded ? 'bytes' : 'wide',
    image = 'picture' in decoded ? decoded.picture : decoded.samples
  const binning = binnings[kind]
  if (binning === null) return
  const counts = (seen.counts[kind] ??= emptyCounts())
  eachBrightness(image, (from, to) => countValues(image.data, from, to, binning, counts))
}
