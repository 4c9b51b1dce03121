import { random, shuffleInPlace } from '../random.ts'
import { direction, normals, uniform } from '../reals.ts'
import type { PlaneSet } from './set.ts'

const common = { kind: 'plane', comparable: false, count: 2000 } as const
const unlabelled = { classes: [], labelsFrom: null }
const byArm = 'the curve that a point lies on'

/**
 * Two half circles of radius 1, as scikit-learn's `make_moons` lays them: (cos a, sin a) and (1 - cos a, 1/2 - sin a), a
 * evenly spaced from 0 to pi. Points alternate between the two.
 */
export const moons: PlaneSet = {
  ...common,
  name: 'moons',
  title: 'Moons',
  description: 'Points of the plane along two interleaved half circles, with a little noise.',
  classes: ['upper', 'lower'],
  labelsFrom: byArm,
  sigma: 0.1,
  curve(i, count) {
    const label = i % 2,
      place = (i - label) / 2,
      last = Math.max(1, Math.ceil((count - label) / 2) - 1)
    const { cosine, sine } = direction(place / last / 2)
    return label === 0 ? { x: cosine, y: sine, label } : { x: 1 - cosine, y: 0.5 - sine, label }
  },
}

/**
 * Two arms of Archimedes' spiral, each the other turned by half a turn, after the two spirals of Lang and Witbrock ("Learning
 * to tell two spirals apart", 1988): +-(t cos t, t sin t) with t = 3 pi sqrt(u), which spreads points evenly along an arm.
 */
export const spiral: PlaneSet = {
  ...common,
  name: 'spiral',
  title: 'Spiral',
  description: 'Points of the plane along the two arms of a spiral, one and a half turns each, with a little noise.',
  classes: ['first', 'second'],
  labelsFrom: byArm,
  sigma: 0.25,
  curve(i, _, draw) {
    const label = i % 2,
      turns = 1.5 * Math.sqrt(draw())
    const { cosine, sine } = direction(turns),
      radius = (label === 0 ? 1 : -1) * turns * 2 * Math.PI
    return { x: radius * cosine, y: radius * sine, label }
  },
}

/** (cos a, sin a), a evenly spaced from 0 to 2 pi without the end: the outer circle of scikit-learn's `make_circles`. */
export const circle: PlaneSet = {
  ...common,
  ...unlabelled,
  name: 'circle',
  title: 'Circle',
  description: 'Points of the plane along a circle, with a little noise.',
  sigma: 0.1,
  curve(i, count) {
    const { cosine, sine } = direction(i / count)
    return { x: cosine, y: sine, label: -1 }
  },
}

/** scikit-learn's `make_swiss_roll` without its height: (t cos t, t sin t), t = 3/2 pi (1 + 2u). */
export const swissRoll: PlaneSet = {
  ...common,
  ...unlabelled,
  name: 'swissRoll',
  title: 'Swiss roll',
  description: 'Points of the plane along a strip that is rolled up one and a half times, with a little noise.',
  sigma: 0.25,
  curve(_i, _count, draw) {
    const turns = 0.75 * (1 + 2 * draw())
    const { cosine, sine } = direction(turns),
      radius = turns * 2 * Math.PI
    return { x: radius * cosine, y: radius * sine, label: -1 }
  },
}

/**
 * The points of a set of the plane in a random order: `points` [count, 2] and a label each (-1: none). A function of its
 * arguments, the same on every machine.
 */
export function planePoints(
  { name, curve, sigma }: PlaneSet,
  count: number,
  seed: number,
): { points: Float64Array; labels: Int32Array } {
  const source = random(`synthetic/${name}`, seed),
    normal = normals(source)
  const order = shuffleInPlace(
    Uint32Array.from({ length: count }, (_, i) => i),
    random(`synthetic/${name}/order`, seed),
  )
  const points = new Float64Array(2 * count),
    labels = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const { x, y, label } = curve(i, count, () => uniform(source)),
      row = order[i]!
    points[2 * row] = x + sigma * normal()
    points[2 * row + 1] = y + sigma * normal()
    labels[row] = label
  }
  return { points, labels }
}

/**
 * Columns of `points` [count, 2] shifted and scaled to mean 0 and (population) variance 1 over all rows, as float32. An input
 * that does not vary becomes 0. Sums run in the order of the rows, so that the result is the same everywhere.
 */
export function standardise(points: Float64Array): Float32Array {
  const count = points.length / 2
  const result = new Float32Array(points.length)
  for (const column of [0, 1]) {
    let sum = 0,
      squares = 0
    for (let i = column; i < points.length; i += 2) sum += points[i]!
    const mean = sum / count
    for (let i = column; i < points.length; i += 2) squares += (points[i]! - mean) * (points[i]! - mean)
    const deviation = Math.sqrt(squares / count)
    if (deviation > 0) for (let i = column; i < points.length; i += 2) result[i] = (points[i]! - mean) / deviation
  }
  return result
}
