import { fits } from '../../../shared/domain.ts'
import type { Fitting } from '../../../shared/fitting.ts'
import { filledBy, keptBy, type Size } from './pixels.ts'

/** So many images of one size. */
export interface SizeCount extends Size {
  times: number
}
type Sides = Record<'width' | 'height', number>

/** The shares that each fit changes of an image of one size, by the arithmetic that packs it. */
function sharesOf(size: Size, shape: Size): Record<(typeof fits)[number], Sides> {
  const same = size.width === shape.width && size.height === shape.height
  if (same) return { crop: { width: 0, height: 0 }, pad: { width: 0, height: 0 }, stretch: { width: 0, height: 0 } }
  const kept = keptBy(size, shape),
    filled = filledBy(size, shape)
  // What of a side is cut to make proportions right is by how much it is squeezed to make them so.
  const crop = { width: 1 - kept.width / size.width, height: 1 - kept.height / size.height }
  return { crop, pad: { width: 1 - filled.width / shape.width, height: 1 - filled.height / shape.height }, stretch: crop }
}

/** What each fit does to images of these sizes that are to have one shape; null where no size is known. */
export function fittingOf(sizes: readonly SizeCount[], shape: Size): Fitting | null {
  if (sizes.length === 0) return null
  const none = () => ({ width: null, height: null })
  const fitting: Fitting = { looked: 0, crop: none(), pad: none(), stretch: none() }
  for (const size of sizes) {
    fitting.looked += size.times
    const shares = sharesOf(size, shape)
    for (const fit of fits)
      for (const side of ['width', 'height'] as const) {
        const share = shares[fit][side]
        // Proportions that agree may differ by what is rounded.
        if (share < 1e-9) continue
        const { images, least, most } = fitting[fit][side] ?? { images: 0, least: share, most: share }
        fitting[fit][side] = { images: images + size.times, least: Math.min(least, share), most: Math.max(most, share) }
      }
  }
  return fitting
}
