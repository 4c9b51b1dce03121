import type { Network } from './network.ts'
import { logVarianceRange, type Likelihood } from './weights.ts'
import { tf, type Scalar, type Tensor, type Tensor2D } from '../trace/tensorflow.ts'
import { activate } from './operations.ts'

/** log p(x|z) of independent pixels, summed over them: [N]. Given what the decoder's last layers give for z, [N, D] each. */
export const logLikelihood = {
  /** x log s(l) + (1-x) log(1-s(l)) of logits l. */
  bernoulli: (x: Tensor2D, logits: Tensor2D): Tensor => x.mul(logits).sub(activate(logits, 'softplus')).sum(1),
  /** Gaussian with learned mean and log variance. */
  gaussian(x: Tensor2D, mean: Tensor2D, logVariance: Tensor2D): Tensor {
    const clamped = logVariance.clipByValue(...logVarianceRange)
    return x
      .sub(mean)
      .square()
      .mul(clamped.neg().exp())
      .add(clamped)
      .add(Math.log(2 * Math.PI))
      .sum(1)
      .mul(-0.5)
  },
  /** Gaussian with one variance, a scalar, for all values. */
  sharedGaussian: (squaredErrors: Tensor2D, variance: Scalar): Tensor =>
    squaredErrors
      .div(variance)
      .add(variance.log().add(Math.log(2 * Math.PI)))
      .sum(1)
      .mul(-0.5),
  /** Gaussian with variance 1. */
  fixedGaussian: (x: Tensor2D, mean: Tensor2D): Tensor =>
    x
      .sub(mean)
      .square()
      .add(Math.log(2 * Math.PI))
      .sum(1)
      .mul(-0.5),
}

/** log p(x|z) by a network's decoder: [N]. @param x [N, D] @param z [N, Z] */
export function logLikelihoodOf(likelihood: Likelihood, network: Network, x: Tensor2D, z: Tensor2D): Tensor {
  const { logits, heads } = network.decodeHeads(z)
  if (likelihood === 'bernoulli') return logLikelihood.bernoulli(x, logits)
  const mean = network.output(logits)
  if (likelihood === 'gaussian') return logLikelihood.gaussian(x, mean, heads['logVariance']!)
  if (likelihood === 'fixedGaussian') return logLikelihood.fixedGaussian(x, mean)
  const squaredErrors = x.sub<Tensor2D>(mean).square<Tensor2D>()
  return logLikelihood.sharedGaussian(squaredErrors, network.sharedVariance(squaredErrors))
}

/**
 * log p(z) - log q(z|x) of codes that were drawn by `sampled`, [K B]; the constants of both densities cancel.
 * @param epsilon [K, B, Z]
 */
export function logPriorRatio({ logVariance, epsilon, z }: { logVariance: Tensor2D; epsilon: Tensor; z: Tensor2D }): Tensor {
  const [samples, batch] = epsilon.shape as [number, number, number]
  const prior = z.square().sum(1).mul(-0.5)
  const posterior = epsilon
    .square()
    .add(logVariance)
    .sum(2)
    .mul(-0.5)
    .reshape([samples * batch])
  return prior.sub(posterior)
}

/** KL(N(mean, exp(logVariance)) || N(0, 1)) of every unit of every image, [B, Z] (Kingma and Welling 2014, appendix B). */
export const standardNormalDivergence = (mean: Tensor2D, logVariance: Tensor2D): Tensor2D =>
  logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).mul(-0.5)

/** K samples of z = mean + exp(logVariance / 2) epsilon, one batch after another: [K B, Z]. @param epsilon [K, B, Z] */
export function sampled(mean: Tensor2D, logVariance: Tensor2D, epsilon: Tensor): Tensor2D {
  const [samples, batch, size] = epsilon.shape as [number, number, number]
  return epsilon
    .mul(logVariance.mul(0.5).exp())
    .add(mean)
    .reshape([samples * batch, size])
}

/** The same rows K times over: [K B, D]. */
export const repeated = (x: Tensor2D, samples: number): Tensor2D => (samples === 1 ? x : tf.tile(x, [samples, 1]))

/** log mean exp over the first axis of [K, B], without overflow: [B]. */
export function logMeanExp(values: Tensor2D): Tensor {
  const highest = values.max(0, true)
  return values
    .sub(highest)
    .exp()
    .mean(0)
    .log()
    .add(highest.reshape([-1]))
}

/** Mean over all values, as a scalar. */
export const meanOf = (values: Tensor): Scalar => values.mean() as Scalar
