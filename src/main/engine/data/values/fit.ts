import { readIndex } from '../open.ts'
import type { Picture } from '../pixels.ts'
import { pictureBy, type Decoded } from './pictures.ts'
import { decideRange, type Ranges } from './range.ts'
import { look, nothingSeen } from './seen.ts'

/**
 * The ranges that a dataset was imported with, so that other images are handled alike; none where it says nothing of them, or is
 * gone.
 */
export function rangesOf(folder: string | null): Ranges {
  const none: Ranges = { bytes: null, wide: null }
  if (folder === null) return none
  try {
    return readIndex(folder).ranges ?? none
  } catch {
    return none
  }
}

/**
 * The picture of a single image, by the ranges of a dataset. Wide values, where it has no range for them, go by the rule of imports as if
 * the image were all there is, and that is said.
 */
export function fitPicture(decoded: Decoded, ranges: Ranges): { picture: Picture; said: string | null } {
  const picture = pictureBy(decoded, ranges)
  if (picture !== null) return { picture, said: null }
  const seen = nothingSeen()
  look(seen, { ...decoded, pages: 1, shrunk: false }, true)
  const imageRange = decideRange(seen.wide, null, null)
  return {
    picture: pictureBy(decoded, { ...ranges, wide: imageRange })!,
    said:
      `Its values from ${imageRange.from} to ${imageRange.to} were taken for black to white, ` +
      'as the dataset has no range for such values.',
  }
}
