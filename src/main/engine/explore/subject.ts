import { existsSync } from 'node:fs'
import { WorkbenchError } from '../../../shared/errors.ts'
import { shapeOf } from '../../../shared/shape.ts'
import { readCheckpoint, readResult } from '../checkpoint/checkpoint.ts'
import { takesShape, trainAgain } from '../checkpoint/inputShape.ts'
import type { PackedDataset } from '../data/packed.ts'
import { validationSplit } from '../data/split.ts'
import { inputTensor } from '../network/inputs.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { openTrainingData } from '../training/data.ts'
import { variantOf } from '../variants/index.ts'
import { Blocks } from './blocks.ts'
import type { DataPool, ExploredData } from './data.ts'
import type { Target } from '../checkpoint/target.ts'
import { ExploredNetwork } from './network.ts'
import type { Drawing } from './pictures.ts'

/** Codes are kept up to this size. */
const keptBytes = 256 * 2 ** 20

/** Where a subject gets its dataset from, when a question needs it. */
export interface Source {
  open(): ExploredData
  close(): void
}

/** What questions are asked about: a trained network, what it was trained on, and what earlier questions found out about both. */
export class Subject {
  readonly network: ExploredNetwork
  readonly seed: number
  readonly target: Pick<Target, 'dataset' | 'collapsed' | 'runName'>
  readonly #source: Source
  #data: ExploredData | null = null
  #codes: Blocks | null = null
  readonly #found = new Map<string, unknown>()

  constructor(network: ExploredNetwork, seed: number, target: Pick<Target, 'dataset' | 'collapsed' | 'runName'>, source: Source) {
    this.network = network
    this.seed = seed
    this.target = target
    this.#source = source
  }

  /** @throws WorkbenchError CHECKPOINT_MISSING, CHECKPOINT_DAMAGED, RUN_MISMATCH */
  static load(target: Target, pool: DataPool): Subject {
    const { variant, config, seed, inputShape, classes, state } =
      target.checkpoint === 'result' ? readResult(target.runFolder) : readCheckpoint(target.runFolder, target.checkpoint)
    if (!takesShape(config.network, inputShape, target.dataset)) throw trainAgain(config.network, inputShape, target.dataset)
    const { folder } = target.dataset
    const key = `${folder}${config.data.binarise === 'none' ? '' : ' binarised'}`
    return new Subject(
      new ExploredNetwork(variantOf(variant), config, shapeOf(target.dataset), classes.length, state),
      seed,
      target,
      {
        open: () => pool.take(key, () => openTrainingData(folder, config).seen),
        close: () => pool.giveBack(key),
      },
    )
  }

  /** @throws WorkbenchError DATASET_UNKNOWN where its files are gone, FILE_DAMAGED */
  get #shared(): ExploredData {
    if (this.#data) return this.#data
    const { folder, name } = this.target.dataset
    if (!existsSync(folder)) {
      throw new WorkbenchError(
        'DATASET_UNKNOWN',
        `The images of the dataset “${name}” are gone, and this needs them; import them again ` +
          'as a dataset and train a run on it. What a code alone is asked for still works.',
        { field: 'run' },
      )
    }
    return (this.#data = this.#source.open())
  }

  /** The dataset as the run saw it; errors as above. */
  get dataset(): PackedDataset {
    return this.#shared.dataset
  }

  /** Rows of the training split that the run was trained with. */
  get trainRows(): Uint32Array {
    return this.remember('train', () => validationSplit(this.dataset, this.seed).train)
  }

  /** Values of a pixel; 1 of vectors, which have none. */
  get channels(): number {
    const { kind, channels } = this.target.dataset
    return kind === 'image' ? channels : 1
  }

  labelOf(row: number | null): number {
    return row === null ? -1 : (this.dataset.labels?.[row] ?? -1)
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
    const { dataset, pixels } = this.#shared,
      { network } = this
    const encode = (start: number, count: number) =>
      tf.tidy(() => network.encode(this.inputs(Uint32Array.from({ length: count }, (_, i) => start + i))))
    this.#codes ??= new Blocks(dataset.count, network.codeSize, encode, {
      keptBytes,
      blockValues: Math.max(2 ** 20, (8 * 2 ** 20) / Math.max(1, dataset.rowSize / network.codeSize)),
    })
    return { codes: this.#codes, pixels }
  }

  /** How pictures of this run's data are drawn. Vectors: standardised ones are, where there are none to look at. */
  drawing(side: number | undefined): Drawing {
    const { dataset } = this.target
    return {
      shape: dataset,
      side,
      range: dataset.kind === 'image' ? [0, 1] : existsSync(dataset.folder) ? this.#shared.range : [-3, 3],
    }
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

  /** Bytes of codes that are kept to answer faster. */
  get bytes(): number {
    return this.#codes?.bytes ?? 0
  }

  /** Gives back their memory; they can be made again. */
  forget(): void {
    this.#codes?.dispose()
  }

  close(): void {
    this.forget()
    this.network.close()
    if (this.#data) this.#source.close()
    this.#data = null
  }
}
