import { tf, type Tensor2D } from '../../trace/tensorflow.ts'
import type { Report } from '../../evaluate/report.ts'
import type { QuestionOf } from '../../../../shared/questions.ts'
import { sizeOf } from '../../../../shared/shape.ts'
import { corrupted, drawsOf } from '../corrupt.ts'
import { imageOf } from '../images.ts'
import { isPoints, picturesOf, read } from '../pictures.ts'
import { part, unsuitable, type Answer } from '../question.ts'
import { sampleRows } from '../rows.ts'
import type { Subject } from '../subject.ts'

/** Points of the data that are drawn with the field, and beyond them so much of their extent. */
const shownPoints = 2000,
  margin = 0.25
/** Of the vector, at each step of a path. */
const pathRate = 0.2
/** Rows in one pass. */
const rowsAtOnce = 4096

/** A plane in the input space: origin [D] and two orthonormal directions [2, D]. Of two-valued data it is the space itself. */
interface Frame {
  origin: Tensor2D
  directions: Tensor2D
}

/**
 * Where the network moves points to: g(f(x)) - x on a grid, as the component along the plane and the whole length, with paths
 * that follow it. Of a denoising autoencoder of small noise it is proportional to the gradient of the log density (Alain and
 * Bengio 2014, theorem 2).
 */
export const field: Answer<'field'> = async (question, { subject, drawing, report }) => {
  const { size, paths: count, pathSteps } = question
  const plane = isPoints(subject.target.dataset) && !question.through
  const { frame, data, corners } = plane ? dataPlane(subject) : await planeThrough(subject, question)
  const [left, right, bottom, top] = corners
  const x = Float32Array.from({ length: size }, (_, i) => left + ((right - left) * i) / (size - 1)),
    y = Float32Array.from({ length: size }, (_, i) => bottom + ((top - bottom) * i) / (size - 1))
  const grid = tf.tensor2d(Array.from(y).flatMap((v) => Array.from(x, (u) => [u, v])))
  const move = (places: Tensor2D, at: (share: number) => Promise<void>) => vectorsAt(subject, frame, places, question, at)
  const { vectors, lengths } = await move(grid, part(report, 0, count > 0 ? 0.3 : 1))
  const found = read(lengths)

  const side = Math.floor(Math.sqrt(count)),
    starts = side * side
  const paths = new Float32Array(starts * (pathSteps + 1) * 2)
  if (starts > 0) {
    const cells = Array.from({ length: starts }, (_, i) => [
      left + (((i % side) + 0.5) / side) * (right - left),
      bottom + ((Math.floor(i / side) + 0.5) / side) * (top - bottom),
    ])
    let places = tf.tensor2d(cells, [starts, 2])
    for (let step = 0; step <= pathSteps; step++) {
      read(places).forEach((value, at) => {
        paths[(Math.floor(at / 2) * (pathSteps + 1) + step) * 2 + (at % 2)] = value
      })
      if (step === pathSteps) break
      const moved = await move(places, async () => {})
      const next = tf.tidy(() => places.add(moved.vectors.mul(pathRate)) as Tensor2D)
      tf.dispose([places, moved.vectors, moved.lengths])
      places = next
      await report(0.3 + (0.7 * (step + 1)) / pathSteps)
    }
  }
  return {
    kind: 'field',
    space: plane ? 'data' : 'plane',
    x,
    y,
    vectors: read(vectors),
    lengths: found,
    longest: found.reduce((most, length) => Math.max(most, length), 0),
    paths,
    pathSteps,
    data: {
      coordinates: data.coordinates,
      rows: Int32Array.from(data.rows),
      labels: subject.labelsOf(data.rows),
      pictures: data.inputs && picturesOf(data.inputs, drawing),
    },
  }
}

type Placed = {
  frame: Frame
  data: { coordinates: Float32Array<ArrayBuffer>; rows: ArrayLike<number>; inputs: Tensor2D | null }
  corners: readonly [number, number, number, number]
}

function dataPlane(subject: Subject): Placed {
  const rows = sampleRows(subject.dataset.test, subject.dataset.labels, shownPoints, 1)
  const coordinates = read(subject.inputs(rows))
  return {
    frame: { origin: tf.zeros([1, 2]), directions: tf.eye(2) },
    data: { coordinates, rows, inputs: null },
    corners: cornersOf(coordinates),
  }
}

/** Origin at the first image; the first direction leads to the second, the third lies on the side of the second direction. */
async function planeThrough(subject: Subject, { through }: QuestionOf<'field'>): Promise<Placed> {
  if (!through)
    throw unsuitable(
      'Images have too many dimensions to draw a field in; it is drawn on the plane through three of them: choose three images.',
      'question.through',
    )
  const given = []
  for (const ref of through) given.push(await imageOf(subject, ref))
  const inputs = tf.concat(given.map((each) => each.inputs))
  const origin = inputs.slice([0, 0], [1, -1])
  const [first, second] = [1, 2].map((row) => inputs.slice([row, 0], [1, -1]).sub<Tensor2D>(origin)) as [Tensor2D, Tensor2D]
  const length = (values: Tensor2D) => values.square().sum().sqrt().dataSync()[0]!
  const firstLength = length(first)
  const u = first.div<Tensor2D>(Math.max(firstLength, 1e-12))
  const along = second.mul(u).sum().dataSync()[0]!
  const rest = second.sub<Tensor2D>(u.mul(along)),
    restLength = length(rest)
  if (firstLength < 1e-6 || restLength < 1e-6 * firstLength)
    throw unsuitable(
      'The three images lie on one line, so there is no plane through them; choose three that differ.',
      'question.through',
    )
  const coordinates = Float32Array.from([0, 0, firstLength, 0, along, restLength])
  return {
    frame: { origin, directions: tf.concat([u, rest.div<Tensor2D>(restLength)]) },
    data: { coordinates, rows: given.map(({ row }) => row ?? -1), inputs },
    corners: cornersOf(coordinates),
  }
}

/** A square around points [n, 2], with a margin. */
function cornersOf(coordinates: Float32Array): readonly [number, number, number, number] {
  const ends = [0, 1].map((column) => {
    let low = Infinity,
      high = -Infinity
    for (let i = column; i < coordinates.length; i += 2) {
      low = Math.min(low, coordinates[i]!)
      high = Math.max(high, coordinates[i]!)
    }
    return { low, high }
  })
  const half = (0.5 + margin) * Math.max(...ends.map(({ low, high }) => high - low), 1e-6)
  const [x, y] = ends.map(({ low, high }) => (low + high) / 2) as [number, number]
  return [x - half, x + half, y - half, y + half]
}

/** Vectors at places [n, 2] of the plane, in its coordinates, and the lengths of the whole ones. The caller disposes of both. */
async function vectorsAt(
  subject: Subject,
  { origin, directions }: Frame,
  places: Tensor2D,
  { corruption, draws, seed }: QuestionOf<'field'>,
  report: Report,
): Promise<{ vectors: Tensor2D; lengths: Tensor2D }> {
  const count = places.shape[0],
    rows = Math.max(1, Math.min(rowsAtOnce, Math.floor(4e6 / sizeOf(subject.network.input))))
  const repeats = corruption.kind === 'none' || corruption.level === 0 ? 1 : draws
  const parts: { vectors: Tensor2D; lengths: Tensor2D }[] = []
  for (let start = 0; start < count; start += rows) {
    const some = Math.min(rows, count - start)
    const inputs = tf.tidy(() => tf.matMul(places.slice([start, 0], [some, 2]), directions).add<Tensor2D>(origin))
    let moved = subject.network.reconstruct(
      tf.tidy(() => corrupted(inputs, corruption, drawsOf(seed, 0), subject.channels).clone()),
    )
    for (let repeat = 1; repeat < repeats; repeat++) {
      const noisy = () => corrupted(inputs, corruption, drawsOf(seed, repeat), subject.channels)
      const sum = tf.tidy(() => moved.add(subject.network.reconstruct(noisy())) as Tensor2D)
      moved.dispose()
      moved = sum
      await report((start + (some * repeat) / repeats) / count)
    }
    const [vectors, lengths] = tf.tidy(() => {
      const whole = moved.div(repeats).sub<Tensor2D>(inputs)
      return [tf.matMul(whole, directions, false, true), whole.square().sum(1, true).sqrt()] as [Tensor2D, Tensor2D]
    })
    tf.dispose([inputs, moved])
    parts.push({ vectors, lengths })
    await report((start + some) / count)
  }
  const joined = { vectors: tf.concat(parts.map((each) => each.vectors)), lengths: tf.concat(parts.map((each) => each.lengths)) }
  tf.dispose(parts.map(({ vectors, lengths }) => [vectors, lengths]))
  return joined
}
