/** How far apart two rows of numbers are, in float64. */
export type Metric = 'euclidean' | 'cosine'

/**
 * Squared Euclidean. Four sums, because each addition would have to wait for the one before. @param limit where it is farther, some
 * number above this is returned
 */
export function squaredDistance(
  a: Float32Array,
  fromA: number,
  b: Float32Array,
  fromB: number,
  size: number,
  limit = Infinity,
): number {
  let s0 = 0,
    s1 = 0,
    s2 = 0,
    s3 = 0
  let i = 0
  for (; i + 3 < size; i += 4) {
    const d0 = a[fromA + i]! - b[fromB + i]!,
      d1 = a[fromA + i + 1]! - b[fromB + i + 1]!
    const d2 = a[fromA + i + 2]! - b[fromB + i + 2]!,
      d3 = a[fromA + i + 3]! - b[fromB + i + 3]!
    s0 += d0 * d0
    s1 += d1 * d1
    s2 += d2 * d2
    s3 += d3 * d3
    if ((i & 60) === 60 && s0 + s1 + s2 + s3 > limit) return Infinity
  }
  for (; i < size; i++) s0 += (a[fromA + i]! - b[fromB + i]!) ** 2
  return s0 + s1 + s2 + s3
}

export function dot(a: Float32Array, fromA: number, b: Float32Array, fromB: number, size: number): number {
  let sum = 0
  for (let i = 0; i < size; i++) sum += a[fromA + i]! * b[fromB + i]!
  return sum
}

/** 1 - cos; 1 where either has no direction. @param product of both @param a squared length of one, @param b of the other */
export function cosineDistance(product: number, a: number, b: number): number {
  const lengths = Math.sqrt(a * b)
  return lengths > 0 ? 1 - product / lengths : 1
}
