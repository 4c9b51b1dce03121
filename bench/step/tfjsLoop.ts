import { sizeOf } from '../../src/shared/shape.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf, type Scalar, type Tensor, type Tensor2D, type Variable } from '../../src/main/engine/trace/tensorflow.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import type { ModelSpec } from '../../src/main/engine/training/modelSpec.ts'

type Weights = Record<string, Variable>
const activations: Record<string, (x: Tensor2D) => Tensor2D> = {
  linear: (x) => x,
  relu: (x) => x.relu(),
  sigmoid: (x) => x.sigmoid(),
  tanh: (x) => x.tanh(),
}

/** The objectives as one would write them with tfjs's own operations, two-layer networks with squared error or Bernoulli likelihood. */
const objectives: Record<string, (weights: Weights, x: Tensor2D, activation: string, codeActivation: string) => Scalar> = {
  classical: (w, x, activation, code) => squaredError(decode(w, encode(w, x, activation, code), activation), x),
  denoising: (w, x, activation, code) =>
    squaredError(
      decode(w, encode(w, x.mul(tf.randomUniform(x.shape).greaterEqual(0.3).cast('float32')), activation, code), activation),
      x,
    ),
  contractive(w, x, activation, code) {
    const hidden = dense(w, 'encoder/0', x).sigmoid() as Tensor2D
    const h = dense(w, 'encoder/1', hidden).sigmoid() as Tensor2D
    const [batch, units] = h.shape
    const inner = w['encoder/1/kernel']!.transpose()
      .expandDims(0)
      .mul(h.mul(h.neg().add(1)).expandDims(2))
      .mul(hidden.mul(hidden.neg().add(1)).expandDims(1))
    const jacobian = inner.reshape([batch * units, hidden.shape[1]]).matMul(w['encoder/0/kernel']!, false, true)
    return squaredError(decode(w, encode(w, x, activation, code), activation), x).add(
      jacobian
        .square()
        .sum()
        .mul(0.1 / batch),
    )
  },
  sparseKl(w, x, activation, code) {
    const h = encode(w, x, activation, code),
      mean = h.mean(0)
    const kl = mean.log().mul(-0.05).sub(mean.neg().add(1).log().mul(0.95)).sum().mul(3)
    return squaredError(decode(w, h, activation), x).add(kl)
  },
  variational(w, x) {
    const hidden = dense(w, 'encoder/0', x).relu() as Tensor2D
    const mean = dense(w, 'encoder/mean', hidden),
      logVariance = dense(w, 'encoder/logVariance', hidden)
    const z = mean.add(logVariance.mul(0.5).exp().mul(tf.randomNormal(mean.shape))) as Tensor2D
    const logits = dense(w, 'decoder/logits', dense(w, 'decoder/0', z).relu() as Tensor2D)
    const likelihood = logits.softplus().sub(x.mul(logits)).sum()
    const kl = logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum().mul(-0.5)
    return likelihood.add(kl).div(x.shape[0]) as Scalar
  },
}

const dense = (w: Weights, layer: string, x: Tensor2D): Tensor2D =>
  x.matMul(w[`${layer}/kernel`] as unknown as Tensor2D).add(w[`${layer}/bias`] as Tensor) as Tensor2D
const encode = (w: Weights, x: Tensor2D, activation: string, code: string): Tensor2D =>
  activations[code]!(dense(w, 'encoder/1', activations[activation]!(dense(w, 'encoder/0', x))))
const decode = (w: Weights, h: Tensor2D, activation: string): Tensor2D =>
  dense(w, 'decoder/1', activations[activation]!(dense(w, 'decoder/0', h))).sigmoid() as Tensor2D
const squaredError = (output: Tensor2D, x: Tensor2D): Scalar => output.sub(x).square().sum().div(x.shape[0]) as Scalar

/** Variants that this loop knows. */
export const knownToLoop: readonly string[] = Object.keys(objectives)

/** What one would write with tfjs-node alone: variables, its operations, its Adam, `minimize`. */
export class TfjsLoop {
  readonly #spec: ModelSpec
  readonly #weights: Weights
  readonly #adam: ReturnType<typeof tf.train.adam>

  constructor(spec: ModelSpec) {
    this.#spec = spec
    this.#adam = tf.train.adam(spec.config.training.learningRate)
    this.#weights = Object.fromEntries(
      weightsOf(spec.variant, spec.config, spec.input).map((weight) => [
        weight.name,
        tf.variable(tf.tensor(initialValues(weight, 1), weight.shape), true, weight.name),
      ]),
    )
  }

  step(batch: Uint8Array | Float32Array, rows: Uint32Array): void {
    const { variant, config, input } = this.#spec
    tf.tidy(() => {
      const x = tf.tensor2d(Float32Array.from(batch), [rows.length, sizeOf(input)]).div(255) as Tensor2D
      const loss = this.#adam.minimize(
        () => objectives[variant.id]!(this.#weights, x, config.network.activation, config.network.codeActivation),
        true,
        Object.values(this.#weights),
      )
      loss!.dataSync()
    })
  }
}
