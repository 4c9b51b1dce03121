import type { Images } from '../../../shared/domain.ts'
import type { Shape } from '../../../shared/shape.ts'

/** Mid-gray, which is 0: between the slices of a filter, too. */
const zero = Math.round(127.5)

/**
 * Filters as images, each scaled by its own largest magnitude, the same for all its channels, with 0 as mid-gray. One channel is
 * gray, three are colours; of any other number each is a gray slice, row by row in a block about as wide as high, a pixel between.
 * @param filters weights of each, [height, width, channels]
 */
export function filterImages(filters: readonly Float32Array[], { width, height, channels }: Shape): Images {
  const sliced = channels !== 1 && channels !== 3
  const columns = sliced ? Math.max(1, Math.min(channels, Math.round(Math.sqrt((channels * (height + 1)) / (width + 1))))) : 1,
    rows = sliced ? Math.ceil(channels / columns) : 1
  const size = { width: columns * (width + 1) - 1, height: rows * (height + 1) - 1, channels: sliced ? 1 : channels }
  const bytes = size.width * size.height * size.channels,
    pixels = new Uint8Array(filters.length * bytes).fill(zero)
  filters.forEach((weights, filter) => {
    const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-12)
    weights.forEach((weight, i) => {
      const channel = i % channels,
        pixel = (i - channel) / channels
      const at = sliced
        ? (Math.floor(channel / columns) * (height + 1) + Math.floor(pixel / width)) * size.width +
          (channel % columns) * (width + 1) +
          (pixel % width)
        : i
      pixels[filter * bytes + at] = Math.round(127.5 + (127.5 * weight) / largest)
    })
  })
  return { count: filters.length, ...size, pixels }
}
