import { random } from '../random.ts'
import { direction, uniform } from '../reals.ts'
import { balanced } from './balanced.ts'
import type { Drawn, ImageSet, ImageShape, Paint } from './set.ts'
import { areaOf, clip, type Polygon } from './polygon.ts'

const sectors = 10
/** Successive multiples of it, modulo 1, stay as far apart as numbers can: the golden ratio less 1. */
const golden = (Math.sqrt(5) - 1) / 2

/**
 * The lines of Berthelot, Raffel, Roy and Goodfellow ("Understanding and improving interpolation in autoencoders via an adversarial
 * regularizer", ICLR 2019, arXiv 1807.07543): from the centre of the image to the circle inside its borders, two pixels wide at 32 x 32,
 * at an angle that is uniform over the whole turn. Its ten classes are those of the authors' program: tenths of the turn.
 *
 * Here the angles of one sector follow each other by the golden ratio from a uniform start, so that each is uniform and any number of
 * them is spread evenly: independent draws come so close to each other that many images would be the same in bytes.
 */
export const lines: ImageSet = {
  kind: 'image',
  name: 'lines',
  title: 'Lines',
  description:
    'Gray images of a line from the centre to the edge, at any angle: a single factor, in a circle. Classes are tenths of the turn.',
  comparable: true,
  side: 32,
  channels: 1,
  count: 10_000,
  classes: Array.from({ length: sectors }, (_, i) => `${(i * 360) / sectors}° to ${((i + 1) * 360) / sectors}°`),
  labelsFrom: 'the tenth of the turn that the angle lies in',
  draw(seed) {
    const label = balanced('synthetic/lines', seed, sectors)
    const starts = Array.from({ length: sectors }, (_, sector) => uniform(random('synthetic/lines', seed, sector)))
    const turnOf = (image: number): number => {
      const sector = label(image),
        place = (starts[sector]! + Math.floor(image / sectors) * golden) % 1
      return (sector + place) / sectors
    }
    return {
      label,
      factors: (image) => `angle=${(turnOf(image) * 360).toFixed(3)}`,
      paint: (shape) => painter(shape, turnOf),
    } satisfies Drawn
  },
}

/** Angles are in turns, counted anticlockwise from the right. */
function painter({ width, height, channels }: ImageShape, turnOf: (image: number) => number): Paint {
  const length = Math.min(width, height) / 2,
    half = length / 16
  return (out, image) => {
    const { cosine, sine } = direction(turnOf(image))
    // Rows are counted downwards.
    const corner = (along: number, across: number): [number, number] => [
      width / 2 + along * cosine - across * sine,
      height / 2 - along * sine - across * cosine,
    ]
    const line = [corner(0, -half), corner(length, -half), corner(length, half), corner(0, half)]
    out.fill(0)
    for (const { row, column, share } of covered(line, width, height))
      out.fill(Math.round(share * 255), (row * width + column) * channels, (row * width + column + 1) * channels)
    return []
  }
}

/** The pixels that a convex polygon touches, with the share of each that it covers. */
function* covered(polygon: Polygon, width: number, height: number): Generator<{ row: number; column: number; share: number }> {
  const [top, bottom] = range(polygon, 1, height)
  for (let row = top; row <= bottom; row++) {
    const strip = clip(clip(polygon, 1, row, 1), 1, row + 1, -1),
      [left, right] = range(strip, 0, width)
    for (let column = left; column <= right; column++)
      yield { row, column, share: Math.min(1, areaOf(clip(clip(strip, 0, column, 1), 0, column + 1, -1))) }
  }
}

/** The first and the last of `size` pixels that a polygon reaches along an axis. */
function range(polygon: Polygon, axis: 0 | 1, size: number): [number, number] {
  let from = size,
    to = -1
  for (const point of polygon) {
    from = Math.min(from, Math.floor(point[axis]))
    to = Math.max(to, Math.floor(point[axis]))
  }
  return [Math.max(0, from), Math.min(size - 1, to)]
}
