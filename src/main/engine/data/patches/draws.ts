import { random } from '../random.ts'
import type { Wanted } from './cut.ts'

/** Which image each patch is of, and the column and row of its upper left pixel there. */
export interface Draws {
  image: Uint32Array
  x: Uint32Array
  y: Uint32Array
}

export interface Sizes {
  count: number
  widthOf(image: number): number
  heightOf(image: number): number
}

/** Room for so many patches. */
export const emptyDraws = (count: number): Draws => ({
  image: new Uint32Array(count),
  x: new Uint32Array(count),
  y: new Uint32Array(count),
})

/** Some of the patches. */
export function onlyDraws(draws: Draws, rows: readonly number[]): Draws {
  const pick = (of: Uint32Array) => Uint32Array.from(rows, (row) => of[row]!)
  return { image: pick(draws.image), x: pick(draws.x), y: pick(draws.y) }
}

/**
 * Draws the patches `rows`: each from an image chosen uniformly, at a place chosen uniformly among those where it lies wholly
 * inside. Patch i is a function of (seed, i, the images' sizes): of its own sequence it takes the first image that is not `bad`.
 * At least one image must not be.
 */
export function draw(
  draws: Draws,
  rows: Uint32Array,
  sizes: Sizes,
  patch: { width: number; height: number },
  seed: number,
  bad: Uint8Array,
): void {
  for (const row of rows) {
    const source = random('patches', seed, row)
    let image = source.below(sizes.count)
    while (bad[image] === 1) image = source.below(sizes.count)
    draws.image[row] = image
    draws.x[row] = source.below(sizes.widthOf(image) - patch.width + 1)
    draws.y[row] = source.below(sizes.heightOf(image) - patch.height + 1)
  }
}

/** The patches `rows`, sorted by image. */
export function byImage(draws: Draws, rows: Uint32Array, imageCount: number): Wanted {
  // A counting sort: `ends` first counts an image's patches, then is where they begin, and at last where they end.
  const ends = new Uint32Array(imageCount)
  for (const row of rows) ends[draws.image[row]!]!++
  const images: number[] = []
  for (let image = 0, start = 0; image < imageCount; image++) {
    const count = ends[image]!
    if (count > 0) images.push(image)
    ends[image] = start
    start += count
  }
  const order = new Uint32Array(rows.length)
  for (const row of rows) order[ends[draws.image[row]!]!++] = row
  const list = Uint32Array.from(images)
  return {
    images: list,
    windowsOf(index) {
      const from = index === 0 ? 0 : ends[list[index - 1]!]!,
        to = ends[list[index]!]!
      const windows = new Uint32Array(3 * (to - from))
      for (let i = from; i < to; i++) windows.set([order[i]!, draws.x[order[i]!]!, draws.y[order[i]!]!], 3 * (i - from))
      return windows
    },
  }
}
