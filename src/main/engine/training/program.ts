import { readAugmentation } from '../../../shared/augmentation.ts'
import type { Config } from '../../../shared/config.ts'
import { sizeOf, type Shape } from '../../../shared/shape.ts'
import { augmented } from '../network/augment.ts'
import type { Network } from '../network/network.ts'
import { logLikelihoodOf } from '../network/probability.ts'
import type { WeightSpec } from '../network/layer.ts'
import { GraphBuilder } from '../trace/graph.ts'
import { bool, type } from '../trace/native.ts'
import type { Recording } from '../trace/record.ts'
import { trace, type Given } from '../trace/recorder.ts'
import type { Scalar, Tensor, Tensor1D, Tensor2D } from '../trace/tensorflow.ts'
import type { Randomness } from '../network/randomness.ts'
import { likelihoodOf, weightsOf, type Variant } from '../variants/variant.ts'
import { lossAndGradients } from './gradients.ts'
import { cleanError, cleanErrorName, networkOf, objectiveOf, stateSpecs, termNames, watchedNames } from './objective.ts'
import { clipInGraph, optimizerOf, type Optimizer } from './optimizers.ts'
import { randomness } from './randomness.ts'

export interface ModelSpec {
  variant: Variant
  config: Config
  input: Shape
  /** Images arrive as uint8 and are divided by 255 in the graph; vectors arrive as float32. */
  kind: 'image' | 'vector'
  /** Number of the dataset's classes; only networks that classify need it. */
  classes?: number
}

/** The images of a batch as a step of training sees them: changed where the config says so. @param x [B, D] */
export function trainedOn({ config, input }: ModelSpec, x: Tensor2D, random: Randomness): Tensor2D {
  const { augment } = config.data
  if (augment === 'none') return x
  const wanted = readAugmentation(augment)
  if (typeof wanted === 'string') throw new Error(`images cannot be changed by “${augment}”: ${wanted}`)
  return augmented(x, input, wanted, random)
}

export interface Variable {
  name: string
  shape: number[]
  initial: number
}

const float = { T: type('float32') }
const filled = (shape: number[]): Given['tensor'] => ({
  shape,
  dtype: 'float32',
  values: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5),
})

/**
 * The graph of one variant with one config: what a session needs to train, validate, encode and reconstruct. Fetches: `step`,
 * `norms`, `validateN`, `codeSum`, `code`, `reconstruction` or `probabilities`, `layerN/kernel`, `layerN/pre`, `layerN/output`,
 * `read/NAME`, `assigned/NAME`. Feeds: `batch`, `clean` (where inputs are drawn), `rows`, `labels`, `seed`, `rate`, `x`,
 * `assign/NAME`.
 */
export class Program {
  readonly graph = new GraphBuilder()
  readonly weights: readonly WeightSpec[]
  /** Weights, then optimizer slots as `optimizer/SLOT/WEIGHT`, then the variant's state as `state/NAME`. */
  readonly variables: readonly Variable[]
  readonly terms: readonly string[]
  /** What validation gives after the terms. */
  readonly watched: readonly string[]
  readonly optimizer: Optimizer
  /** Names of what `norms` gives: `gradient/LAYER`, `updateRatio/LAYER`. */
  readonly norms: readonly string[] = []
  readonly #spec: ModelSpec
  readonly #handles: Map<string, string>

  /** @param validationSizes batch sizes at which the objective is validated; none: the program does not train */
  constructor(spec: ModelSpec, validationSizes: readonly number[]) {
    this.#spec = spec
    const { variant, config, input } = spec
    const trains = variant.objective !== undefined && validationSizes.length > 0
    this.weights = weightsOf(variant, config, input, spec.classes)
    this.optimizer = optimizerOf(variant, config)
    this.terms = trains ? termNames(variant, config) : []
    this.watched = trains ? [...watchedNames(variant, config), ...(this.#classifies ? [] : [cleanErrorName])] : []
    const slots = trains ? this.optimizer.slots : []
    this.variables = [
      ...this.weights.map(({ name, shape }) => ({ name, shape, initial: 0 })),
      ...slots.flatMap((slot) => this.weights.map(({ name, shape }) => ({ name: `optimizer/${slot}/${name}`, shape, initial: 0 }))),
      ...(trains ? stateSpecs(variant, config, input).map(({ name, ...rest }) => ({ name: `state/${name}`, ...rest })) : []),
    ]
    this.#handles = new Map(this.variables.map(({ name, shape }) => [name, this.graph.variable(`variables/${name}`, shape)]))
    for (const { name, shape } of this.variables) {
      const value = this.graph.input(`assign/${name}`, 'float32', shape)
      // A fed tensor's memory is JavaScript's, which only the main thread may release: a variable must not keep it, but have its own.
      const own = this.graph.node(`own/${name}`, 'DeepCopy', [value], float)
      this.graph.node(
        `assigned/${name}`,
        'Identity',
        [value, `^${this.graph.assign(`write/${name}`, this.#handle(name), own)}`],
        float,
      )
      this.graph.read(`read/${name}`, this.#handle(name))
    }
    const forward = this.#recordForward()
    this.#addForward(forward)
    if (!trains) return
    this.#addInputs()
    this.norms = this.#addStep()
    for (const size of new Set(validationSizes)) this.#addValidation(size)
    this.#addCodeSum(forward)
  }

  /** Encoder and autoencoder on any number of rows. */
  #addForward(forward: Recording): void {
    const { graph } = this
    const x = graph.input('x', 'float32', [-1, sizeOf(this.#spec.input)])
    const results = graph.inline('forward', forward, { x, ...this.#reads('forward') })
    for (const [name, result] of Object.entries(results)) graph.node(name, 'Identity', [result], float)
    this.#addLikelihood(x)
  }

  /** log p(x|z) of given codes, for probabilistic variants. */
  #addLikelihood(x: string): void {
    const { variant, config, input } = this.#spec
    const likelihood = likelihoodOf(variant, config)
    if (!likelihood) return
    const size = config.network.layers.at(-1)!
    const recording = this.#recordAnyBatch(
      (batch) => [
        { name: 'x', tensor: filled([batch, sizeOf(input)]) },
        { name: 'z', tensor: filled([batch, size]) },
      ],
      (network, named) => ({ logLikelihood: logLikelihoodOf(likelihood, network, named('x') as Tensor2D, named('z') as Tensor2D) }),
    )
    const { logLikelihood } = this.graph.inline('likelihood', recording, {
      x,
      z: this.graph.input('z', 'float32', [-1, size]),
      ...this.#reads('likelihood'),
    })
    this.graph.node('logLikelihood', 'Identity', [logLikelihood!], float)
  }

  /** The forward pass, with what happens in each layer and what the heads beside the code give. */
  #recordForward(): Recording {
    return this.#recordAnyBatch(
      (batch) => [{ name: 'x', tensor: filled([batch, sizeOf(this.#spec.input)]) }],
      (network, named) => {
        const x = named('x') as Tensor2D
        const layers = network.encodeLayers(x)
        const code = network.codeOf(layers)
        const passes = layers.map(({ kernel, pre, output }, index) => prefixed(`layer${index}`, { kernel, pre, output }))
        const result: Record<string, Tensor> = this.#classifies
          ? { probabilities: network.classify(code) }
          : { reconstruction: network.output(network.decode(code)) }
        return { code, ...network.codeHeads(layers, x), ...result, ...(Object.assign({}, ...passes) as Record<string, Tensor>) }
      },
    )
  }

  /** Records something at two batch sizes: nothing in it may depend on the size. */
  #recordAnyBatch(
    inputs: (batch: number) => Given[],
    compute: (network: Network, named: (name: string) => Tensor) => Record<string, Tensor>,
  ): Recording {
    const { variant, config, input } = this.#spec
    const [recording, other] = [2, 3].map(
      (batch) =>
        trace(inputs(batch), this.#givenWeights(), (named) => compute(networkOf(variant, config, input, this.#named(named)), named))
          .recording,
    )
    const frozen = ({ constants, operations }: Recording) =>
      JSON.stringify([constants.map(({ data }) => [...data]), operations.map(({ op, attributes }) => [op, attributes])])
    if (frozen(recording!) !== frozen(other!))
      throw new Error(`the encoder of ${variant.id} computes something that depends on the batch size`)
    return recording!
  }

  /** The inputs of training and validation; images are scaled to [0, 1] here, as `scaled`. */
  #addInputs(): void {
    const { graph } = this
    graph.input('seed', 'int32', [2])
    graph.input('rows', 'int32', [-1])
    graph.input('epoch', 'float32', [])
    if (this.#classifies) graph.input('labels', 'int32', [-1])
    this.#addScaled('batch', 'scaled')
    if (this.#drawsInputs && !this.#classifies) this.#addScaled('clean', 'clean/scaled')
  }

  #addScaled(input: string, name: string): void {
    const { graph } = this
    const shape = [-1, sizeOf(this.#spec.input)]
    if (this.#spec.kind === 'vector') {
      graph.node(name, 'Identity', [graph.input(input, 'float32', shape)], float)
    } else {
      const real = graph.node(`${input}/float`, 'Cast', [graph.input(input, 'uint8', shape)], {
        SrcT: type('uint8'),
        DstT: type('float32'),
      })
      graph.node(name, 'RealDiv', [real, graph.scalar(`${input}/255`, 255)], float)
    }
  }

  #addStep(): string[] {
    const { graph } = this
    const { variant, config } = this.#spec
    const { recording } = trace(this.#givenBatch(config.training.batchSize), this.#givenWeights(), (named) => {
      const given = this.#given(named)
      const x = trainedOn(this.#spec, given.x, given.random)
      const { terms, gradients, observed } = lossAndGradients(variant, config, { ...given, x })
      return { ...terms, ...prefixed('gradient', gradients), ...prefixed('observed', observed) }
    })
    const reads = { ...this.#reads('training'), ...this.#stateReads('training') }
    const results = graph.inline('training', recording, {
      x: 'scaled',
      seed: 'seed',
      rows: 'rows',
      epoch: 'epoch',
      ...this.#labels,
      ...reads,
    })
    const rate = graph.input('rate', 'float32', [])
    const raw = this.weights.map(({ name }) => results[`gradient/${name}`]!)
    const gradients = config.training.clipNorm > 0 ? clipInGraph(graph, raw, config.training.clipNorm) : raw
    const { optimizer } = this
    const updates = this.weights.map(({ name }, index) => {
      const own = [name, ...optimizer.slots.map((slot) => `optimizer/${slot}/${name}`)].map((variable) => this.#handle(variable))
      return `^${optimizer.apply(graph, `update/${name}`, own, rate, gradients[index]!)}`
    })
    const after = this.#addAfterStep(updates, reads, recording, results)
    graph.node(
      'step',
      'Identity',
      [
        this.#packed(
          'training/terms',
          this.terms.map((term) => results[term]!),
        ),
        ...updates,
        ...after,
      ],
      float,
    )

    const norms = layersOf(this.weights).flatMap(({ layer, members }): [string, string][] => {
      const kernel = members.find(({ role }) => role === 'kernel')
      const gradient: [string, string] = [
        `gradient/${layer}`,
        this.#norm(
          `norms/gradient/${layer}`,
          members.map(({ name }) => results[`gradient/${name}`]!),
        ),
      ]
      if (!kernel) return [gradient]
      const slots = optimizer.slots.map((slot) =>
        graph.read(`norms/read/${slot}/${kernel.name}`, this.#handle(`optimizer/${slot}/${kernel.name}`), updates),
      )
      const change = optimizer.change(graph, `norms/change/${kernel.name}`, slots, rate, gradients[this.weights.indexOf(kernel)]!)
      const ratio = graph.node(
        `norms/ratio/${layer}`,
        'DivNoNan',
        [this.#norm(`norms/update/${layer}`, [change]), this.#norm(`norms/weight/${layer}`, [reads[kernel.name]!])],
        float,
      )
      return [gradient, [`updateRatio/${layer}`, ratio]]
    })
    graph.node(
      'norms',
      'Identity',
      [
        this.#packed(
          'norms/packed',
          norms.map(([, node]) => node),
        ),
      ],
      float,
    )
    return norms.map(([name]) => name)
  }

  /** What the variant changes once the optimizer is done; returns control inputs for the end of the step. */
  #addAfterStep(updates: string[], reads: Record<string, string>, step: Recording, results: Record<string, string>): string[] {
    const { graph } = this
    const { variant, config } = this.#spec
    if (!variant.afterStep) return []
    const shapes = new Map(step.operations.flatMap(({ outputs }) => outputs.map((output) => [output.name, output.shape])))
    const observed = Object.entries(step.outputs).filter(([name]) => name.startsWith('observed/'))
    const inputs: Given[] = [
      ...observed.map(([name, tensor]) => ({ name, tensor: filled(shapes.get(tensor)!) })),
      ...this.#stateVariables().map(({ name, shape }) => ({ name, tensor: filled(shape) })),
    ]
    const { recording } = trace(inputs, this.#givenWeights(), (named) => {
      const { weights = {}, state = {} } = variant.afterStep!({
        weights: this.#named(named),
        state: this.#namedState(named),
        config,
        settings: config.regularizer as never,
        observed: Object.fromEntries(observed.map(([name]) => [name.slice('observed/'.length), named(name)])),
      })
      return { ...weights, ...prefixed('state', state) }
    })
    const current = Object.fromEntries(
      this.weights.map(({ name }) => [name, graph.read(`after/read/${name}`, this.#handle(name), updates)]),
    )
    const bound = Object.fromEntries([
      ...observed.map(([name]) => [name, results[name]!]),
      ...this.#stateVariables().map(({ name }) => [name, reads[name]!]),
    ])
    const changed = graph.inline('after', recording, { ...current, ...bound })
    return Object.entries(changed).map(([name, value]) => `^${graph.assign(`after/write/${name}`, this.#handle(name), value)}`)
  }

  #addValidation(size: number): void {
    const { variant, config } = this.#spec
    const { recording } = trace([...this.#givenBatch(size), ...this.#givenClean(size)], this.#givenWeights(), (named) => {
      const given = this.#given(named)
      const { terms, watched } = objectiveOf(variant, config, given)
      // Where the objective has just rebuilt these inputs as they are, TensorFlow finds the same operations and makes them once.
      const measured: Record<string, Tensor> = this.#classifies
        ? {}
        : {
            [cleanErrorName]: cleanError(
              variant,
              config,
              given.input,
              given.weights,
              this.#drawsInputs ? (named('clean') as Tensor2D) : given.x,
            ),
          }
      return { ...terms, ...(watched ? { watched } : {}), ...measured }
    })
    const prefix = `validation${size}`
    const clean: Record<string, string> = this.#drawsInputs ? { clean: 'clean/scaled' } : {}
    const results = this.graph.inline(prefix, recording, {
      x: 'scaled',
      seed: 'seed',
      rows: 'rows',
      epoch: 'epoch',
      ...this.#labels,
      ...clean,
      ...this.#reads(prefix),
      ...this.#stateReads(prefix),
    })
    const { graph } = this
    const parts = [
      this.#packed(
        `${prefix}/terms`,
        this.terms.map((term) => results[term]!),
      ),
      ...(results['watched'] ? [results['watched']] : []),
      ...(results[cleanErrorName] ? [this.#packed(`${prefix}/measured`, [results[cleanErrorName]])] : []),
    ]
    const axis = () => graph.constant(`${prefix}/axis`, 'int32', [], new Uint8Array(new Int32Array([0]).buffer))
    const all =
      parts.length === 1
        ? parts[0]!
        : graph.node(`${prefix}/all`, 'ConcatV2', [...parts, axis()], {
            ...float,
            Tidx: type('int32'),
            N: { kind: 'int', value: parts.length },
          })
    graph.node(`validate${size}`, 'Identity', [all], float)
  }

  /** The sum of the codes of a batch of any size, for means over the training split. */
  #addCodeSum(forward: Recording): void {
    const { code } = this.graph.inline('codes', forward, { x: 'scaled', ...this.#reads('codes') })
    const axis = this.graph.constant('codes/axis', 'int32', [1], new Uint8Array(new Int32Array([0]).buffer))
    this.graph.node('codeSum', 'Sum', [code!, axis], { ...float, Tidx: type('int32'), keep_dims: bool(false) })
  }

  #given(named: (name: string) => Tensor) {
    return {
      weights: this.#named(named),
      state: this.#namedState(named),
      x: named('x') as Tensor2D,
      input: this.#spec.input,
      labels: this.#classifies ? (named('labels') as Tensor1D) : null,
      epoch: named('epoch') as Scalar,
      random: randomness(named('seed') as Tensor1D, named('rows') as Tensor1D),
    }
  }

  #givenBatch(size: number): Given[] {
    return [
      { name: 'x', tensor: filled([size, sizeOf(this.#spec.input)]) },
      { name: 'seed', tensor: { shape: [2], dtype: 'int32', values: new Int32Array([1, 1]) } },
      { name: 'epoch', tensor: { shape: [], dtype: 'float32', values: new Float32Array([1]) } },
      ...(this.#classifies
        ? [{ name: 'labels', tensor: { shape: [size], dtype: 'int32' as const, values: new Int32Array(size) } }]
        : []),
      { name: 'rows', tensor: { shape: [size], dtype: 'int32', values: Int32Array.from({ length: size }, (_, index) => index) } },
      ...this.#stateVariables().map(({ name, shape }) => ({ name, tensor: filled(shape) })),
    ]
  }

  /** What an autoencoder is judged on, where the objective draws its inputs anew from those that it is given. */
  #givenClean(size: number): Given[] {
    return this.#drawsInputs && !this.#classifies ? [{ name: 'clean', tensor: filled([size, sizeOf(this.#spec.input)]) }] : []
  }

  get #drawsInputs(): boolean {
    return this.#spec.config.data.binarise === 'dynamic'
  }

  get #classifies(): boolean {
    return this.#spec.config.fineTuning.kind === 'classification'
  }

  get #labels(): Record<string, string> {
    return this.#classifies ? { labels: 'labels' } : {}
  }

  #givenWeights(): Given[] {
    return this.weights.map(({ name, shape }) => ({ name, tensor: filled(shape) }))
  }

  #stateVariables(): Variable[] {
    return this.variables.filter(({ name }) => name.startsWith('state/'))
  }

  #named(named: (name: string) => Tensor): Record<string, Tensor> {
    return Object.fromEntries(this.weights.map(({ name }) => [name, named(name)]))
  }

  #namedState(named: (name: string) => Tensor): Record<string, Tensor> {
    return Object.fromEntries(this.#stateVariables().map(({ name }) => [name.slice('state/'.length), named(name)]))
  }

  #reads(prefix: string): Record<string, string> {
    return Object.fromEntries(this.weights.map(({ name }) => [name, this.graph.read(`${prefix}/read/${name}`, this.#handle(name))]))
  }

  #stateReads(prefix: string): Record<string, string> {
    return Object.fromEntries(
      this.#stateVariables().map(({ name }) => [name, this.graph.read(`${prefix}/read/${name}`, this.#handle(name))]),
    )
  }

  #handle(name: string): string {
    return this.#handles.get(name)!
  }

  /** L2 norm of several tensors together. */
  #norm(name: string, tensors: string[]): string {
    const { graph } = this
    const halves = tensors.map((tensor, index) => graph.node(`${name}/half${index}`, 'L2Loss', [tensor], float))
    const sum = graph.node(`${name}/sum`, 'AddN', halves, { ...float, N: { kind: 'int', value: halves.length } })
    return graph.node(name, 'Sqrt', [graph.node(`${name}/squared`, 'Mul', [sum, graph.scalar(`${name}/two`, 2)], float)], float)
  }

  #packed(name: string, scalars: string[]): string {
    return this.graph.node(name, 'Pack', scalars, {
      ...float,
      N: { kind: 'int', value: scalars.length },
      axis: { kind: 'int', value: 0 },
    })
  }
}

const prefixed = <T>(prefix: string, values: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]))

/** Weights by their layer, e.g. `encoder/0`: kernel and bias. */
const layersOf = (weights: readonly WeightSpec[]): { layer: string; members: WeightSpec[] }[] => {
  const layers = [...new Set(weights.map(({ name }) => name.slice(0, name.lastIndexOf('/'))))]
  return layers.map((layer) => ({ layer, members: weights.filter(({ name }) => name.startsWith(`${layer}/`)) }))
}
