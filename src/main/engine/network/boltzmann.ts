import type { Scalar, Tensor, Tensor1D, Tensor2D } from '../trace/tensorflow.ts'
import { tf } from '../trace/tensorflow.ts'
import { native, type } from '../trace/native.ts'
import type { Network } from './network.ts'
import { activate } from './operations.ts'

/** A restricted Boltzmann machine: a tied network of one layer, its encoder giving E(h|v) and its decoder E(v|h). */
export interface Machine {
  network: Network
  visible: 'bernoulli' | 'gaussian'
  hidden: 'bernoulli' | 'linear'
}

const T = { T: type('float32') }

/** The same values, through which no gradient passes. */
const constant = <R extends Tensor>(values: R): R => native('StopGradient', T, [values]) as R

/** 1 where a uniform draw lies below the probability, else 0. Constants for the gradient. */
export const bernoulli = (probabilities: Tensor2D, uniform: Tensor): Tensor2D =>
  native('Less', T, [uniform, probabilities]).cast('float32') as Tensor2D

/**
 * Free energy -log sum_h exp(-E(v, h)) of visible states, [B] (Hinton 2012, section 16.1): of Bernoulli hidden units -sum_j
 * softplus(c_j + v W_j), of linear ones with variance 1 -1/2 sum_j (c_j + v W_j)^2 (Welling, Rosen-Zvi and Hinton 2005); of the
 * visible side -b v, or 1/2 |v - b|^2.
 * @param pre c + v W where it is known already, [B, H]
 */
export function freeEnergy(
  { network, visible, hidden }: Machine,
  v: Tensor2D,
  pre: Tensor2D = network.encodeLayers(v)[0]!.pre,
): Tensor1D {
  const bias = network.weight('decoder/0/bias')
  const ofHidden = hidden === 'bernoulli' ? activate(pre, 'softplus').sum(1) : pre.square().sum(1).mul(0.5)
  const ofVisible = visible === 'bernoulli' ? v.mul(bias).sum(1).neg() : v.sub(bias).square().sum(1).mul(0.5)
  return ofVisible.sub(ofHidden) as Tensor1D
}

/** Draws that a Gibbs chain needs, by name. */
interface Draws {
  uniform(name: string, shape: number[]): Tensor
  normal(name: string, shape: number[], deviation: number): Tensor
}

/**
 * h drawn from p(h|v). Constants for the gradient.
 * @param mean E(h|v), [B, H]
 */
export const sampleHidden = ({ hidden }: Pick<Machine, 'hidden'>, mean: Tensor2D, draws: Draws, name: string): Tensor2D =>
  hidden === 'bernoulli'
    ? bernoulli(mean, draws.uniform(name, mean.shape))
    : constant(mean.add(draws.normal(name, mean.shape, 1)) as Tensor2D)

/** v drawn from p(v|h). */
export const sampleVisible = ({ visible }: Pick<Machine, 'visible'>, mean: Tensor2D, draws: Draws, name: string): Tensor2D =>
  visible === 'bernoulli'
    ? bernoulli(mean, draws.uniform(name, mean.shape))
    : constant(mean.add(draws.normal(name, mean.shape, 1)) as Tensor2D)

/**
 * Block Gibbs sampling: `steps` times h ~ p(h|v), then v ~ p(v|h).
 * @param first E(h|v) of the states to begin with, [B, H]
 * @returns E(v|h) of the last h as logits, and the visible states: drawn, or with `meanField` the last ones as their means
 * (Hinton 2012, section 3.2)
 */
export function gibbs(
  machine: Machine,
  first: Tensor2D,
  steps: number,
  draws: Draws,
  meanField: boolean,
): { logits: Tensor2D; visible: Tensor2D } {
  const { network } = machine
  let mean = first
  for (let step = 1; ; step++) {
    const h = sampleHidden(machine, mean, draws, `hidden/${step}`)
    const logits = network.decode(h)
    const output = network.output(logits)
    if (step === steps)
      return { logits, visible: meanField ? constant(output) : sampleVisible(machine, output, draws, `visible/${step}`) }
    mean = network.encode(sampleVisible(machine, output, draws, `visible/${step}`))
  }
}

/** A scalar with the value of one and the gradient of another: contrastive divergence follows no function's gradient. */
export const valuedAs = (gradient: Scalar, value: Scalar): Scalar => gradient.sub(constant(gradient)).add(constant(value)) as Scalar

/**
 * Pseudo-likelihood in nats, mean over the batch, of rounded visible states: D times log p(v_i | the others) at one bit i of
 * each image, another one each time (Besag 1975; the stochastic estimate of Tieleman's tutorial code).
 * log p(v_i | v_-i) = log sigmoid(F(v with bit i flipped) - F(v)).
 */
export function pseudoLikelihood(machine: Machine, x: Tensor2D, draws: Draws): Scalar {
  const [batch, width] = x.shape
  const v = native('Round', T, [x]) as Tensor2D
  const chosen = native('Floor', T, [draws.uniform('bit', [batch, 1]).mul(width)])
  const columns = native('Range', { Tidx: type('int32') }, [
    tf.scalar(0, 'int32'),
    tf.scalar(width, 'int32'),
    tf.scalar(1, 'int32'),
  ])
    .cast('float32')
    .reshape([1, width])
  const mask = native('Equal', { ...T }, [chosen, columns]).cast('float32')
  const flipped = v.add(mask.mul(v.mul(-2).add(1))) as Tensor2D
  const gain = freeEnergy(machine, v).sub(freeEnergy(machine, flipped)) as Tensor2D
  return activate(gain.reshape([batch, 1]), 'softplus')
    .mean()
    .mul(-width) as Scalar
}
