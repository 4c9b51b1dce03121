import { random } from '../data/random.ts'
import { normals } from '../data/reals.ts'

/**
 * t-SNE (van der Maaten and Hinton 2008), exact: every pair counts. Begins at the given places, made small, and follows the
 * gradient with momentum, gains, and early exaggeration. A function of its arguments. All pairs are held once, [n (n - 1) / 2]
 * in the order (1,0), (2,0), (2,1), ...
 */
export interface TsneOptions {
  perplexity: number
  seed: number
  dimensions: number
  iterations?: number
  /** Is told how far it is, 0 to 1; awaited, so that others get their turn. */
  report: (share: number) => Promise<void>
}

const exaggeration = 12,
  exaggerated = 100

/** Squared Euclidean distances of rows [n, D]. */
export function pairDistances(values: Float32Array, width: number): Float32Array {
  const count = values.length / width,
    distances = new Float32Array((count * (count - 1)) / 2)
  for (let i = 1, at = 0; i < count; i++) {
    for (let j = 0; j < i; j++, at++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += (values[i * width + k]! - values[j * width + k]!) ** 2
      distances[at] = sum
    }
  }
  return distances
}

/** The perplexity that so many rows can have: nearly as many neighbours as there are. */
export const perplexityOf = (wanted: number, count: number): number => Math.min(wanted, (count - 1) / 1.01)

const pairAt = (i: number, j: number): number => (i > j ? (i * (i - 1)) / 2 + j : (j * (j - 1)) / 2 + i)

/**
 * Symmetric affinities p_ij = (p_j|i + p_i|j) / 2n, each p_.|i a Gaussian whose width gives the perplexity (their sections 2
 * and 3.1); sum over all ordered pairs 1.
 */
export async function affinities(
  distances: Float32Array,
  count: number,
  perplexity: number,
  report: (share: number) => Promise<void>,
): Promise<Float32Array> {
  const result = new Float32Array(distances.length),
    wanted = Math.log(perplexityOf(perplexity, count))
  const rowDistances = new Float64Array(count),
    probabilities = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    let nearest = Infinity
    for (let j = 0; j < count; j++) if (j !== i) nearest = Math.min(nearest, (rowDistances[j] = distances[pairAt(i, j)]!))
    let beta = 1,
      low = 0,
      high = Infinity
    for (let attempt = 0; attempt < 100; attempt++) {
      let sum = 0,
        weighted = 0
      for (let j = 0; j < count; j++) {
        // Relative to the nearest one, so that not all underflow.
        const value = j === i ? 0 : Math.exp(-beta * (rowDistances[j]! - nearest))
        probabilities[j] = value
        sum += value
        weighted += value * (rowDistances[j]! - nearest)
      }
      const entropy = Math.log(sum) + (beta * weighted) / sum
      for (let j = 0; j < count; j++) probabilities[j]! /= sum
      if (Math.abs(entropy - wanted) < 1e-5) break
      if (entropy > wanted) {
        low = beta
        beta = high === Infinity ? beta * 2 : (beta + high) / 2
      } else {
        high = beta
        beta = (beta + low) / 2
      }
    }
    for (let j = 0; j < count; j++) if (j !== i) result[pairAt(i, j)]! += probabilities[j]! / (2 * count)
    if (i % 64 === 0) await report(i / count)
  }
  return result
}

/**
 * The gradient of KL(P || Q) at places: 4 sum_j (p_ij - q_ij) (y_i - y_j) / (1 + |y_i - y_j|^2) (their eq. 5).
 * @param places [3, n]: of fewer dimensions the others are 0
 * @param factor of the affinities
 * @param kernel where 1 / (1 + |y_i - y_j|^2) of every pair is put
 * @returns the sum of the kernel over all ordered pairs
 */
export function gradientAt(
  affinity: Float32Array,
  places: Float64Array,
  gradient: Float64Array,
  factor: number,
  kernel: Float32Array,
): number {
  const count = places.length / 3
  const [x, y, z] = [0, 1, 2].map((axis) => places.subarray(axis * count, (axis + 1) * count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const [gx, gy, gz] = [0, 1, 2].map((axis) => gradient.subarray(axis * count, (axis + 1) * count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  let total = 0
  for (let i = 1, at = 0; i < count; i++) {
    const xi = x[i]!,
      yi = y[i]!,
      zi = z[i]!
    for (let j = 0; j < i; j++, at++) {
      const dx = xi - x[j]!,
        dy = yi - y[j]!,
        dz = zi - z[j]!
      total += kernel[at] = 1 / (1 + dx * dx + dy * dy + dz * dz)
    }
  }
  total *= 2
  gradient.fill(0)
  for (let i = 1, at = 0; i < count; i++) {
    const xi = x[i]!,
      yi = y[i]!,
      zi = z[i]!
    let sx = 0,
      sy = 0,
      sz = 0
    for (let j = 0; j < i; j++, at++) {
      const q = kernel[at]!,
        force = 4 * (affinity[at]! * factor - q / total) * q
      const px = force * (xi - x[j]!),
        py = force * (yi - y[j]!),
        pz = force * (zi - z[j]!)
      sx += px
      sy += py
      sz += pz
      gx[j]! -= px
      gy[j]! -= py
      gz[j]! -= pz
    }
    gx[i]! += sx
    gy[i]! += sy
    gz[i]! += sz
  }
  return total
}

/**
 * @param values rows [n, width] @param start where to begin, [n, dimensions], e.g. principal components @returns places [n,
 * dimensions]
 */
export async function tsne(
  values: Float32Array,
  width: number,
  start: Float32Array,
  { perplexity, seed, dimensions, iterations = 500, report }: TsneOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const count = values.length / width
  const affinity = await affinities(pairDistances(values, width), count, perplexity, (share) => report(0.1 * share))
  const normal = normals(random('tsne', seed))
  const spread = Math.sqrt(start.reduce((sum, value, at) => sum + (at % dimensions === 0 ? value * value : 0), 0) / count) || 1
  const places = new Float64Array(3 * count)
  // A little noise parts what coincides.
  start.forEach((value, at) => {
    places[(at % dimensions) * count + Math.floor(at / dimensions)] = (1e-4 * value) / spread + 1e-6 * normal()
  })
  const gradient = new Float64Array(places.length),
    velocity = new Float64Array(places.length),
    gains = new Float64Array(places.length).fill(1),
    kernel = new Float32Array(affinity.length)
  const rate = Math.max(count / exaggeration, 50)
  for (let iteration = 0; iteration < iterations; iteration++) {
    const early = iteration < exaggerated
    gradientAt(affinity, places, gradient, early ? exaggeration : 1, kernel)
    for (let at = 0; at < places.length; at++) {
      gains[at] = Math.max(0.01, gradient[at]! * velocity[at]! < 0 ? gains[at]! + 0.2 : gains[at]! * 0.8)
      velocity[at] = (early ? 0.5 : 0.8) * velocity[at]! - rate * gains[at]! * gradient[at]!
      places[at]! += velocity[at]!
    }
    await report(0.1 + (0.9 * (iteration + 1)) / iterations)
  }
  const mean = [0, 1, 2].map(
    (axis) => places.subarray(axis * count, (axis + 1) * count).reduce((sum, value) => sum + value, 0) / count,
  )
  return Float32Array.from(
    { length: count * dimensions },
    (_, at) => places[(at % dimensions) * count + Math.floor(at / dimensions)]! - mean[at % dimensions]!,
  )
}
