import { random } from '../random.ts'
import { uniform } from '../reals.ts'
import type { ImageSet } from './set.ts'

export const deadLeaves: ImageSet = {
  kind: 'image',
  name: 'deadLeaves',
  title: 'Dead leaves',
  description:
    'Gray images of disks of every size that cover one another, with the ' +
    'edges and the scales of photographs: something to take patches from.',
  comparable: false,
  side: 128,
  channels: 1,
  count: 200,
  classes: [],
  labelsFrom: null,
  draw: (seed) => ({
    paint:
      ({ width, height, channels }) =>
      (out, image) =>
        paintLeaves(out, width, height, channels, seed, image),
  }),
}

/** Radii of the leaves, in pixels. */
const smallest = 2,
  largest = 64
/** So many leaves are painted before the caller gets its turn. */
const turn = 4096

/**
 * Paints image number `image` of the dead leaves of a seed into `out` [height, width, channels]: opaque disks that fell on one another,
 * with the statistics of natural images that come of occlusion and of objects of every size (Lee, Mumford and Huang, "Occlusion models
 * for natural images", IJCV 2001). Centres are uniform, radii have the density r^-3 over 2 to 64 pixels, each leaf one
 * brightness, uniform over 0 to 255 (in colour: one a channel). A pixel shows the topmost leaf over its centre.
 *
 * Leaves are laid from the topmost down until no pixel is uncovered, which samples the model exactly (Kendall and Thönnes, "Perfect
 * simulation in stochastic geometry", 1999). A function of (seed, image, size, channels) alone, the same on every machine.
 * Yields now and then, so that others get their turn.
 */
export function* paintLeaves(
  out: Uint8Array,
  width: number,
  height: number,
  channels: number,
  seed: number,
  image: number,
): Generator<void> {
  const source = random('synthetic/deadLeaves', seed, image)
  const shades = random('synthetic/deadLeaves/shades', seed, image)
  const steep = 1 / (smallest * smallest),
    flat = 1 / (largest * largest)
  const covered = new Uint8Array(width * height)
  for (let left = covered.length, leaves = 1; left > 0; leaves++) {
    // The inverse of the distribution function of r^-3: r^-2 is uniform.
    const square = 1 / (steep - uniform(source) * (steep - flat)),
      radius = Math.sqrt(square)
    // Leaves that lie mostly outside reach into the image, too.
    const x = uniform(source) * (width + 2 * largest) - largest,
      y = uniform(source) * (height + 2 * largest) - largest
    const top = Math.max(0, Math.ceil(y - radius - 0.5)),
      bottom = Math.min(height - 1, Math.floor(y + radius - 0.5))
    let shown: number[] | null = null
    for (let row = top; row <= bottom; row++) {
      const above = row + 0.5 - y,
        half = Math.sqrt(Math.max(0, square - above * above))
      const end = row * width + Math.min(width - 1, Math.floor(x + half - 0.5))
      for (let at = row * width + Math.max(0, Math.ceil(x - half - 0.5)); at <= end; at++) {
        if (covered[at] === 1) continue
        shown ??= Array.from({ length: channels }, () => shades.below(256))
        for (let c = 0; c < channels; c++) out[at * channels + c] = shown[c]!
        covered[at] = 1
        left--
      }
    }
    if (leaves % turn === 0) yield
  }
}
