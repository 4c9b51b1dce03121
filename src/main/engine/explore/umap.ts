import { UMAP } from 'umap-js'
import { random } from '../data/random.ts'
import { uniform } from '../data/reals.ts'
import { product } from '../network/operations.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'

/** Rows whose distances to all others are computed at a time. */
const rowsAtOnce = 512

export interface UmapOptions {
  neighbours: number
  seed: number
  dimensions: number
  /** Is told how far it is, 0 to 1; awaited, so that others get their turn. */
  report: (share: number) => Promise<void>
}

/** The nearest rows of every row, itself first, by exact Euclidean distance. */
async function nearestRows(
  values: Tensor2D,
  count: number,
  report: (share: number) => Promise<void>,
): Promise<{ rows: number[][]; distances: number[][] }> {
  const [total] = values.shape
  const rows: number[][] = [],
    distances: number[][] = []
  for (let start = 0; start < total; start += rowsAtOnce) {
    const some = Math.min(rowsAtOnce, total - start)
    const [scores, places] = tf
      .tidy(() => {
        const block = values.slice([start, 0], [some, -1])
        const squares = block
          .square()
          .sum(1, true)
          .add(values.square().sum(1).expandDims(0))
          .sub(product(block, values, false, true).mul(2))
          .maximum(0)
        const { values: nearest, indices } = tf.topk(squares.neg(), count)
        return [nearest.neg().sqrt(), indices]
      })
      .map((tensor) => {
        const numbers = Array.from(tensor.dataSync())
        tensor.dispose()
        return numbers
      }) as [number[], number[]]
    for (let i = 0; i < some; i++) {
      const found = places.slice(i * count, (i + 1) * count),
        lengths = scores.slice(i * count, (i + 1) * count)
      const self = found.indexOf(start + i)
      // Copies of a row may be found before it; it has to be the first.
      found.splice(self < 0 ? count - 1 : self, 1)
      lengths.splice(self < 0 ? count - 1 : self, 1)
      rows.push([start + i, ...found])
      distances.push([0, ...lengths])
    }
    await report((start + some) / total)
  }
  return { rows, distances }
}

/** The neighbours that each of so many rows can have. */
export const neighboursOf = (wanted: number, count: number): number => Math.min(wanted, count - 1)

/**
 * UMAP (McInnes, Healy and Melville 2018) by umap-js, from exact neighbours; a function of its arguments.
 * @param values rows [n, width] @returns places [n, dimensions]
 */
export async function umap(
  values: Float32Array,
  width: number,
  { neighbours, seed, dimensions, report }: UmapOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const count = values.length / width,
    wanted = neighboursOf(neighbours, count)
  const tensor = tf.tensor2d(values.slice(), [count, width])
  const { rows, distances } = await nearestRows(tensor, wanted, (share) => report(0.1 * share))
  tensor.dispose()
  const source = random('umap', seed)
  const umap = new UMAP({ nComponents: dimensions, nNeighbors: wanted, minDist: 0.1, random: () => uniform(source) })
  umap.setPrecomputedKNN(rows, distances)
  const epochs = umap.initializeFit(
    Array.from({ length: count }, (_, i) => Array.from(values.subarray(i * width, (i + 1) * width))),
  )
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step()
    await report(0.1 + (0.9 * (epoch + 1)) / epochs)
  }
  return Float32Array.from(umap.getEmbedding().flat())
}
