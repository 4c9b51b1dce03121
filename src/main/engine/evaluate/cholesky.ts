/**
 * Factorises a symmetric positive definite matrix and returns what solves A x = b for it. In double precision; size^3 / 3
 * operations, so for matrices of up to a thousand or so.
 * @param matrix [size, size], row by row; only its lower triangle is read
 * @throws RangeError where the matrix is not positive definite
 */
export function choleskySolver(matrix: ArrayLike<number>, size: number): (b: Float64Array) => Float64Array {
  const lower = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!
      if (i > j) lower[i * size + j] = sum / lower[j * size + j]!
      else if (sum > 0) lower[i * size + i] = Math.sqrt(sum)
      else throw new RangeError('the matrix is not positive definite')
    }
  }
  return (b) => {
    const x = b.slice()
    for (let i = 0; i < size; i++) {
      let sum = x[i]!
      for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * x[k]!
      x[i] = sum / lower[i * size + i]!
    }
    for (let i = size - 1; i >= 0; i--) {
      const value = (x[i]! / lower[i * size + i]!)
      x[i] = value
      for (let k = 0; k < i; k++) x[k]! -= lower[i * size + k]! * value
    }
    return x
  }
}
