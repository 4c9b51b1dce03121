import { bool, native, type } from '../trace/native.ts'
import { tf, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import type { Design } from './design.ts'
import { take } from './samples.ts'

const T = { T: type('float32') }
/** Multiplications that finding a curvature may cost. */
const largestWork = 2.5e10

/** The curvature of a multinomial regression's mean loss, by class: an approximate inverse Hessian that can be applied. */
export interface Curvature {
  /** The inverse times a vector [classes, width]. */
  solve(vector: Float64Array): Float64Array
  dispose(): void
}

/**
 * The blocks on the diagonal of the Hessian at some weights, one a class: sum x x' p (1 - p) / n + penalty. Without weights those
 * at zero weights, which are the same for every class. None where finding it would cost too much.
 * @param some the samples that are summed over
 * @param weights [classes, width], or null
 * @param count n
 */
export async function curvature(
  some: Design,
  classCount: number,
  penalty: number,
  weights: Float64Array | null,
  count = some.count,
): Promise<Curvature> {
  const { width } = some
  const shared = weights === null
  if (!affordable(some.count, width, shared ? 1 : classCount)) return { solve: (vector) => vector, dispose: () => {} }
  const hessian = await hessians(some, classCount, weights, count)
  const factors = factorise(hessian, penalty)
  hessian.dispose()
  return {
    dispose: () => void factors.dispose(),
    solve: (vector) =>
      Float64Array.from(
        take(
          tf.tidy(() => {
            const columns = tf.tensor2d(Float32Array.from(vector), [classCount, width])
            // One factor for all classes, whose vectors are its right-hand sides, or one for each.
            const sides = shared ? columns.transpose().expandDims(0) : columns.expandDims(2)
            const half = native('MatrixTriangularSolve', { ...T, lower: bool(true), adjoint: bool(false) }, [factors, sides])
            const whole = native('MatrixTriangularSolve', { ...T, lower: bool(true), adjoint: bool(true) }, [factors, half])
            return shared ? whole.squeeze<Tensor2D>([0]).transpose() : whole
          }),
        ),
      ),
  }
}

/** Whether a curvature is worth finding: its cost is that of `matrices` products over the samples. */
export const affordable = (samples: number, width: number, matrices: number): boolean =>
  samples * width * width * matrices <= largestWork

/**
 * The samples about whose class the weights are least certain, which make up most of the curvature: numbers, ascending.
 * @param weights [classes, width]
 */
export async function leastCertain(design: Design, classCount: number, weights: Float64Array, wanted: number): Promise<Int32Array> {
  const uncertainty = new Float32Array(design.count)
  let next = 0
  await design.forEach(({ rows }) => {
    const blockUncertainty = take(tf.tidy(() => probabilities(rows, classCount, weights).square().sum(1).neg().add(1)))
    uncertainty.set(blockUncertainty, next)
    next += blockUncertainty.length
  })
  const least = uncertainty.toSorted()[Math.max(0, design.count - wanted)]!
  return Int32Array.from(uncertainty.keys())
    .filter((number) => uncertainty[number]! >= least)
    .subarray(0, wanted)
}

const probabilities = (rows: Tensor2D, classCount: number, weights: Float64Array): Tensor2D =>
  tf.softmax(tf.matMul(rows, tf.tensor2d(Float32Array.from(weights), [classCount, rows.shape[1]]), false, true))

/** [classes, width, width], or [1, width, width] at zero weights. */
async function hessians(design: Design, classCount: number, weights: Float64Array | null, count: number): Promise<Tensor> {
  const { width } = design
  let sums: Tensor[] = Array.from({ length: weights ? classCount : 1 }, () => tf.zeros([width, width]))
  await design.forEach(({ rows }) => {
    const before = sums
    sums = tf.tidy(() => {
      if (!weights) return [before[0]!.add(tf.matMul(rows, rows, true, false).mul((1 - 1 / classCount) / classCount))]
      const likely = probabilities(rows, classCount, weights)
      const roots = likely.sub(likely.square()).sqrt()
      return before.map((sum, label) => {
        const scaled: Tensor2D = rows.mul(roots.slice([0, label], [-1, 1]))
        return sum.add(tf.matMul(scaled, scaled, true, false))
      })
    })
    tf.dispose(before)
  })
  const stacked = tf.tidy(() => tf.stack(sums).div(count))
  tf.dispose(sums)
  return stacked
}

/** Lower triangular factors of the matrices plus the penalty on their diagonals, and more of it where rounding needs that. */
function factorise(matrices: Tensor, penalty: number): Tensor {
  const width = matrices.shape[1]!
  for (let ridge = Math.max(penalty, 1e-7); ; ridge *= 10) {
    const factors = tf.tidy(() => native('Cholesky', T, [matrices.add(tf.eye(width).mul(ridge))]))
    if (ridge > 1e6 || factors.dataSync<'float32'>().every(Number.isFinite)) return factors
    factors.dispose()
  }
}
