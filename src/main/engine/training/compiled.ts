import type { NetworkConfig } from '../../../shared/config.ts'
import { sizeOf, type Shape } from '../../../shared/shape.ts'
import type { EncoderPass, Latent, Model } from '../evaluate/model.ts'
import type { LayerPass } from '../network/jacobian.ts'
import type { WeightSpec } from '../network/layer.ts'
import { layersOfVariant, likelihoodOf } from '../variants/variant.ts'
import { outgoingNorms } from '../network/readers.ts'
import { type Layers, type Likelihood } from '../network/weights.ts'
import { Session, type Value } from '../trace/session.ts'
import type { Tensor2D } from '../trace/tensorflow.ts'
import { afterTraining } from './objective.ts'
import type { Optimizer } from './optimizers.ts'
import type { Variable } from './modelGraph.ts'
import type { ModelSpec } from './modelSpec.ts'
import { Program } from './program.ts'

/** Weights, optimizer slots (`optimizer/SLOT/WEIGHT`), a variant's state and running statistics (`state/NAME`), by name. */
export type State = Record<string, Float32Array>
export type Batch = Uint8Array | Float32Array

export interface StepOptions {
  withNorms?: boolean
  /** Of training so far, the fraction of this one included. */
  epoch?: number
  /** Classes of the images, for networks that classify. */
  labels?: Int32Array | null
  /** Updates since the optimizer's slots were 0, this one included; the step where that is not another number. */
  updates?: number
}

/**
 * A variant's training step, validation, encoder and autoencoder, each recorded once and compiled into one TensorFlow session that
 * owns the weights. A step is one native call.
 */
export class CompiledModel implements Model {
  readonly input: Shape
  readonly codeSize: number
  readonly gated: boolean
  readonly specs: readonly WeightSpec[]
  readonly layers: Layers
  readonly #network: NetworkConfig
  readonly #statistics: readonly Variable[]
  readonly #likelihood: Likelihood | null
  readonly #classifies: boolean
  readonly #takesClean: boolean
  /** Names of the values that `step` and `validate` return, in their order. */
  readonly terms: readonly string[]
  /** Names of what `validate` returns after the terms. */
  readonly watched: readonly string[]
  /** Names of the norms that `step` returns when asked, in their order. */
  readonly norms: readonly string[]
  readonly #variables: readonly Variable[]
  readonly #optimizer: Optimizer
  readonly #session: Session

  /** @param validationSizes batch sizes at which `validate` will be called; none: the model only encodes and reconstructs */
  constructor(spec: ModelSpec, validationSizes: readonly number[] = []) {
    const program = new Program(spec, validationSizes)
    this.input = spec.input
    this.gated = spec.variant.gate !== undefined
    this.specs = program.weights
    this.#network = spec.config.network
    this.#statistics = program.statistics
    this.#likelihood = likelihoodOf(spec.variant, spec.config)
    this.#classifies = program.classifies
    this.#takesClean = program.takesClean
    this.terms = program.terms
    this.watched = program.watched
    this.norms = program.norms
    this.layers = layersOfVariant(spec.variant, spec.config, spec.input)
    this.codeSize = sizeOf(this.layers.encoder.at(-1)!.map.out)
    this.#variables = program.variables
    this.#optimizer = program.optimizer
    this.#session = new Session(program.graph)
  }

  /** Sets weights, and slots and state as far as they are given; the others begin anew. */
  load(state: State): void {
    this.#assign(
      this.#variables.map(({ name, shape, initial }): [string, number[], Float32Array] => [
        name,
        shape,
        state[name]?.slice() ?? new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(initial),
      ]),
    )
  }

  /** Sets one of the variant's states. */
  setState(name: string, values: Float32Array): void {
    this.#assign([[`state/${name}`, this.shapes[`state/${name}`]!, values.slice()]])
  }

  /** Copies of all weights, slots and states. */
  state(): State {
    return this.#read(this.#variables.map(({ name }) => name))
  }

  /** Shapes of what `state` gives. */
  get shapes(): Record<string, number[]> {
    return Object.fromEntries(this.#variables.map(({ name, shape }) => [name, shape]))
  }

  /** Copies of what the network is made of alone: its weights and running statistics. */
  weights(): State {
    return this.#read([...this.specs, ...this.#statistics].map(({ name }) => name))
  }

  /**
   * One training step on a batch of exactly the configured size; the arrays must be fresh.
   * @param rows which images they are
   * @param step from 1; what is drawn depends on it
   * @returns the objective's terms before the update, as named by `terms`; with `withNorms` the `norms` too
   */
  step(
    batch: Batch,
    rows: Uint32Array,
    seed: number,
    step: number,
    learningRate: number,
    { withNorms = false, epoch = afterTraining, labels = null, updates = step }: StepOptions = {},
  ): { terms: Float32Array; norms: Float32Array | null } {
    const feeds = {
      ...this.#feeds(batch, rows, seed, step, epoch, labels),
      rate: { shape: [], dtype: 'float32', data: new Float32Array([this.#optimizer.rate(learningRate, updates)]) } satisfies Value,
    }
    const [terms, norms] = this.#session.run(feeds, withNorms ? ['step', 'norms'] : ['step'])
    return { terms: terms!.data as Float32Array, norms: (norms?.data ?? null) as Float32Array | null }
  }

  /**
   * The objective's terms on a batch of one of the declared sizes, nothing changed; after them what is watched.
   * @param clean the same images as they are judged, where the objective draws its inputs from them (binarised anew); the
   * batch's own where not given
   * @param moment how far the training is: what is drawn anew at every validation depends on it
   */
  validate(
    batch: Batch,
    rows: Uint32Array,
    seed: number,
    draw: number,
    labels: Int32Array | null = null,
    clean: Batch | null = null,
    moment = 0,
  ): Float32Array {
    const judged: Record<string, Value> = this.#takesClean ? { clean: this.#value(clean ?? batch.slice()) } : {}
    const [terms] = this.#session.run({ ...this.#feeds(batch, rows, seed, draw, afterTraining, labels, moment), ...judged }, [
      `validate${rows.length}`,
    ])
    return terms!.data as Float32Array
  }

  /** Sum over a batch, of any size, of its codes: [Z]. */
  codeSum(batch: Batch): Float32Array {
    return this.#session.run({ batch: this.#value(batch) }, ['codeSum'])[0]!.data as Float32Array
  }

  /** In how many images of a batch, of any size, each unit of the encoder is active, layer after layer. */
  activeSum(batch: Batch): Float32Array {
    return this.#session.run({ batch: this.#value(batch) }, ['activeSum'])[0]!.data as Float32Array
  }

  encode(inputs: Tensor2D): Tensor2D {
    return this.#session.map({ x: inputs }, ['code'])[0]!
  }

  reconstruct(inputs: Tensor2D): Tensor2D {
    return this.#session.map({ x: inputs }, ['reconstruction'])[0]!
  }

  /** Class probabilities [N, C] of a network that classifies; null for an autoencoder. */
  get classify(): ((inputs: Tensor2D) => Tensor2D) | null {
    return this.#classifies ? (inputs) => this.#session.map({ x: inputs }, ['probabilities'])[0]! : null
  }

  encodeLayers(inputs: Tensor2D): EncoderPass {
    const names = this.layers.encoder.flatMap((_, index) => ['kernel', 'pre', 'output'].map((name) => `layer${index}/${name}`))
    const [code, ...tensors] = this.#session.map({ x: inputs }, ['code', ...names]) as [Tensor2D, ...Tensor2D[]]
    const layers = this.layers.encoder.map(({ map, activation }, index): LayerPass => {
      const [kernel, pre, output] = tensors.slice(3 * index, 3 * index + 3) as [Tensor2D, Tensor2D, Tensor2D]
      return { map, kernel, activation, pre, output }
    })
    return { layers, code }
  }

  get latent(): Latent | null {
    const likelihood = this.#likelihood
    return (
      likelihood && {
        likelihood,
        posterior: (inputs) => {
          const [mean, logVariance] = this.#session.map({ x: inputs }, ['code', 'logVariance']) as [Tensor2D, Tensor2D]
          return { mean, logVariance }
        },
        logLikelihood: (inputs, codes) => this.#session.map({ x: inputs, z: codes }, ['logLikelihood'])[0]!,
        outgoing: () => outgoingNorms(this.#network, this.layers, this.weights()),
      }
    )
  }

  close(): void {
    this.#session.close()
  }

  #feeds(
    batch: Batch,
    rows: Uint32Array,
    seed: number,
    draw: number,
    epoch: number,
    labels: Int32Array | null,
    moment = 0,
  ): Record<string, Value> {
    return {
      ...(labels ? { labels: { shape: [labels.length], dtype: 'int32', data: labels } } : {}),
      batch: this.#value(batch),
      rows: { shape: [rows.length], dtype: 'int32', data: Int32Array.from(rows) },
      epoch: { shape: [], dtype: 'float32', data: new Float32Array([epoch]) },
      moment: { shape: [1], dtype: 'int32', data: new Int32Array([moment]) },
      seed: { shape: [2], dtype: 'int32', data: new Int32Array([seed, draw]) },
    }
  }

  #value(data: Batch): Value {
    const width = sizeOf(this.input)
    return { shape: [data.length / width, width], dtype: data instanceof Uint8Array ? 'uint8' : 'float32', data }
  }

  #assign(values: [name: string, shape: number[], data: Float32Array][]): void {
    this.#session.run(
      Object.fromEntries(values.map(([name, shape, data]) => [`assign/${name}`, { shape, dtype: 'float32', data }])),
      values.map(([name]) => `assigned/${name}`),
    )
  }

  #read(names: string[]): State {
    const values = this.#session.run(
      {},
      names.map((name) => `read/${name}`),
    )
    return Object.fromEntries(names.map((name, index) => [name, values[index]!.data as Float32Array]))
  }
}
