import type { Config } from '../../../shared/config.ts'
import type { Model } from '../evaluate/model.ts'
import { Network } from '../network/network.ts'
import { weightSpecs, type WeightSpec } from '../network/weights.ts'
import { GraphBuilder } from '../trace/graph.ts'
import { type } from '../trace/native.ts'
import { trace, type Given } from '../trace/recorder.ts'
import { Session } from '../trace/session.ts'
import type { Tensor, Tensor1D, Tensor2D } from '../trace/tensorflow.ts'
import type { Variant } from '../variants/variant.ts'
import { lossAndGradients } from './gradients.ts'
import { objectiveTerms, termNames } from './objective.ts'
import { clipInGraph, optimizers, type Optimizer } from './optimizers.ts'
import { randomness } from './randomness.ts'

export interface ModelSpec {
  variant: Variant
  config: Config
  /** Values of one row. */
  inputSize: number
  /** Images arrive as uint8 and are divided by 255 in the graph; vectors arrive as float32. */
  kind: 'image' | 'vector'
}

/** Weights and optimizer slots by name; a slot's name is `optimizer/SLOT/WEIGHT`. */
export type State = Record<string, Float32Array>
export type Batch = Uint8Array | Float32Array

/**
 * A variant's training step, validation, encoder and autoencoder, each recorded once and compiled into one TensorFlow session that
 * owns the weights. A step is one native call.
 */
export class CompiledModel implements Model {
  readonly inputSize: number
  readonly codeSize: number
  readonly specs: readonly WeightSpec[]
  /** Names of the values that `step` and `validate` return, in their order. */
  readonly terms: readonly string[]
  readonly #spec: ModelSpec
  readonly #optimizer: Optimizer
  readonly #session: Session
  /** Every variable with its shape, weights first. */
  readonly #variables: { name: string; shape: number[] }[]

  /** @param validationSizes batch sizes at which `validate` will be called; none: the model only encodes and reconstructs */
  constructor(spec: ModelSpec, validationSizes: readonly number[] = []) {
    this.#spec = spec
    const { variant, config, inputSize } = spec
    this.inputSize = inputSize
    this.codeSize = config.network.layers.at(-1)!
    this.specs = weightSpecs(config.network, inputSize)
    this.#optimizer = optimizers[config.training.optimizer]
    const trains = variant.objective !== undefined && validationSizes.length > 0
    this.terms = trains ? termNames(variant, config) : []
    const slots = trains ? this.#optimizer.slots : []
    this.#variables = [
      ...this.specs.map(({ name, shape }) => ({ name, shape })),
      ...slots.flatMap((slot) => this.specs.map(({ name, shape }) => ({ name: `optimizer/${slot}/${name}`, shape }))),
    ]

    const graph = new GraphBuilder()
    const handles = new Map(this.#variables.map(({ name, shape }) => [name, graph.variable(`variables/${name}`, shape)]))
    for (const { name, shape } of this.#variables) {
      const value = graph.input(`assign/${name}`, 'float32', shape)
      graph.node(`assigned/${name}`, 'Identity', [value, `^${graph.assign(`write/${name}`, handles.get(name)!, value)}`], { T: type('float32') })
      graph.read(`read/${name}`, handles.get(name)!)
    }
    this.#addForward(graph, handles)
    if (trains) {
      this.#addStep(graph, handles)
      for (const size of new Set(validationSizes)) this.#addValidation(graph, handles, size)
    }
    this.#session = new Session(graph)
  }

  /** Sets weights, and slots as far as they are given; the other slots become 0. */
  load(state: State): void {
    const feeds = Object.fromEntries(this.#variables.map(({ name, shape }) => {
      const data = state[name]?.slice() ?? new Float32Array(shape.reduce((product, size) => product * size, 1))
      return [`assign/${name}`, { shape, dtype: 'float32' as const, data }]
    }))
    this.#session.run(feeds, this.#variables.map(({ name }) => `assigned/${name}`))
  }

  /** Copies of all weights and slots. */
  state(): State {
    const values = this.#session.run({}, this.#variables.map(({ name }) => `read/${name}`))
    return Object.fromEntries(this.#variables.map(({ name }, index) => [name, values[index]!.data as Float32Array]))
  }

  /** Copies of the weights alone. */
  weights(): State {
    const values = this.#session.run({}, this.specs.map(({ name }) => `read/${name}`))
    return Object.fromEntries(this.specs.map(({ name }, index) => [name, values[index]!.data as Float32Array]))
  }

  /**
   * One training step on a batch of exactly the configured size; the arrays must be fresh.
   * @param step from 1
   * @returns the objective's terms before the update, as named by `terms`
   */
  step(batch: Batch, seed: number, step: number, learningRate: number): Float32Array {
    const [terms] = this.#session.run({
      batch: this.#batch(batch),
      seed: { shape: [2], dtype: 'int32', data: new Int32Array([seed, step]) },
      rate: { shape: [], dtype: 'float32', data: new Float32Array([this.#optimizer.rate(learningRate, step)]) },
    }, ['step'])
    return terms!.data as Float32Array
  }

  /** The objective's terms on a batch of one of the declared sizes, nothing changed. */
  validate(batch: Batch, seed: number, draw: number): Float32Array {
    const size = batch.length / this.inputSize
    const [terms] = this.#session.run({
      batch: this.#batch(batch),
      seed: { shape: [2], dtype: 'int32', data: new Int32Array([seed, draw]) },
    }, [`validate${size}`])
    return terms!.data as Float32Array
  }

  encode(inputs: Tensor2D): Tensor2D {
    return this.#session.map('x', inputs, 'code')
  }

  reconstruct(inputs: Tensor2D): Tensor2D {
    return this.#session.map('x', inputs, 'reconstruction')
  }

  close(): void {
    this.#session.close()
  }

  #batch(data: Batch) {
    return { shape: [data.length / this.inputSize, this.inputSize], dtype: data instanceof Uint8Array ? 'uint8' as const : 'float32' as const, data }
  }

  #example(shape: number[]): Given['tensor'] {
    return { shape, dtype: 'float32', values: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5) }
  }

  #givenWeights(): Given[] {
    return this.specs.map(({ name, shape }) => ({ name, tensor: this.#example(shape) }))
  }

  /** Encoder and autoencoder on any number of rows: nothing in a dense network depends on it. */
  #addForward(graph: GraphBuilder, handles: Map<string, string>): void {
    const { config } = this.#spec
    const { recording } = trace([{ name: 'x', tensor: this.#example([2, this.inputSize]) }], this.#givenWeights(), (named) => {
      const network = new Network(config.network, config.reconstruction, this.#named(named))
      const code = network.encode(named('x') as Tensor2D)
      return { code, reconstruction: network.output(network.decode(code)) }
    })
    const x = graph.input('x', 'float32', [-1, this.inputSize])
    const { code, reconstruction } = graph.inline('forward', recording, { x, ...this.#reads(graph, 'forward', handles) })
    graph.node('code', 'Identity', [code!], { T: type('float32') })
    graph.node('reconstruction', 'Identity', [reconstruction!], { T: type('float32') })
  }

  #addStep(graph: GraphBuilder, handles: Map<string, string>): void {
    const { variant, config } = this.#spec
    const { recording } = trace(this.#givenBatch(config.training.batchSize), this.#givenWeights(), (named) => {
      const { terms, gradients } = lossAndGradients(variant, config, this.#named(named), named('x') as Tensor2D, randomness(named('seed') as Tensor1D))
      return { ...terms, ...Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [`gradient/${name}`, gradient])) }
    })
    const results = graph.inline('training', recording, { x: this.#addInputs(graph), seed: 'seed', ...this.#reads(graph, 'training', handles) })
    const rate = graph.input('rate', 'float32', [])
    const raw = this.specs.map(({ name }) => results[`gradient/${name}`]!)
    const gradients = config.training.clipNorm > 0 ? clipInGraph(graph, raw, config.training.clipNorm) : raw
    const updates = this.specs.map(({ name }, index) => {
      const own = [name, ...this.#optimizer.slots.map((slot) => `optimizer/${slot}/${name}`)].map((variable) => handles.get(variable)!)
      return `^${this.#optimizer.apply(graph, `update/${name}`, own, rate, gradients[index]!)}`
    })
    graph.node('step', 'Identity', [this.#packed(graph, 'training/terms', results), ...updates], { T: type('float32') })
  }

  #addValidation(graph: GraphBuilder, handles: Map<string, string>, size: number): void {
    const { variant, config } = this.#spec
    const { recording } = trace(this.#givenBatch(size), this.#givenWeights(), (named) =>
      objectiveTerms(variant, config, this.#named(named), named('x') as Tensor2D, randomness(named('seed') as Tensor1D)))
    const prefix = `validation${size}`
    const results = graph.inline(prefix, recording, { x: 'scaled', seed: 'seed', ...this.#reads(graph, prefix, handles) })
    graph.node(`validate${size}`, 'Identity', [this.#packed(graph, `${prefix}/terms`, results)], { T: type('float32') })
  }

  #givenBatch(size: number): Given[] {
    return [{ name: 'x', tensor: this.#example([size, this.inputSize]) }, { name: 'seed', tensor: { shape: [2], dtype: 'int32', values: new Int32Array([1, 1]) } }]
  }

  /** The inputs of training and validation; images are scaled to [0, 1] here. Returns the name of the scaled batch. */
  #addInputs(graph: GraphBuilder): string {
    graph.input('seed', 'int32', [2])
    if (this.#spec.kind === 'vector') return graph.node('scaled', 'Identity', [graph.input('batch', 'float32', [-1, this.inputSize])], { T: type('float32') })
    const real = graph.node('batch/float', 'Cast', [graph.input('batch', 'uint8', [-1, this.inputSize])], { SrcT: type('uint8'), DstT: type('float32') })
    return graph.node('scaled', 'RealDiv', [real, graph.scalar('batch/255', 255)], { T: type('float32') })
  }

  #reads(graph: GraphBuilder, prefix: string, handles: Map<string, string>): Record<string, string> {
    return Object.fromEntries(this.specs.map(({ name }) => [name, graph.read(`${prefix}/read/${name}`, handles.get(name)!)]))
  }

  #packed(graph: GraphBuilder, name: string, results: Record<string, string>): string {
    return graph.node(name, 'Pack', this.terms.map((term) => results[term]!), { T: type('float32'), N: { kind: 'int', value: this.terms.length }, axis: { kind: 'int', value: 0 } })
  }

  #named(named: (name: string) => Tensor): Record<string, Tensor> {
    return Object.fromEntries(this.specs.map(({ name }) => [name, named(name)]))
  }
}
