import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readSafetensors, writeSafetensors, type NamedTensor } from '../../src/main/engine/checkpoint/safetensors.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { computeObjective } from '../../src/main/engine/jobs/objective.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { eigen, identity, plus, solve, times, transpose, type Matrix } from '../fixtures/linear.ts'

/**
 * The variational objective on models in which everything is known: a linear encoder and a linear decoder with Gaussian noise.
 * There log p(x|z) is quadratic in z, so that its mean over the 2Z points mean +- sqrt(Z) deviation_j is its expectation under
 * q, without any sampling: given these as draws, the product's loss is -ELBO up to the rounding of float32. All that it is
 * compared with is float64 and closed form.
 */
const D = 5,
  Z = 2
const folder = mkdtempSync(join(tmpdir(), 'linear-gaussian-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** x = mu + z W + noise of variance s2; q(z|x) = N((x - offset) V, diag(exp(logVariance))). W is [Z, D], V [D, Z]. */
interface Model {
  W: Matrix
  mu: number[]
  s2: number
  V: Matrix
  meanBias: number[]
  logVariance: number[]
}

const flat = (rows: Matrix): NamedTensor => ({ shape: [rows.length, rows[0]!.length], data: Float32Array.from(rows.flat()) })
const vector = (values: number[]): NamedTensor => ({ shape: [values.length], data: Float32Array.from(values) })

/** -ELBO, and the gradients of everything, by the product. */
function objective(decoder: 'gaussian' | 'fixedGaussian', model: Model, x: Matrix) {
  const { config, problems } = resolveConfig(
    'variational',
    { network: { layers: [Z], outputActivation: 'linear' }, regularizer: { decoder, samples: 2 * Z } },
    { kind: 'vector' },
  )
  assert.deepEqual(problems, [])
  const points = Array.from({ length: 2 * Z }, (_, k) =>
    Array.from({ length: Z }, (__, j) => (Math.floor(k / 2) === j ? Math.sqrt(Z) * (k % 2 ? -1 : 1) : 0)),
  )
  const epsilon: NamedTensor = {
    shape: [2 * Z, x.length, Z],
    data: Float32Array.from(points.flatMap((point) => x.flatMap(() => point))),
  }
  const zeros = (rows: number, columns: number) => flat(Array.from({ length: rows }, () => Array<number>(columns).fill(0)))
  const files = [join(folder, 'in.safetensors'), join(folder, 'out.safetensors')] as const
  writeSafetensors(files[0], {
    tensors: {
      'encoder/mean/kernel': flat(model.V),
      'encoder/mean/bias': vector(model.meanBias),
      'encoder/logVariance/kernel': zeros(D, Z),
      'encoder/logVariance/bias': vector(model.logVariance),
      'decoder/mean/kernel': flat(model.W),
      'decoder/mean/bias': vector(model.mu),
      ...(decoder === 'gaussian'
        ? {
            'decoder/logVariance/kernel': zeros(Z, D),
            'decoder/logVariance/bias': vector(Array<number>(D).fill(Math.log(model.s2))),
          }
        : {}),
      x: flat(x),
      epsilon,
    },
    metadata: {},
  })
  const { loss } = computeObjective({ kind: 'objective', variant: 'variational', config: config!, in: files[0], out: files[1] })
  return { elbo: -loss, gradients: readSafetensors(files[1]).tensors }
}

const logDeterminant = (symmetric: Matrix) => eigen(symmetric).values.reduce((sum, value) => sum + Math.log(value), 0)
const quadratic = (row: number[], symmetric: Matrix) => times([row], solve(symmetric, transpose([row])))[0]![0]!

/** log N(x; mu, W'W + s2 I), mean over the rows: the likelihood that the bound is a bound of. */
function logEvidence({ W, mu, s2 }: Model, x: Matrix): number {
  const covariance = plus(times(transpose(W), W), identity(D), s2)
  return (
    x.reduce(
      (sum, row) =>
        sum -
        0.5 *
          (D * Math.log(2 * Math.PI) +
            logDeterminant(covariance) +
            quadratic(
              row.map((value, d) => value - mu[d]!),
              covariance,
            )),
      0,
    ) / x.length
  )
}

/**
 * KL(q(z|x) || p(z|x)), mean over the rows; the posterior is N(M^-1 W (x - mu), s2 M^-1), M = W W' + s2 I (Tipping and Bishop
 * 1999, eq. 7).
 */
function gap({ W, mu, s2, V, meanBias, logVariance }: Model, x: Matrix): number {
  const M = plus(times(W, transpose(W)), identity(Z), s2)
  const covariance = solve(M, identity(Z)).map((row) => row.map((value) => value * s2))
  const ownTrace = logVariance.reduce((sum, value, j) => sum + solve(covariance, identity(Z))[j]![j]! * Math.exp(value), 0)
  return (
    x.reduce((sum, row) => {
      const centred = row.map((value, d) => value - mu[d]!)
      const posterior = transpose(solve(M, times(W, transpose([centred]))))[0]!
      const own = times([row], V)[0]!.map((value, j) => value + meanBias[j]!)
      const distance = quadratic(
        own.map((value, j) => value - posterior[j]!),
        covariance,
      )
      return (
        sum + 0.5 * (logDeterminant(covariance) - logVariance.reduce((total, value) => total + value, 0) + ownTrace + distance - Z)
      )
    }, 0) / x.length
  )
}

const source = random('linear Gaussian')
const uniform = (scale: number) => (source.next() / 2 ** 32 - 0.5) * scale
const drawn = (rows: number, columns: number, scale: number): Matrix =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => uniform(scale)))

for (const decoder of ['gaussian', 'fixedGaussian'] as const) {
  test(`${decoder}: log p(x) = ELBO + KL(q || p(z|x)), whatever the encoder`, () => {
    for (const s2 of decoder === 'gaussian' ? [0.3, 2] : [1]) {
      const model: Model = {
        W: drawn(Z, D, 2),
        mu: drawn(1, D, 1)[0]!,
        s2,
        V: drawn(D, Z, 1),
        meanBias: [0.2, -0.1],
        logVariance: [-0.7, 0.4],
      }
      const x = drawn(7, D, 3)
      const { elbo } = objective(decoder, model, x)
      const evidence = logEvidence(model, x),
        distance = gap(model, x)
      assert.ok(distance > 0.1, `${distance}: the encoder is not the posterior`)
      assert.ok(
        Math.abs(elbo + distance - evidence) < 1e-5 * Math.abs(evidence),
        `${elbo} + ${distance} = ${elbo + distance}, log p(x) = ${evidence}`,
      )
    }
  })
}

/** 2D rows whose mean is mu and whose covariance is exactly U diag(values) U'. */
function rowsWith(mu: number[], vectors: Matrix, values: number[]): Matrix {
  return values.flatMap((value, i) =>
    [1, -1].map((sign) => mu.map((own, d) => own + sign * Math.sqrt(D * value) * vectors[d]![i]!)),
  )
}

test('the bound is largest at probabilistic PCA, where it is the log likelihood', () => {
  const any = drawn(D, D, 1)
  const { vectors } = eigen(plus(any, transpose(any)))
  const mu = [0.5, -1, 0.2, 0, 2]
  // Learned noise finds the discarded eigenvalues; noise of variance 1 is what it is.
  for (const [decoder, values, s2] of [
    ['gaussian', [4, 2.5, 0.6, 0.6, 0.6], 0.6],
    ['fixedGaussian', [4, 2.5, 0.9, 0.6, 0.2], 1],
  ] as const) {
    const x = rowsWith(mu, vectors, [...values])
    // Tipping and Bishop 1999, eq. 15, with R = I: W_j = sqrt(lambda_j - s2) u_j; the posterior's covariance is then diagonal,
    // s2 / lambda_j.
    const W = Array.from({ length: Z }, (_, j) => vectors.map((row) => Math.sqrt(values[j]! - s2) * row[j]!))
    const V = transpose(W).map((row) => row.map((value, j) => value / values[j]!))
    const model: Model = {
      W,
      mu,
      s2,
      V,
      meanBias: times([mu], V)[0]!.map((value) => -value),
      logVariance: Array.from({ length: Z }, (_, j) => Math.log(s2 / values[j]!)),
    }
    const { elbo, gradients } = objective(decoder, model, x)

    // Tipping and Bishop 1999, eq. 8, at its maximum: by the eigenvalues alone.
    const kept = values.slice(0, Z),
      rest = values.slice(Z)
    const likelihood =
      -0.5 *
      (D * Math.log(2 * Math.PI) +
        kept.reduce((sum, value) => sum + Math.log(value) + 1, 0) +
        rest.reduce((sum, value) => sum + Math.log(s2) + value / s2, 0))
    assert.ok(Math.abs(elbo - likelihood) < 1e-5 * Math.abs(likelihood), `bound ${elbo}, maximal log likelihood ${likelihood}`)
    assert.ok(Math.abs(logEvidence(model, x) - likelihood) < 1e-9 && gap(model, x) < 1e-9)
    for (const [name, { data }] of Object.entries(gradients)) {
      for (const value of data) assert.ok(Math.abs(value) < 2e-5, `${decoder}: the gradient of ${name} is ${value}`)
    }
    // Every direction leads down.
    for (let attempt = 0; attempt < 20; attempt++) {
      const moved = (rows: Matrix) => rows.map((row) => row.map((value) => value + uniform(0.6)))
      const other: Model = {
        W: moved(W),
        V: moved(V),
        mu: moved([mu])[0]!,
        meanBias: moved([model.meanBias])[0]!,
        logVariance: moved([model.logVariance])[0]!,
        s2: decoder === 'gaussian' ? s2 * Math.exp(uniform(0.6)) : s2,
      }
      const lower = objective(decoder, other, x).elbo
      assert.ok(lower < elbo - 1e-3, `${decoder}: ${lower} at weights near those with ${elbo}`)
    }
  }
})
