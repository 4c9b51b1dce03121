import type { SyntheticImages, SyntheticName } from '../../../shared/synthetic.ts'
import { random, shuffleInPlace } from './random.ts'
import { direction, normals, uniform } from './reals.ts'

export type PlaneName = Exclude<SyntheticName, SyntheticImages>

/** Point `i` of `count` before any noise, and its class (-1: none). `draw` is uniform over [0, 1). */
type Curve = (i: number, count: number, draw: () => number) => { x: number; y: number; label: number }

/** Noise is Gaussian, isotropic, in the units of the formula. */
const shapes: Record<PlaneName, { curve: Curve; sigma: number }> = {
  /**
   * Two half circles of radius 1, as scikit-learn's `make_moons` lays them: (cos a, sin a) and (1 - cos a, 1/2 - sin a), a
   * evenly spaced from 0 to pi. Points alternate between the two.
   */
  moons: {
    sigma: 0.1,
    curve(i, count) {
      const label = i % 2,
        place = (i - label) / 2,
        last = Math.max(1, Math.ceil((count - label) / 2) - 1)
      const { cosine, sine } = direction(place / last / 2)
      return label === 0 ? { x: cosine, y: sine, label } : { x: 1 - cosine, y: 0.5 - sine, label }
    },
  },
  /**
   * Two arms of Archimedes' spiral, each the other turned by half a turn, after the two spirals of Lang and Witbrock ("Learning
   * to tell two spirals apart", 1988): +-(t cos t, t sin t) with t = 3 pi sqrt(u), which spreads points evenly along an arm.
   */
  spiral: {
    sigma: 0.25,
    curve(i, _, draw) {
      const label = i % 2,
        turns = 1.5 * Math.sqrt(draw())
      const { cosine, sine } = direction(turns),
        radius = (label === 0 ? 1 : -1) * turns * 2 * Math.PI
      return { x: radius * cosine, y: radius * sine, label }
    },
  },
  /** (cos a, sin a), a evenly spaced from 0 to 2 pi without the end: the outer circle of scikit-learn's `make_circles`. */
  circle: {
    sigma: 0.1,
    curve(i, count) {
      const { cosine, sine } = direction(i / count)
      return { x: cosine, y: sine, label: -1 }
    },
  },
  /** scikit-learn's `make_swiss_roll` without its height: (t cos t, t sin t), t = 3/2 pi (1 + 2u). */
  swissRoll: {
    sigma: 0.25,
    curve(_i, _count, draw) {
      const turns = 0.75 * (1 + 2 * draw())
      const { cosine, sine } = direction(turns),
        radius = turns * 2 * Math.PI
      return { x: radius * cosine, y: radius * sine, label: -1 }
    },
  },
}

/**
 * The points of a set of the plane in a random order: `points` [count, 2] and a label each (-1: none). A function of its
 * arguments, the same on every machine.
 */
export function planePoints(name: PlaneName, count: number, seed: number): { points: Float64Array; labels: Int32Array } {
  const { curve, sigma } = shapes[name]
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
