import { tf, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { CodeBlocks } from './codes.ts'
import { take } from './samples.ts'

/** A unit that varies by less than this share of its mean is constant but for rounding. */
const smallestVariation = 1e-6
/** Values of a block (8 MB): it is read twice at each pass, the second time from the processor's cache. */
const blockValues = 2 * 2 ** 20

/** Some rows [n, width] and their classes [n]. */
interface DesignBlock {
  rows: Tensor2D
  labels: Tensor1D
}
type Visit = (block: DesignBlock) => void

/** What a linear classifier sees of labelled samples: codes standardised by the moments of the train split, and a column of ones. */
export interface Design {
  readonly count: number
  /** Columns: the size of the code, and one. */
  readonly width: number
  /** Visits all rows; a block's tensors are valid during the visit. */
  forEach(visit: Visit): Promise<void>
  dispose(): void
}

/** The samples of a train split; kept where their codes are, else made again at each pass. */
export class TrainDesign implements Design {
  readonly count: number
  readonly width: number
  readonly #codes: CodeBlocks
  readonly #mean: Tensor1D
  /** 1 / standard deviation; 0 for a constant unit. */
  readonly #scale: Tensor1D
  #kept: KeptDesign | null = null

  static async of(codes: CodeBlocks): Promise<TrainDesign> {
    const { mean, scale } = await moments(codes)
    const design = new TrainDesign(codes, mean, scale)
    if (codes.kept) design.#kept = await design.#keep(null)
    return design
  }

  private constructor(codes: CodeBlocks, mean: Float32Array, scale: Float32Array) {
    this.count = codes.count
    this.width = codes.codeSize + 1
    this.#codes = codes
    this.#mean = tf.tensor1d(mean)
    this.#scale = tf.tensor1d(scale)
  }

  /** Codes of any split [n, Z] -> [n, Z + 1]; the caller disposes of it. */
  rows(codes: Tensor2D): Tensor2D {
    return tf.tidy(() => {
      const standardised: Tensor2D = codes.sub(this.#mean).mul(this.#scale)
      return tf.concat([standardised, tf.ones([codes.shape[0], 1]) as Tensor2D], 1)
    })
  }

  async forEach(visit: Visit): Promise<void> {
    if (this.#kept) return this.#kept.forEach(visit)
    await this.#make(null, (block) => {
      visit(block)
      tf.dispose([block.rows, block.labels])
    })
  }

  /** Some of the samples, by their ascending numbers within the split. */
  subset(chosen: Int32Array): Promise<Design> {
    return this.#keep(chosen)
  }

  async #keep(chosen: Int32Array | null): Promise<KeptDesign> {
    const blocks: DesignBlock[] = []
    await this.#make(chosen, (block) => void blocks.push(block))
    return new KeptDesign(blocks, this.width)
  }

  /** Makes blocks of the chosen samples, or of all. */
  async #make(chosen: Int32Array | null, give: Visit): Promise<void> {
    const step = Math.max(1, Math.floor(blockValues / this.width))
    let next = 0
    await this.#codes.forEach(({ codes, start }) => {
      const end = start + codes.shape[0]
      const first = next
      if (chosen) while (next < chosen.length && chosen[next]! < end) next++
      const count = chosen ? next - first : codes.shape[0]
      for (let from = 0; from < count; from += step) {
        const size = Math.min(step, count - from)
        const numbers =
          chosen?.subarray(first + from, first + from + size) ?? Int32Array.from({ length: size }, (_, i) => start + from + i)
        const some = tf.tidy(() =>
          chosen
            ? tf.gather(
                codes,
                tf.tensor1d(
                  numbers.map((number) => number - start),
                  'int32',
                ),
              )
            : codes.slice([from, 0], [size, -1]),
        )
        const rows = this.rows(some)
        some.dispose()
        give({
          rows,
          labels: tf.tensor1d(
            numbers.map((number) => this.#codes.labels[number]!),
            'int32',
          ),
        })
      }
    })
  }

  dispose(): void {
    this.#kept?.dispose()
    tf.dispose([this.#mean, this.#scale])
  }
}

class KeptDesign implements Design {
  readonly count: number
  readonly width: number
  readonly #blocks: readonly DesignBlock[]

  constructor(blocks: readonly DesignBlock[], width: number) {
    this.count = blocks.reduce((sum, { rows }) => sum + rows.shape[0], 0)
    this.width = width
    this.#blocks = blocks
  }

  async forEach(visit: Visit): Promise<void> {
    this.#blocks.forEach(visit)
  }

  dispose(): void {
    for (const { rows, labels } of this.#blocks) tf.dispose([rows, labels])
  }
}

/** Mean and 1 / standard deviation (of the population) of every unit, in two passes. */
async function moments(codes: CodeBlocks): Promise<{ mean: Float32Array; scale: Float32Array }> {
  const sums = new Float64Array(codes.codeSize)
  await codes.forEach(({ codes: block }) => {
    take(block.sum(0)).forEach((sum, unit) => {
      sums[unit]! += sum
    })
  })
  const mean = Float32Array.from(sums, (sum) => sum / codes.count)
  const squares = new Float64Array(codes.codeSize)
  await codes.forEach(({ codes: block }) => {
    const blockSquares = take(tf.tidy(() => tf.squaredDifference(block, tf.tensor1d(mean.slice())).sum(0)))
    blockSquares.forEach((square, unit) => {
      squares[unit]! += square
    })
  })
  const scale = Float32Array.from(squares, (square, unit) => {
    const deviation = Math.sqrt(square / codes.count)
    return deviation > smallestVariation * Math.abs(mean[unit]!) ? 1 / deviation : 0
  })
  return { mean, scale }
}
