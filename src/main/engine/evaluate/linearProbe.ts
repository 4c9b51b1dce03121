import { nativeOutputs, type } from '../trace/native.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { choleskySolver } from './cholesky.ts'
import { Design } from './design.ts'
import { minimise, type Evaluated } from './lbfgs.ts'
import type { Measurement } from './measurement.ts'
import type { Report } from './report.ts'
import { take } from './samples.ts'

/** Strength of the penalty as scikit-learn's `C`: the objective is the sum of the samples' losses + |W|^2 / (2 C), biases free. */
const inverseStrength = 1
/** Converged where no component of the gradient of the mean loss is larger (scikit-learn stops at 1e-4); less moves MNIST by 0.03 points. */
export const gradientTolerance = 3e-5
const maxIterations = 1000
/** Codes up to this size are preconditioned with their correlations, whose factorisation costs size^3 / 3. */
const largestPreconditioned = 1024
const crossEntropyTypes = { T: type('float32'), Tlabels: type('int32') }

/**
 * `linearProbeAccuracy`: accuracy on the test samples of a multinomial logistic regression from standardised codes, fitted to
 * the train split until it converges. Deterministic. A unit that is constant on the train split is left out.
 */
export const linearProbe: Measurement<'linearProbeAccuracy'> = {
  weight: 4,
  async measure({ codes }, report) {
    if (!codes) return { linearProbeAccuracy: null }
    const { train, test, classCount } = codes
    const design = await Design.of(train)
    try {
      const weights = await fit(design, train.labels, classCount, report)
      let hits = 0
      await test.forEach(({ start, codes: block }) => {
        const predicted = take(tf.tidy(() => tf.matMul(design.rows(block), matrix(weights, classCount)).argMax(1)))
        predicted.forEach((label, index) => { if (label === test.labels[start + index]) hits++ })
      })
      return { linearProbeAccuracy: hits / test.count }
    } finally {
      design.dispose()
    }
  },
}

/** Weights [width, classCount] of the fitted regression, the biases last. */
async function fit(design: Design, labels: Int32Array, classCount: number, report: Report): Promise<Float64Array> {
  const { count, width } = design
  const penalty = 1 / (inverseStrength * count)
  const biases = (width - 1) * classCount

  /** Mean loss and penalty with their gradient. */
  const evaluate = async (weights: Float64Array): Promise<Evaluated> => {
    let value = 0
    const gradient = new Float64Array(weights.length)
    await design.forEach((block, start) => {
      const [loss, slopes] = tf.tidy(() => {
        const logits = tf.matMul(block, matrix(weights, classCount))
        const target = tf.tensor1d(labels.slice(start, start + block.shape[0]), 'int32')
        const [losses, residuals] = nativeOutputs('SparseSoftmaxCrossEntropyWithLogits', crossEntropyTypes, [logits, target], 2)
        return [losses!.sum(), tf.matMul(block, residuals as Tensor2D, true, false)] as const
      })
      value += take(loss)[0]! / count
      take(slopes).forEach((slope, i) => { gradient[i]! += slope / count })
    })
    for (let i = 0; i < biases; i++) {
      value += 0.5 * penalty * weights[i]! ** 2
      gradient[i]! += penalty * weights[i]!
    }
    return { value, gradient }
  }

  let first = 0
  const { point } = await minimise({
    start: new Float64Array(width * classCount),
    evaluate,
    precondition: await preconditioner(design, classCount, penalty),
    tolerance: gradientTolerance,
    maxIterations,
    onIteration: (norm) => {
      first ||= norm
      return report(Math.min(1, Math.log(first / norm) / Math.log(first / gradientTolerance)))
    },
  })
  return point
}

/**
 * The inverse of the Hessian at zero weights, where it is the same for every class: the correlations of the codes over the
 * number of classes, plus the penalty. Left out for large codes.
 */
async function preconditioner(design: Design, classCount: number, penalty: number): Promise<(vector: Float64Array) => Float64Array> {
  const { width, count } = design
  if (width > largestPreconditioned + 1) return (vector) => vector
  const hessian = new Float64Array(width * width)
  await design.forEach((block) => {
    take(tf.tidy(() => tf.matMul(block, block, true, false))).forEach((product, i) => { hessian[i]! += product / (count * classCount) })
  })
  // A unit that is left out has an empty row; the bias needs no penalty, but rounding may need a little.
  for (let i = 0; i < width; i++) hessian[i * width + i]! += Math.max(penalty, 1e-7)
  const solve = choleskySolver(hessian, width)
  return (vector) => {
    const result = new Float64Array(vector.length)
    for (let k = 0; k < classCount; k++) {
      const column = solve(Float64Array.from({ length: width }, (_, i) => vector[i * classCount + k]!))
      column.forEach((component, i) => { result[i * classCount + k] = component })
    }
    return result
  }
}

const matrix = (weights: Float64Array, columns: number): Tensor2D =>
  tf.tensor2d(Float32Array.from(weights), [weights.length / columns, columns])
