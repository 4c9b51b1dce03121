import { sizeOf } from '../../../shared/shape.ts'
import type { WeightSpec } from '../network/layer.ts'
import { GraphBuilder } from '../trace/graph.ts'
import { type } from '../trace/native.ts'
import type { Given } from '../trace/recorder.ts'
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '../trace/tensorflow.ts'
import { statisticsOf, weightsOf } from '../variants/variant.ts'
import type { ModelSpec } from './modelSpec.ts'
import { cleanErrorName, termNames, watchedNames } from './objective.ts'
import { optimizerOf, type Optimizer } from './optimizers.ts'
import { randomness } from './randomness.ts'

export interface Variable {
  name: string
  shape: number[]
  initial: number
}

export const float = { T: type('float32') }
export const filled = (shape: number[]): Given['tensor'] => ({
  shape,
  dtype: 'float32',
  values: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5),
})
export const prefixed = <T>(prefix: string, values: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]))

/**
 * The graph of a network under construction: its variables, how they are read and assigned, and what is given to what is
 * recorded of it.
 */
export class ModelGraph {
  readonly graph = new GraphBuilder()
  readonly spec: ModelSpec
  readonly weights: readonly WeightSpec[]
  /** What the network is normalised by, besides: also where it is not trained. */
  readonly statistics: readonly Variable[]
  /** Weights, then optimizer slots as `optimizer/SLOT/WEIGHT`, then the variant's state and the statistics as `state/NAME`. */
  readonly variables: readonly Variable[]
  readonly terms: readonly string[]
  /** What validation gives after the terms. */
  readonly watched: readonly string[]
  readonly optimizer: Optimizer
  readonly trains: boolean
  readonly #handles: Map<string, string>

  /** @param trains whether it will be trained, and not only used */
  constructor(spec: ModelSpec, trains: boolean) {
    const { variant, config, input } = spec
    this.spec = spec
    this.trains = trains && variant.objective !== undefined
    this.weights = weightsOf(variant, config, input, spec.classes)
    this.statistics = statisticsOf(variant, config, input, spec.classes)
    this.optimizer = optimizerOf(variant, config)
    this.terms = this.trains ? termNames(variant, config) : []
    this.watched = this.trains ? [...watchedNames(variant, config), ...(this.classifies ? [] : [cleanErrorName])] : []
    const slots = this.trains ? this.optimizer.slots : []
    this.variables = [
      ...this.weights.map(({ name, shape }) => ({ name, shape, initial: 0 })),
      ...slots.flatMap((slot) => this.weights.map(({ name, shape }) => ({ name: `optimizer/${slot}/${name}`, shape, initial: 0 }))),
      ...(this.trains
        ? (variant.state?.(config, input) ?? []).map(({ name, ...rest }) => ({ name: `state/${name}`, ...rest }))
        : []),
      ...this.statistics,
    ]
    this.#handles = new Map(this.variables.map(({ name, shape }) => [name, this.graph.variable(`variables/${name}`, shape)]))
    this.#addAssignments()
  }

  #addAssignments(): void {
    const { graph } = this
    for (const { name, shape } of this.variables) {
      const value = graph.input(`assign/${name}`, 'float32', shape)
      // A fed tensor's memory is JavaScript's, which only the main thread may release: a variable must not keep it, but have its own.
      const copy = graph.node(`own/${name}`, 'DeepCopy', [value], float)
      const written = graph.assign(`write/${name}`, this.handle(name), copy)
      graph.node(`assigned/${name}`, 'Identity', [value, `^${written}`], float)
      graph.read(`read/${name}`, this.handle(name))
    }
  }

  /** Values of one row. */
  get rowSize(): number {
    return sizeOf(this.spec.input)
  }

  get classifies(): boolean {
    return this.spec.config.fineTuning.kind === 'classification'
  }

  /** Whether `clean` is given as well: what an autoencoder is judged on whose objective draws its inputs anew from the batch. */
  get takesClean(): boolean {
    return this.spec.config.data.binarise === 'dynamic' && !this.classifies
  }

  handle(name: string): string {
    return this.#handles.get(name)!
  }

  get stateVariables(): Variable[] {
    return this.variables.filter(({ name }) => name.startsWith('state/'))
  }

  /** Reads of the weights, under their names. */
  reads(prefix: string): Record<string, string> {
    return Object.fromEntries(this.weights.map(({ name }) => [name, this.graph.read(`${prefix}/read/${name}`, this.handle(name))]))
  }

  /** Reads of weights and statistics: of all that the network is made of. */
  networkReads(prefix: string): Record<string, string> {
    const statistics = this.statistics.map(({ name }) => [name, this.graph.read(`${prefix}/read/${name}`, this.handle(name))])
    return { ...this.reads(prefix), ...(Object.fromEntries(statistics) as Record<string, string>) }
  }

  stateReads(prefix: string): Record<string, string> {
    return Object.fromEntries(
      this.stateVariables.map(({ name }) => [name, this.graph.read(`${prefix}/read/${name}`, this.handle(name))]),
    )
  }

  /** What a step and a validation read of their inputs. */
  get fed(): Record<string, string> {
    return {
      x: 'scaled',
      seed: 'seed',
      rows: 'rows',
      epoch: 'epoch',
      ...(this.classifies ? { labels: 'labels' } : {}),
    }
  }

  givenWeights(): Given[] {
    return this.weights.map(({ name, shape }) => ({ name, tensor: filled(shape) }))
  }

  /** The network by itself: its weights and statistics. */
  givenNetwork(): Given[] {
    return [...this.weights, ...this.statistics].map(({ name, shape }) => ({ name, tensor: filled(shape) }))
  }

  givenState(): Given[] {
    return this.stateVariables.map(({ name, shape }) => ({ name, tensor: filled(shape) }))
  }

  /** A batch of so many images, with all that an objective is given. */
  givenBatch(size: number): Given[] {
    return [
      { name: 'x', tensor: filled([size, this.rowSize]) },
      { name: 'seed', tensor: { shape: [2], dtype: 'int32', values: new Int32Array([1, 1]) } },
      { name: 'epoch', tensor: { shape: [], dtype: 'float32', values: new Float32Array([1]) } },
      ...(this.classifies
        ? [{ name: 'labels', tensor: { shape: [size], dtype: 'int32' as const, values: new Int32Array(size) } }]
        : []),
      { name: 'rows', tensor: { shape: [size], dtype: 'int32', values: Int32Array.from({ length: size }, (_, index) => index) } },
      ...this.givenState(),
    ]
  }

  /** What is given, as an objective takes it. @param moment for what is drawn anew at every validation */
  given(named: (name: string) => Tensor, moment: Tensor1D | null = null) {
    return {
      weights: this.namedWeights(named),
      state: this.namedState(named),
      x: named('x') as Tensor2D,
      input: this.spec.input,
      labels: this.classifies ? (named('labels') as Tensor1D) : null,
      epoch: named('epoch') as Scalar,
      random: randomness(named('seed') as Tensor1D, named('rows') as Tensor1D, moment),
    }
  }

  namedWeights(named: (name: string) => Tensor): Record<string, Tensor> {
    return Object.fromEntries(this.weights.map(({ name }) => [name, named(name)]))
  }

  namedNetwork(named: (name: string) => Tensor): Record<string, Tensor> {
    return Object.fromEntries([...this.weights, ...this.statistics].map(({ name }) => [name, named(name)]))
  }

  namedState(named: (name: string) => Tensor): Record<string, Tensor> {
    return Object.fromEntries(this.stateVariables.map(({ name }) => [name.slice('state/'.length), named(name)]))
  }

  /** Scalars as one vector. */
  packed(name: string, scalars: string[]): string {
    return this.graph.node(name, 'Pack', scalars, {
      ...float,
      N: { kind: 'int', value: scalars.length },
      axis: { kind: 'int', value: 0 },
    })
  }
}
