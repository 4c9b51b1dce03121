import { random } from '../data/random.ts'
import { normals, uniform } from '../data/reals.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'

/** A normal distribution of codes: its mean [Z], and the lower triangle L of its covariance L L', [Z, Z] by rows. */
export interface Normal {
  weight: number
  mean: Float64Array
  triangle: Float64Array
}

/** Added to variances, relative to their mean: codes may lie in a subspace, where a covariance has no inverse. */
const ridge = 1e-4

/** The lower triangle of L L' = A of a positive definite matrix (Golub and Van Loan 2013, algorithm 4.2.1). */
function cholesky(matrix: Float64Array, size: number): Float64Array {
  const triangle = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!
      for (let k = 0; k < j; k++) sum -= triangle[i * size + k]! * triangle[j * size + k]!
      triangle[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / triangle[j * size + j]!
    }
  }
  return triangle
}

/** The inverse of a lower triangle. */
function inverse(triangle: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size)
  for (let column = 0; column < size; column++) {
    for (let i = column; i < size; i++) {
      let sum = i === column ? 1 : 0
      for (let k = column; k < i; k++) sum -= triangle[i * size + k]! * result[k * size + column]!
      result[i * size + column] = sum / triangle[i * size + i]!
    }
  }
  return result
}

/** Mean and covariance of rows [n, Z] by weights [n, 1], with the ridge. */
function fitted(codes: Tensor2D, weights: Tensor2D): Normal {
  const [count, size] = codes.shape
  const [mass, mean, covariance] = tf
    .tidy(() => {
      const total = weights.sum()
      const centre = codes.mul(weights).sum(0).div(total)
      const centred = codes.sub<Tensor2D>(centre)
      return [total, centre, tf.matMul(centred.mul<Tensor2D>(weights), centred, true, false).div(total)]
    })
    .map((tensor) => {
      const values = Float64Array.from(tensor.dataSync())
      tensor.dispose()
      return values
    }) as [Float64Array, Float64Array, Float64Array]
  let trace = 0
  for (let i = 0; i < size; i++) trace += covariance[i * size + i]!
  for (let i = 0; i < size; i++) covariance[i * size + i]! += (ridge * trace) / size + 1e-9
  return { weight: mass[0]! / count, mean, triangle: cholesky(covariance, size) }
}

/** The normal distribution with the codes' mean and covariance. @param codes [n, Z] */
export const fitNormal = (codes: Tensor2D): Normal[] =>
  [tf.tidy(() => tf.ones([codes.shape[0], 1]) as Tensor2D)].map((ones) => {
    const normal = fitted(codes, ones)
    ones.dispose()
    return normal
  })

/** log(weight) + log density of every row under every component, [n, K]. */
function logDensities(codes: Tensor2D, components: readonly Normal[]): Tensor2D {
  const size = codes.shape[1]
  return tf.tidy(
    () =>
      tf.stack(
        components.map(({ weight, mean, triangle }) => {
          let logDeterminant = 0
          for (let i = 0; i < size; i++) logDeterminant += Math.log(triangle[i * size + i]!)
          const whitening = tf.tensor2d(Float32Array.from(inverse(triangle, size)), [size, size])
          const whitened = tf.matMul(codes.sub<Tensor2D>(tf.tensor1d(Float32Array.from(mean))), whitening, false, true)
          return whitened
            .square()
            .sum(1)
            .mul(-0.5)
            .add(Math.log(weight) - logDeterminant - (size / 2) * Math.log(2 * Math.PI))
        }),
        1,
      ) as Tensor2D,
  )
}

/**
 * A mixture of normal distributions with full covariances by expectation maximisation (Dempster, Laird and Rubin 1977; Bishop
 * 2006, section 9.2.2), from means at codes that are chosen as k-means++ does (Arthur and Vassilvitskii 2007). Components that
 * lose all their codes go.
 * @param codes [n, Z]
 * @param onIteration is told the mean log likelihood; awaited, so that others get their turn
 */
export async function fitMixture(
  codes: Tensor2D,
  count: number,
  seed: number,
  onIteration: (iteration: number, logLikelihood: number) => Promise<void>,
  { iterations = 60, tolerance = 1e-4 } = {},
): Promise<Normal[]> {
  const [whole] = fitNormal(codes)
  let components: Normal[] = farApart(codes, count, seed).map((mean) => ({
    weight: 1 / count,
    mean,
    triangle: whole!.triangle.map((value) => value / Math.cbrt(count)),
  }))
  let before = -Infinity
  for (let iteration = 0; iteration < iterations; iteration++) {
    const [responsibilities, likelihood] = tf.tidy(() => {
      const joint = logDensities(codes, components)
      const total = joint.logSumExp(1, true)
      return [joint.sub<Tensor2D>(total).exp() as Tensor2D, total.mean()]
    }) as [Tensor2D, Tensor2D]
    const logLikelihood = likelihood.dataSync()[0]!
    likelihood.dispose()
    const masses = tf.tidy(() => responsibilities.sum(0)).dataSync()
    const next: Normal[] = []
    for (let k = 0; k < components.length; k++) {
      if (masses[k]! < 2) continue
      const weights = tf.tidy(() => responsibilities.slice([0, k], [-1, 1]))
      next.push(fitted(codes, weights))
      weights.dispose()
    }
    responsibilities.dispose()
    const mass = next.reduce((sum, { weight }) => sum + weight, 0)
    components = next.map((each) => ({ ...each, weight: each.weight / mass }))
    await onIteration(iteration, logLikelihood)
    if (logLikelihood - before < tolerance) break
    before = logLikelihood
  }
  return components
}

/** Codes far from one another: each next one is drawn by its squared distance from those before. */
function farApart(codes: Tensor2D, count: number, seed: number): Float64Array[] {
  const [rows, size] = codes.shape,
    values = codes.dataSync(),
    source = random('mixture', seed)
  const code = (row: number) => Float64Array.from(values.subarray(row * size, (row + 1) * size))
  const chosen = [code(source.below(rows))]
  const distances = new Float64Array(rows).fill(Infinity)
  while (chosen.length < count) {
    const last = chosen.at(-1)!
    let total = 0
    for (let row = 0; row < rows; row++) {
      let square = 0
      for (let i = 0; i < size; i++) square += (values[row * size + i]! - last[i]!) ** 2
      distances[row] = Math.min(distances[row]!, square)
      total += distances[row]!
    }
    let left = uniform(source) * total,
      row = 0
    while (row < rows - 1 && (left -= distances[row]!) > 0) row++
    chosen.push(code(row))
  }
  return chosen
}

/** Draws of a mixture, [count, Z]: a function of the seed. */
export function drawCodes(components: readonly Normal[], count: number, seed: number): Float32Array<ArrayBuffer> {
  const source = random('codes', seed),
    normal = normals(source)
  const size = components[0]!.mean.length,
    codes = new Float32Array(count * size)
  for (let n = 0; n < count; n++) {
    let left = uniform(source),
      k = 0
    while (k < components.length - 1 && (left -= components[k]!.weight) > 0) k++
    const { mean, triangle } = components[k]!
    const epsilon = Float64Array.from({ length: size }, normal)
    for (let i = 0; i < size; i++) {
      let value = mean[i]!
      for (let j = 0; j <= i; j++) value += triangle[i * size + j]! * epsilon[j]!
      codes[n * size + i] = value
    }
  }
  return codes
}
