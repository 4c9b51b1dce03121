import type { ResultOf } from '../../../../shared/answers.ts'
import { formatPercent } from '../../../../shared/quantities.ts'
import { sizeOf } from '../../../../shared/shape.ts'
import { openDataset } from '../../data/open.ts'
import type { PackedDataset } from '../../data/packed.ts'
import type { Report } from '../../evaluate/report.ts'
import { inputTensor } from '../../network/inputs.ts'
import { tf, type Tensor2D } from '../../trace/tensorflow.ts'
import { drawsOf } from '../corrupt.ts'
import { picturesOf, read } from '../pictures.ts'
import { part, type Answer } from '../question.ts'
import { sampleRows } from '../rows.ts'
import type { Subject } from '../subject.ts'

/** Images that figures are measured on, and values of them at a time. */
const measured = 1000,
  valuesAtOnce = 2 ** 20

/** Share of the variance below which nothing is reconstructed that could be compared. */
const leastRebuilt = 0.1

/** Some images of a set, from one place on. */
interface Source {
  count: number
  inputs(start: number, count: number): Tensor2D
  rows(count: number): Int32Array<ArrayBuffer>
}

/** Images of a kind that the network never saw, `random` ones among them: a network that rebuilds these as well has learned to copy. */
export const copying: Answer<'copying'> = async ({ count, seed }, { subject, drawing, report, other }) => {
  const ownSource = sourceOf(subject.dataset)
  const foreign = other ? openDataset(other.folder, { resident: false }) : null
  try {
    const source = foreign ? sourceOf(foreign) : randomSource(subject, seed)
    const figures = {
      own: await rebuilding(subject, ownSource, part(report, 0, 0.5)),
      other: await rebuilding(subject, source, part(report, 0.5, 1)),
    }
    const shown = Math.min(count, source.count)
    const originals = source.inputs(0, shown),
      rebuilt = subject.network.reconstruct(originals)
    const name = other?.name ?? 'random'
    return {
      kind: 'copying',
      dataset: name,
      rows: source.rows(shown),
      originals: picturesOf(originals, drawing),
      reconstructions: picturesOf(rebuilt, drawing),
      squaredErrors: read(rebuilt.sub(originals).square().sum(1)),
      ...figures,
      sentence: sentenceOf(name, subject.target.dataset.name, figures),
    }
  } finally {
    foreign?.close()
  }
}

function sourceOf(dataset: PackedDataset): Source {
  const rows = sampleRows(dataset.test, dataset.labels, measured, 1)
  return {
    count: rows.length,
    inputs: (start, count) => inputTensor(dataset, rows.slice(start, start + count)),
    rows: (count) => Int32Array.from(rows.subarray(0, count)),
  }
}

/** Independent uniform pixels; for standardised vectors of the same mean and variance. */
function randomSource(subject: Subject, seed: number): Source {
  const vectors = subject.target.dataset.kind === 'vector'
  return {
    count: measured,
    inputs: (start, count) =>
      tf.tidy(() => {
        const uniform = drawsOf(seed)
          .uniform('random', [start + count, sizeOf(subject.network.input)])
          .slice([start, 0], [count, -1])
        return (vectors ? uniform.sub(0.5).mul(Math.sqrt(12)) : uniform) as Tensor2D
      }),
    rows: (count) => new Int32Array(count).fill(-1),
  }
}

async function rebuilding({ network }: Subject, source: Source, report: Report): Promise<ResultOf<'copying'>['own']> {
  let error = 0,
    squares = 0
  const atOnce = Math.max(16, Math.min(250, Math.floor(valuesAtOnce / sizeOf(network.input))))
  let sum = tf.zeros([1, sizeOf(network.input)]) as Tensor2D
  for (let start = 0; start < source.count; start += atOnce) {
    const inputs = source.inputs(start, Math.min(atOnce, source.count - start))
    const [wrong, square] = [
      tf.tidy(() => network.reconstruct(inputs).sub(inputs).square().sum()),
      tf.tidy(() => inputs.square().sum()),
    ]
    error += wrong.dataSync()[0]!
    squares += square.dataSync()[0]!
    const next = tf.tidy(() => sum.add<Tensor2D>(inputs.sum(0, true)))
    tf.dispose([inputs, wrong, square, sum])
    sum = next
    await report(Math.min(1, (start + atOnce) / source.count))
  }
  const centre = tf.tidy(() => sum.div(source.count).square().sum()).dataSync()[0]!
  sum.dispose()
  const squaredError = error / source.count,
    spread = Math.max(0, squares / source.count - centre)
  return { squaredError, spread, rebuilt: spread > 0 ? 1 - squaredError / spread : 0 }
}

function sentenceOf(name: string, ownName: string, figures: Pick<ResultOf<'copying'>, 'own' | 'other'>): string {
  const percent = (value: number) => formatPercent(Math.max(0, value), 0)
  const what = name === 'random' ? 'random pixels' : `“${name}”`
  const {
    own: { rebuilt },
    other: { rebuilt: foreign },
  } = figures
  const facts = `${percent(rebuilt)} of the variance of “${ownName}” is reconstructed, and ${percent(foreign)} of that of ${what}`
  // Whoever rebuilds nothing copies nothing, and prefers nothing either.
  if (Math.max(rebuilt, foreign) < leastRebuilt)
    return `${facts}: the network reconstructs hardly anything, so what it has learned to copy cannot be told.`
  if (foreign > 0.9 * rebuilt) return `${facts}: the network copies its input.`
  return foreign > 0.5 * rebuilt
    ? `${facts}: the network copies much of its input.`
    : `${facts}: the network reconstructs what it was trained on, and not just any input.`
}
