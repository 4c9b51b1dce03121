import type { ResultOf } from '../../../shared/answers.ts'
import type { Report } from '../evaluate/report.ts'
import { principalComponents } from '../network/principalComponents.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Rows } from '../network/rows.ts'
import { codesOf, quantile, sampleRows, sortedColumn } from './rows.ts'
import type { Subject } from './subject.ts'
import { manifoldOf } from './suits.ts'

/** Test codes that ranges and principal components are taken from. */
const placedCodes = 10_000
/** A range goes from one percentile of the codes to the other. */
const ends = [0.01, 0.99] as const

/** Principal components of codes [n, Z]: mean [1, Z], components [Z, count], as functions of codes. */
export interface Plane {
  mean: Float32Array
  components: Float32Array
  dimensions: number
  explained: number[]
}

/** Rows of numbers in memory, in batches. */
const rowsInMemory = (values: Float32Array, width: number): Rows => ({
  count: values.length / width,
  rowSize: width,
  *batches(size) {
    for (let start = 0; start < values.length; start += size * width)
      yield tf.tensor2d(values.slice(start, start + size * width), [Math.min(size, (values.length - start) / width), width])
  },
})

/** The leading principal components of codes. */
export async function planeThrough(codes: Float32Array, codeSize: number, dimensions: number, report: Report): Promise<Plane> {
  const { mean, components } = await principalComponents(rowsInMemory(codes, codeSize), dimensions, (done, total) =>
    report(done / total),
  )
  const plane = {
    mean: mean.dataSync<'float32'>().slice(),
    components: components.dataSync<'float32'>().slice(),
    dimensions,
    explained: [],
  }
  tf.dispose([mean, components])
  const count = codes.length / codeSize
  const placed = placeOn(plane, codes, codeSize)
  if (isConstant(codes, codeSize)) return { ...plane, explained: Array<number>(dimensions).fill(0) }
  const centred = codes.reduce((sum, value, at) => sum + (value - plane.mean[at % codeSize]!) ** 2, 0)
  const explained = Array.from({ length: dimensions }, (_, axis) => {
    let squares = 0
    for (let i = 0; i < count; i++) squares += placed[i * dimensions + axis]! ** 2
    return centred > 0 ? squares / centred : 0
  })
  return { ...plane, explained }
}

/** Whether all codes are the same but for rounding. */
function isConstant(codes: Float32Array, codeSize: number): boolean {
  return Array.from({ length: codeSize }, (_, unit) => sortedColumn(codes, codeSize, unit)).every((values) => {
    const [least, most] = [values[0]!, values.at(-1)!]
    return most - least <= 2 ** -20 * Math.max(Math.abs(least), Math.abs(most))
  })
}

/** Coordinates of codes [n, Z] on the plane, [n, dimensions]. */
export function placeOn({ mean, components, dimensions }: Plane, codes: Float32Array, codeSize: number): Float32Array<ArrayBuffer> {
  const placed = tf.tidy(() =>
    tf.matMul(
      tf.tensor2d(codes.slice(), [codes.length / codeSize, codeSize]).sub<Tensor2D>(tf.tensor1d(mean.slice())),
      tf.tensor2d(components.slice(), [codeSize, dimensions]),
    ),
  )
  const values = Float32Array.from(placed.dataSync())
  placed.dispose()
  return values
}

/** Codes of places on the plane: [n, Z]. */
const codesAt = ({ mean, components, dimensions }: Plane, coordinates: Tensor2D, codeSize: number): Tensor2D =>
  tf.matMul(coordinates, tf.tensor2d(components.slice(), [codeSize, dimensions]), false, true).add(tf.tensor1d(mean.slice()))

/**
 * Inverse of the standard normal distribution function (Acklam's rational approximation, then a step of Halley's method with
 * erfc: about 1e-15).
 */
export function normalQuantile(p: number): number {
  const a = [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239,
  ]
  const b = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1]
  const c = [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783,
  ]
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1]
  const polynomial = (coefficients: readonly number[], x: number) =>
    coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
  const tail = (q: number) => polynomial(c, q) / polynomial(d, q)
  if (p <= 0 || p >= 1) return p <= 0 ? -Infinity : Infinity
  const x =
    p < 0.02425
      ? tail(Math.sqrt(-2 * Math.log(p)))
      : p > 1 - 0.02425
        ? -tail(Math.sqrt(-2 * Math.log(1 - p)))
        : ((p - 0.5) * polynomial(a, (p - 0.5) ** 2)) / polynomial(b, (p - 0.5) ** 2)
  const error = (normalDistribution(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2)
  return x - error / (1 + (x * error) / 2)
}

/** The standard normal distribution function: the series of the error function near 0, its continued fraction beyond. */
function normalDistribution(x: number): number {
  const z = Math.abs(x)
  if (z > 4) {
    let fraction = 0
    for (let k = 60; k > 0; k--) fraction = k / (z + fraction)
    const upper = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / (z + fraction)
    return x > 0 ? 1 - upper : upper
  }
  let term = z,
    sum = z
  for (let k = 1; k < 200 && Math.abs(term) > 1e-17 * sum; k++) {
    term *= (z * z) / (2 * k + 1)
    sum += term
  }
  const half = (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI)
  return x > 0 ? 0.5 + half : 0.5 - half
}

export interface Manifold {
  place: ResultOf<'manifold'>['place']
  dimensions: number
  plane: Plane | null
  /** Least and largest coordinate of each axis that is shown. */
  ranges: readonly (readonly [number, number])[]
  /** Test rows, and their codes' coordinates [n, dimensions]. */
  rows: Uint32Array
  coordinates: Float32Array<ArrayBuffer>
}

/** What of the code can be shown in at most three dimensions; found out once. */
export const manifoldFor = (subject: Subject, report: Report): Promise<Manifold> =>
  subject.rememberLater('manifold', async () => {
    const { network, dataset } = subject
    const rows = sampleRows(dataset.test, dataset.labels, placedCodes, 1)
    const codes = await codesOf(subject, rows, report)
    const { dimensions, plane: isPlane } = manifoldOf(network.codeSize)
    const plane = isPlane ? await planeThrough(codes, network.codeSize, dimensions, async () => {}) : null
    const coordinates = plane ? placeOn(plane, codes, network.codeSize) : (codes as Float32Array<ArrayBuffer>)
    const ranges = Array.from({ length: dimensions }, (_, axis): [number, number] => {
      const sorted = sortedColumn(coordinates, dimensions, axis)
      const [low, high] = ends.map((share) => quantile(sorted, share)) as [number, number]
      return low < high ? [low, high] : [low - 1, low + 1]
    })
    return {
      place: plane ? ('plane' as const) : network.prior ? ('quantiles' as const) : ('range' as const),
      dimensions,
      plane,
      ranges,
      rows,
      coordinates,
    }
  })

/** `size` values along an axis: inverse normal quantiles of (i + 1/2) / size for a prior's manifold, else evenly over the range. */
export const axisOf = (
  { place, ranges }: Pick<Manifold, 'place' | 'ranges'>,
  axis: number,
  size: number,
): Float32Array<ArrayBuffer> => {
  const [low, high] = ranges[axis]!
  return Float32Array.from({ length: size }, (_, i) =>
    place === 'quantiles' ? normalQuantile((i + 0.5) / size) : low + ((high - low) * i) / (size - 1),
  )
}

/** The codes of places on the axes: [n, Z]. */
export function codesOfPlaces({ plane }: Manifold, coordinates: Tensor2D, codeSize: number): Tensor2D {
  return plane ? codesAt(plane, coordinates, codeSize) : coordinates
}
