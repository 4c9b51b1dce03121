import { tf, type Tensor1D, type Tensor2D } from '../trace/tensorflow.ts'
import type { CodeBlocks } from './codes.ts'
import { take } from './samples.ts'

/** A unit that varies by less than this share of its mean is constant but for rounding. */
const smallestVariation = 1e-6

/** What a linear classifier sees: codes standardised by the mean and standard deviation of a train split, and a column of ones. */
export class Design {
  readonly count: number
  /** Columns: the size of the code, and one. */
  readonly width: number
  readonly #codes: CodeBlocks
  readonly #mean: Tensor1D
  /** 1 / standard deviation; 0 for a constant unit. */
  readonly #scale: Tensor1D
  /** Null where the codes are too large to be kept. */
  readonly #kept: { rows: Tensor2D; start: number }[] | null

  static async of(codes: CodeBlocks): Promise<Design> {
    const { mean, scale } = await moments(codes)
    const design = new Design(codes, mean, scale)
    if (design.#kept) await codes.forEach(({ codes: block, start }) => { design.#kept!.push({ rows: design.rows(block), start }) })
    return design
  }

  private constructor(codes: CodeBlocks, mean: Float32Array, scale: Float32Array) {
    this.count = codes.count
    this.width = codes.codeSize + 1
    this.#codes = codes
    this.#mean = tf.tensor1d(mean)
    this.#scale = tf.tensor1d(scale)
    this.#kept = codes.kept ? [] : null
  }

  /** Codes of any split [n, Z] -> [n, Z + 1]; the caller disposes of it. */
  rows(codes: Tensor2D): Tensor2D {
    return tf.tidy(() => {
      const standardised: Tensor2D = codes.sub(this.#mean).mul(this.#scale)
      return tf.concat([standardised, tf.ones([codes.shape[0], 1]) as Tensor2D], 1)
    })
  }

  /** Visits the rows of the train split, block by block; a block's tensor is valid during the visit. */
  async forEach(visit: (rows: Tensor2D, start: number) => void): Promise<void> {
    if (this.#kept) {
      for (const { rows, start } of this.#kept) visit(rows, start)
      return
    }
    await this.#codes.forEach(({ codes, start }) => {
      const rows = this.rows(codes)
      visit(rows, start)
      rows.dispose()
    })
  }

  dispose(): void {
    for (const tensor of [this.#mean, this.#scale, ...(this.#kept ?? []).map(({ rows }) => rows)]) tensor.dispose()
  }
}

/** Mean and 1 / standard deviation (of the population) of every unit, in two passes. */
async function moments(codes: CodeBlocks): Promise<{ mean: Float32Array; scale: Float32Array }> {
  const sums = new Float64Array(codes.codeSize)
  await codes.forEach(({ codes: block }) => { take(block.sum(0)).forEach((sum, unit) => { sums[unit]! += sum }) })
  const mean = Float32Array.from(sums, (sum) => sum / codes.count)
  const squares = new Float64Array(codes.codeSize)
  await codes.forEach(({ codes: block }) => {
    const own = take(tf.tidy(() => tf.squaredDifference(block, tf.tensor1d(mean.slice())).sum(0)))
    own.forEach((square, unit) => { squares[unit]! += square })
  })
  const scale = Float32Array.from(squares, (square, unit) => {
    const deviation = Math.sqrt(square / codes.count)
    return deviation > smallestVariation * Math.abs(mean[unit]!) ? 1 / deviation : 0
  })
  return { mean, scale }
}
