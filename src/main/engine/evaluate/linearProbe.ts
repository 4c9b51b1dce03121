import { nativeOutputs, type } from '../trace/native.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { affordable, curvature, leastCertain, type Curvature } from './curvature.ts'
import { TrainDesign, type Design } from './design.ts'
import { minimise, type Evaluated } from './lbfgs.ts'
import type { Measurement } from './measurement.ts'
import type { Report } from './report.ts'
import { take } from './samples.ts'

/** Strength of the penalty as scikit-learn's `C`: the objective is the sum of the samples' losses + |W|^2 / (2 C), biases free. */
const inverseStrength = 1
/**
 * Converged where no component of the gradient of the mean loss is larger (scikit-learn stops at 1e-4); less moves MNIST by 0.03
 * points.
 */
const gradientTolerance = 3e-5
const maxIterations = 1000
/**
 * The first steps are made on some of the samples, so many for each column and at least the fewest, as far as their gradient
 * says something of all.
 */
const sampledPerColumn = 24
const roughTolerance = 1e-3
/** The curvature is taken from so many for each column. */
const curvedPerColumn = 12
const fewest = 4096
/** Share of the time that the first steps take. */
const roughShare = 0.2
const crossEntropyTypes = { T: type('float32'), Tlabels: type('int32') }

/**
 * `linearProbeAccuracy`: accuracy on the test samples of a multinomial logistic regression from standardised codes, fitted to
 * the train split until it converges. Deterministic. A unit that is constant on the train split is left out.
 */
export const linearProbe: Measurement<'linearProbeAccuracy'> = {
  weight: 3,
  async measure({ codes }, report) {
    if (!codes) return { linearProbeAccuracy: null }
    const { train, test, classCount } = codes
    const design = await TrainDesign.of(train)
    try {
      const weights = await fit(design, classCount, report)
      let hits = 0
      await test.forEach(({ start, codes: block }) => {
        const predicted = take(tf.tidy(() => tf.matMul(design.rows(block), matrix(weights, classCount), false, true).argMax(1)))
        predicted.forEach((label, index) => {
          if (label === test.labels[start + index]) hits++
        })
      })
      return { linearProbeAccuracy: hits / test.count }
    } finally {
      design.dispose()
    }
  },
}

/** Weights [classCount, width] of the fitted regression, a class's bias last. */
async function fit(design: TrainDesign, classCount: number, report: Report): Promise<Float64Array> {
  const { count, width } = design
  const penalty = 1 / (inverseStrength * count)
  const disposables: { dispose(): void }[] = []
  const kept = <M extends { dispose(): void }>(one: M): M => {
    disposables.push(one)
    return one
  }
  try {
    const stride = Math.max(1, Math.floor(count / Math.max(fewest, sampledPerColumn * width)))
    const few = kept(await design.subset(Int32Array.from({ length: Math.ceil(count / stride) }, (_, i) => i * stride)))
    let known = kept(await curvature(few, classCount, penalty, null))
    const rough = await descend(few, known, new Float64Array(classCount * width), roughTolerance, (share) =>
      report(roughShare * share),
    )
    const curved = Math.max(fewest, curvedPerColumn * width)
    if (affordable(curved, width, classCount)) {
      const hard = kept(await design.subset(await leastCertain(design, classCount, rough, curved)))
      known = kept(await curvature(hard, classCount, penalty, rough, count))
    }
    return await descend(design, known, rough, gradientTolerance, (share) => report(roughShare + (1 - roughShare) * share))
  } finally {
    for (const one of disposables) one.dispose()
  }

  async function descend(
    samples: Design,
    { solve }: Curvature,
    from: Float64Array,
    tolerance: number,
    tell: Report,
  ): Promise<Float64Array> {
    let first = 0
    const { point } = await minimise({
      start: from,
      tolerance,
      maxIterations,
      precondition: solve,
      evaluate: (weights) => evaluate(samples, classCount, penalty, weights),
      onIteration: (norm) => {
        first ||= norm
        return tell(Math.min(1, Math.log(first / norm) / Math.log(first / tolerance)))
      },
    })
    return point
  }
}

/** Mean loss and penalty with their gradient. */
async function evaluate(design: Design, classCount: number, penalty: number, weights: Float64Array): Promise<Evaluated> {
  const { count, width } = design
  let value = 0
  const gradient = new Float64Array(weights.length)
  const kernel = matrix(weights, classCount)
  await design.forEach(({ rows, labels }) => {
    const [loss, slopes] = tf.tidy(() => {
      const logits = tf.matMul(rows, kernel, false, true)
      const [losses, residuals] = nativeOutputs('SparseSoftmaxCrossEntropyWithLogits', crossEntropyTypes, [logits, labels], 2)
      return [losses!.sum(), tf.matMul(residuals as Tensor2D, rows, true, false)] as const
    })
    value += take(loss)[0]! / count
    take(slopes).forEach((slope, i) => {
      gradient[i]! += slope / count
    })
  })
  kernel.dispose()
  for (let i = 0; i < weights.length; i++) {
    if (i % width === width - 1) continue
    value += 0.5 * penalty * weights[i]! ** 2
    gradient[i]! += penalty * weights[i]!
  }
  return { value, gradient }
}

const matrix = (weights: Float64Array, rows: number): Tensor2D =>
  tf.tensor2d(Float32Array.from(weights), [rows, weights.length / rows])
