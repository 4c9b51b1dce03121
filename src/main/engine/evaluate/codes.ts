import type { PackedDataset } from '../data/packed.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Report } from './report.ts'
import type { Model } from './model.ts'
import { forEachBatch, notFinite, take } from './samples.ts'

export interface Limits {
  /** Codes of one split are kept up to this size; beyond it they are computed again at each pass. */
  keptBytes: number
  /** Values in a block. */
  blockValues: number
  /** Samples in a block. */
  blockRows: number
}
const usualLimits: Limits = { keptBytes: 512 * 2 ** 20, blockValues: 32 * 2 ** 20, blockRows: 65_536 }

/** What encoding needs of a model. */
type Encoder = Pick<Model, 'codeSize' | 'encode'>

export interface Block {
  /** Index of the block's first sample within its split. */
  start: number
  /** [n, size of the code]; disposed of after the visit. */
  codes: Tensor2D
}

/** The codes of the labelled samples of a train and a test split, block by block: as tensors, outside the JavaScript heap. */
export interface Codes {
  /** Number of classes among the training samples. */
  classCount: number
  train: CodeBlocks
  test: CodeBlocks
}

/**
 * Encodes what can be classified. Null where that has no meaning: no labels, fewer than two classes among the training
 * samples, or no labelled test sample.
 * @throws RUN_DIVERGED where codes are not finite.
 */
export async function encodeLabelled(
  model: Encoder,
  dataset: PackedDataset,
  trainRows: Uint32Array,
  report: Report,
  limits = usualLimits,
): Promise<Codes | null> {
  const { labels } = dataset
  if (!labels) return null
  const labelled = (rows: Uint32Array) => rows.filter((row) => labels[row]! >= 0)
  const train = labelled(trainRows)
  const test = labelled(dataset.test)
  const present = [...new Set(Array.from(train, (row) => labels[row]!))].sort((a, b) => a - b)
  if (present.length < 2 || test.length === 0) return null
  const classOf = new Map(present.map((label, index) => [label, index]))
  const classes = (rows: Uint32Array) => Int32Array.from(rows, (row) => classOf.get(labels[row]!) ?? -1)

  const share = train.length / (train.length + test.length)
  const trainBlocks = new CodeBlocks(model, dataset, train, classes(train), limits)
  const testBlocks = new CodeBlocks(model, dataset, test, classes(test), limits)
  try {
    await trainBlocks.prepare((part) => report(part * share))
    await testBlocks.prepare((part) => report(share + part * (1 - share)))
  } catch (error) {
    trainBlocks.dispose()
    testBlocks.dispose()
    throw error
  }
  return { classCount: present.length, train: trainBlocks, test: testBlocks }
}

/**
 * Codes of some rows of a dataset, with their labels, block by block: kept where they fit into memory, else computed again for
 * every pass. `dispose` gives the memory back.
 */
export class CodeBlocks {
  readonly count: number
  readonly codeSize: number
  /** Class of each sample, 0 to classCount - 1; -1 for a test sample whose class no training sample has. */
  readonly labels: Int32Array
  readonly #model: Encoder
  readonly #dataset: PackedDataset
  readonly #rows: Uint32Array
  readonly #rowsPerBlock: number
  /** Null where the codes are too large to be kept. */
  readonly #kept: Tensor2D[] | null

  constructor(model: Encoder, dataset: PackedDataset, rows: Uint32Array, labels: Int32Array, limits = usualLimits) {
    this.count = rows.length
    this.codeSize = model.codeSize
    this.labels = labels
    this.#model = model
    this.#dataset = dataset
    this.#rows = rows
    this.#rowsPerBlock = Math.max(1, Math.min(limits.blockRows, Math.floor(limits.blockValues / model.codeSize)))
    this.#kept = rows.length * model.codeSize * 4 <= limits.keptBytes ? [] : null
  }

  /** False where the codes are so large that every pass computes them again. */
  get kept(): boolean {
    return this.#kept !== null
  }

  /** Encodes what is to be kept. */
  async prepare(report: Report): Promise<void> {
    if (!this.#kept) return
    for (let start = 0; start < this.count; start += this.#rowsPerBlock) {
      this.#kept.push(await this.#encode(start, (done) => report((start + done) / this.count)))
    }
  }

  /** Visits all blocks in the order of the rows. */
  async forEach(visit: (block: Block) => Promise<void> | void): Promise<void> {
    for (let start = 0, index = 0; start < this.count; start += this.#rowsPerBlock, index++) {
      const codes = this.#kept ? tf.clone(this.#kept[index]!) : await this.#encode(start)
      try {
        await visit({ start, codes })
      } finally {
        codes.dispose()
      }
    }
  }

  dispose(): void {
    this.#kept?.forEach((block) => block.dispose())
    this.#kept?.splice(0)
  }

  async #encode(start: number, report?: (done: number) => Promise<void>): Promise<Tensor2D> {
    const parts: Tensor2D[] = []
    try {
      await forEachBatch(this.#dataset, this.#rows.subarray(start, start + this.#rowsPerBlock), async (batch) => {
        const codes = this.#model.encode(batch.inputs)
        parts.push(codes)
        if (!Number.isFinite(take(tf.tidy(() => codes.abs().sum()))[0])) throw notFinite('codes')
        await report?.(batch.start + batch.size)
      })
      return parts.length === 1 ? tf.clone(parts[0]!) : tf.concat(parts, 0)
    } finally {
      parts.forEach((part) => part.dispose())
    }
  }
}
