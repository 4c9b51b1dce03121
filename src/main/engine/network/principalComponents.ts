import { WorkbenchError } from '../../../shared/errors.ts'
import { bool, native, nativeOutputs, type } from '../trace/native.ts'
import { tf, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { Rows } from './rows.ts'
import { product } from './operations.ts'
import { largestCovariance, oversampling, passes } from './principalSizes.ts'

/** Variances of float32 data are rounding below this share of the largest, and deviations below this share of the mean. */
const rounding = 2 ** -21

/** Rows at a time, and values of them: of images larger than 64x64x3 fewer rows, or a batch alone would take gigabytes. */
const mostRows = 2048,
  mostValues = mostRows * 12_288

/**
 * Mean and leading eigenvectors of the covariance, the largest first, each signed so that its entry of largest magnitude is
 * positive; zeros beyond the rank, where the data do not vary and any direction would be as good as another.
 * Large inputs: randomised subspace iteration with oversampling (Halko, Martinsson and Tropp 2011, algorithm 4.4).
 * @returns mean [1, D], components [D, count] with orthonormal columns, as many as the rank
 */
export async function principalComponents(
  data: Rows,
  count: number,
  report: (done: number, total: number) => Promise<void>,
): Promise<{ mean: Tensor2D; components: Tensor2D }> {
  const whole = data.rowSize <= largestCovariance
  const batchSize = Math.max(1, Math.min(mostRows, Math.floor(mostValues / data.rowSize)))
  const total = data.count * (whole ? 2 : 2 + passes)
  let done = 0
  /** Sum over the data of f(batch), each batch disposed of. */
  const accumulate = async (f: (batch: Tensor2D) => Tensor2D): Promise<Tensor2D> => {
    let sum: Tensor2D | null = null
    for (const batch of data.batches(batchSize)) {
      const next: Tensor2D = tf.tidy(() => (sum ? sum.add(f(batch)) : f(batch).clone()))
      done += batch.shape[0]
      tf.dispose([batch, ...(sum ? [sum] : [])])
      sum = next
      await report(done, total)
    }
    return sum!
  }
  const sum = await accumulate((batch) => batch.sum(0, true))
  if (!sum.dataSync().every(Number.isFinite))
    throw new WorkbenchError(
      'RUN_DIVERGED',
      'The data hold values that are not finite numbers, which have no principal components; replace them and import the data again.',
    )
  const mean = sum.div(data.count) as Tensor2D
  sum.dispose()
  let basis: Tensor2D | null = null
  if (!whole) {
    const width = Math.min(data.rowSize, count + oversampling)
    basis = orthonormal(
      native('StatelessRandomNormal', { T: type('int32'), dtype: type('float32'), Tseed: type('int32') }, [
        tf.tensor1d([data.rowSize, width], 'int32'),
        tf.tensor1d([1, 1], 'int32'),
      ]) as Tensor2D,
    )
    for (let pass = 0; pass < passes; pass++) {
      const current: Tensor2D = basis
      const image = await accumulate((batch) => {
        const centred = batch.sub(mean) as Tensor2D
        return product(centred, product(centred, current), true)
      })
      basis = orthonormal(image)
      current.dispose()
    }
  }
  const small = await accumulate((batch) => {
    const centred = batch.sub(mean) as Tensor2D
    const projected = basis ? product(centred, basis) : centred
    return product(projected, projected, true)
  })
  const components = tf.tidy(() => {
    // Ascending eigenvalues: the last columns are the leading components.
    const [values, vectors] = nativeOutputs('SelfAdjointEigV2', { T: type('float32'), compute_v: bool(true) }, [small], 2) as [
      Tensor1D,
      Tensor2D,
    ]
    const size = vectors.shape[0]
    const leading = vectors.slice([0, size - count], [size, count]).reverse(1) as Tensor2D
    const variances = values.dataSync().toReversed().slice(0, count)
    // So many samples less their mean span one dimension less than they are.
    const ofMean = data.count * mean.square().sum().dataSync()[0]! * rounding ** 2
    const least = Math.max(variances[0]! * rounding, ofMean)
    const varies = variances.map((value, at) => Number(at < data.count - 1 && value > least))
    return signed(basis ? product(basis, leading) : leading).mul<Tensor2D>(tf.tensor1d(varies))
  })
  tf.dispose([small, ...(basis ? [basis] : [])])
  return { mean, components }
}

const orthonormal = (columns: Tensor2D): Tensor2D => {
  const [q, r] = nativeOutputs('Qr', { T: type('float32'), full_matrices: bool(false) }, [columns], 2) as [Tensor2D, Tensor2D]
  tf.dispose([columns, r])
  return q
}

/**
 * Eigenvectors are defined up to sign; this makes the choice repeatable: by the first of the entries that are largest, for there
 * may be several.
 */
const signed = (vectors: Tensor2D): Tensor2D => {
  // Of one entry it is that one, of which there is no one-hot code.
  if (vectors.shape[0] === 1) return vectors.mul(vectors.sign())
  const first = tf.oneHot(vectors.abs().argMax<Tensor1D>(0), vectors.shape[0]).transpose()
  return vectors.mul(vectors.mul(first).sum(0, true).sign())
}
