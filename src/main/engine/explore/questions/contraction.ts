import { WorkbenchError } from '../../../../shared/errors.ts'
import type { ResultOf } from '../../../../shared/answers.ts'
import type { ImageRef } from '../../../../shared/questions.ts'
import { tf, type Tensor2D } from '../../trace/tensorflow.ts'
import { drawsOf } from '../corrupt.ts'
import { imageOf } from '../images.ts'
import { picturesOf } from '../pictures.ts'
import { part, type Answer, type Asking } from '../question.ts'
import { quantile, sampleRows } from '../rows.ts'
import { jacobianOf } from '../tangent.ts'

/** Radii that are looked at, in a geometric series up to the largest, and directions at one image. */
const radiusCount = 16,
  smallestShare = 1 / 64,
  directionsOfOne = 100
const rowsAtOnce = 1000

/**
 * |f(x + r u) - f(x)| / r for random unit vectors u, by radius (Rifai, Vincent, Muller, Glorot and Bengio 2011, section 5.3):
 * below 1 the encoder contracts. And between two images, where a map that contracts at the samples may expand.
 */
export const contraction: Answer<'contraction'> = async ({ image, images, largest, between, steps, seed }, asking) => {
  const { subject, report } = asking
  const { network } = subject
  const inputs = image
    ? tf.tile((await imageOf(subject, image)).inputs, [directionsOfOne, 1])
    : subject.inputs(sampleRows(subject.dataset.test, subject.dataset.labels, images, 1))
  const count = inputs.shape[0]
  const draws = tf.tidy(() => {
    const drawn = drawsOf(seed).normal('directions', inputs.shape, 1)
    return drawn.div(drawn.square().sum(1, true).sqrt()) as Tensor2D
  })
  const codes = network.encode(inputs)
  const radii = Float32Array.from({ length: radiusCount }, (_, i) => largest * smallestShare ** (1 - i / (radiusCount - 1)))
  const figures = { mean: new Float32Array(radiusCount), low: new Float32Array(radiusCount), high: new Float32Array(radiusCount) }
  for (const [at, radius] of radii.entries()) {
    const ratios = new Float32Array(count)
    for (let start = 0; start < count; start += rowsAtOnce) {
      const some = Math.min(rowsAtOnce, count - start),
        rows = (values: Tensor2D) => values.slice([start, 0], [some, -1])
      const distances = tf.tidy(() =>
        network
          .encode(rows(inputs).add(rows(draws).mul(radius)))
          .sub(rows(codes))
          .square()
          .sum(1)
          .sqrt()
          .div(radius),
      )
      ratios.set(distances.dataSync(), start)
      distances.dispose()
    }
    ratios.sort()
    figures.mean[at] = ratios.reduce((sum, ratio) => sum + ratio, 0) / count
    figures.low[at] = quantile(ratios, 0.1)
    figures.high[at] = quantile(ratios, 0.9)
    await report(((between ? 0.5 : 1) * (at + 1)) / radiusCount)
  }
  return {
    kind: 'contraction',
    radii,
    ...figures,
    images: image ? 1 : count,
    between: between ? await onTheWay(between, steps, { ...asking, report: part(report, 0.5, 1) }) : null,
  }
}

/** ||df/dx||_F, and |df/dx u| for the unit vector u from one image to the other, at places on the way between them. */
async function onTheWay(
  [from, to]: ImageRef[],
  steps: number,
  { subject, drawing, report }: Asking,
): Promise<ResultOf<'contraction'>['between']> {
  const { network } = subject
  const ends = tf.concat([(await imageOf(subject, from!)).inputs, (await imageOf(subject, to!)).inputs])
  const [start, end] = [0, 1].map((row) => ends.slice([row, 0], [1, -1])) as [Tensor2D, Tensor2D]
  const way = end.sub<Tensor2D>(start)
  const length = way.square().sum().sqrt().dataSync()[0]!
  if (length === 0)
    throw new WorkbenchError(
      'CALL_INVALID',
      'The two images are the same, so there is no way between them; choose two that differ.',
      { field: 'question.between' },
    )
  const t = Float32Array.from({ length: steps }, (_, i) => i / (steps - 1)),
    norm = new Float32Array(steps),
    along = new Float32Array(steps)
  for (const [at, share] of t.entries()) {
    const found = tf.tidy(() => {
      const jacobian = jacobianOf(network.encodeLayers(start.add(way.mul(share))))
      return tf.stack([
        jacobian.square().sum().sqrt(),
        tf.matMul(jacobian, way.div<Tensor2D>(length), false, true).square().sum().sqrt(),
      ])
    })
    ;[norm[at], along[at]] = found.dataSync() as unknown as [number, number]
    found.dispose()
    await report((at + 1) / steps)
  }
  const codes = network.encode(ends)
  const codeDistance = codes
    .slice([1, 0], [1, -1])
    .sub(codes.slice([0, 0], [1, -1]))
    .square()
    .sum()
    .sqrt()
    .dataSync()[0]!
  return { t, norm, along, inputDistance: length, codeDistance, ends: picturesOf(ends, drawing) }
}
