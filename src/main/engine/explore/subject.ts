import { existsSync } from 'node:fs'
import { WorkbenchError } from '../../../shared/errors.ts'
import { readCheckpoint, readResult } from '../checkpoint/checkpoint.ts'
import type { PackedDataset } from '../data/packed.ts'
import { previewRows, validationSplit } from '../data/split.ts'
import { inputTensor } from '../network/inputs.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { openTrainingData } from '../training/data.ts'
import { variantOf } from '../variants/index.ts'
import { Blocks } from './blocks.ts'
import type { Target } from './messages.ts'
import { ExploredNetwork } from './network.ts'
import { rowSizeOf, type Drawing } from './pictures.ts'

/** Pixels are kept as floats up to this size, codes up to the other. */
const kept = { pixels: 256 * 2 ** 20, codes: 256 * 2 ** 20 }

/** What questions are asked about: a trained network, what it was trained on, and what earlier questions found out about both. */
export class Subject {
  readonly network: ExploredNetwork
  readonly seed: number
  readonly target: Pick<Target, 'dataset' | 'collapsed' | 'runName'>
  readonly #open: () => PackedDataset
  #dataset: PackedDataset | null = null
  #blocks: { codes: Blocks; pixels: Blocks } | null = null
  #range: readonly [number, number] | null = null
  readonly #found = new Map<string, unknown>()

  /** @param open opens the dataset as the run saw it; only called when a question needs it */
  constructor(network: ExploredNetwork, seed: number, target: Pick<Target, 'dataset' | 'collapsed' | 'runName'>, open: () => PackedDataset) {
    this.network = network
    this.seed = seed
    this.target = target
    this.#open = open
  }

  /** @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH */
  static load(target: Target): Subject {
    const { variant, config, seed, inputSize, classes, state } = target.checkpoint === 'result' ? readResult(target.runFolder) : readCheckpoint(target.runFolder, target.checkpoint)
    if (inputSize !== rowSizeOf(target.dataset)) {
      throw new WorkbenchError('RUN_MISMATCH', `The checkpoint takes ${inputSize} values and the dataset's samples have ${rowSizeOf(target.dataset)}; train the run again.`)
    }
    return new Subject(new ExploredNetwork(variantOf(variant), config, inputSize, classes.length, state), seed, target, () => openTrainingData(target.dataset.folder, config).seen)
  }

  /** @throws WorkbenchError DATASET_UNKNOWN where its files are gone, FILE_DAMAGED */
  get dataset(): PackedDataset {
    if (this.#dataset) return this.#dataset
    const { folder, name } = this.target.dataset
    if (!existsSync(folder)) {
      throw new WorkbenchError('DATASET_UNKNOWN', `The images of the dataset "${name}" are gone, and this needs them; import them again as a dataset and train a run on it. What a code alone is asked for still works.`, { field: 'run' })
    }
    return this.#dataset = this.#open()
  }

  /** Rows of the training split that the run was trained with. */
  get trainRows(): Uint32Array {
    return this.remember('train', () => validationSplit(this.dataset, this.seed).train)
  }

  labelOf(row: number | null): number {
    return row === null ? -1 : this.dataset.labels?.[row] ?? -1
  }

  labelsOf(rows: ArrayLike<number>): Int32Array<ArrayBuffer> {
    return Int32Array.from(rows, (row) => this.labelOf(row))
  }

  /** Inputs [n, D] of some rows; the caller disposes of it. */
  inputs(rows: ArrayLike<number>): Tensor2D {
    return inputTensor(this.dataset, Uint32Array.from(rows))
  }

  /** Codes and pixels of every row of the dataset, in its order. */
  get blocks(): { codes: Blocks; pixels: Blocks } {
    if (this.#blocks) return this.#blocks
    const { dataset, network } = this
    const rows = (start: number, count: number) => inputTensor(dataset, Uint32Array.from({ length: count }, (_, i) => start + i))
    const encode = (start: number, count: number) => tf.tidy(() => network.encode(rows(start, count)))
    return this.#blocks = {
      codes: new Blocks(dataset.count, network.codeSize, encode, { keptBytes: kept.codes, blockValues: Math.max(2 ** 20, 8 * 2 ** 20 / Math.max(1, dataset.rowSize / network.codeSize)) }),
      pixels: new Blocks(dataset.count, dataset.rowSize, rows, { keptBytes: kept.pixels }),
    }
  }

  /** How pictures of this run's data are drawn. */
  drawing(side: number | undefined): Drawing {
    return { shape: this.target.dataset, side, range: this.#range ??= this.#valueRange() }
  }

  #valueRange(): readonly [number, number] {
    if (this.target.dataset.kind === 'image') return [0, 1]
    if (!existsSync(this.target.dataset.folder)) return [-3, 3]
    const rows = previewRows(this.dataset)
    const values = new Float32Array(rows.length * this.dataset.rowSize)
    this.dataset.gather(rows, values)
    const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity])
    return low < high ? [low, high] : [low - 1, low + 1]
  }

  /** What one question found out and others need as well; made once. */
  remember<T>(name: string, make: () => T): T {
    if (!this.#found.has(name)) this.#found.set(name, make())
    return this.#found.get(name) as T
  }

  /** The same for what takes long; whoever is cancelled leaves nothing behind. */
  async rememberLater<T>(name: string, make: () => Promise<T>): Promise<T> {
    if (!this.#found.has(name)) this.#found.set(name, await make())
    return this.#found.get(name) as T
  }

  /** Bytes of what is kept to answer faster. */
  get bytes(): number {
    return this.#blocks ? this.#blocks.codes.bytes + this.#blocks.pixels.bytes : 0
  }

  /** Gives back the memory of codes and pixels; they can be made again. */
  forget(): void {
    this.#blocks?.codes.dispose()
    this.#blocks?.pixels.dispose()
  }

  close(): void {
    this.forget()
    this.network.close()
    this.#dataset?.close()
  }
}
