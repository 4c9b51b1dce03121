import type { WeightSpec } from '../network/layer.ts'
import { type } from '../trace/native.ts'
import type { Recording } from '../trace/record.ts'
import { trace, type Given } from '../trace/recorder.ts'
import { lossAndGradients } from './gradients.ts'
import { filled, float, prefixed, type ModelGraph } from './modelGraph.ts'
import { trainedOn } from './modelSpec.ts'
import { clipInGraph } from './optimizers.ts'

/** The inputs of training and validation; images are scaled to [0, 1] here, as `scaled`. */
export function addInputs(model: ModelGraph): void {
  const { graph } = model
  graph.input('seed', 'int32', [2])
  graph.input('rows', 'int32', [-1])
  graph.input('epoch', 'float32', [])
  graph.input('moment', 'int32', [1])
  if (model.classifies) graph.input('labels', 'int32', [-1])
  addScaled(model, 'batch', 'scaled')
  if (model.takesClean) addScaled(model, 'clean', 'clean/scaled')
}

function addScaled({ graph, spec, rowSize }: ModelGraph, input: string, name: string): void {
  const shape = [-1, rowSize]
  if (spec.kind === 'vector') {
    graph.node(name, 'Identity', [graph.input(input, 'float32', shape)], float)
  } else {
    const real = graph.node(`${input}/float`, 'Cast', [graph.input(input, 'uint8', shape)], {
      SrcT: type('uint8'),
      DstT: type('float32'),
    })
    graph.node(name, 'RealDiv', [real, graph.scalar(`${input}/255`, 255)], float)
  }
}

/**
 * A step of training: `batch`, `rows`, `labels`, `seed`, `epoch`, `rate` in; the terms as `step`, and `norms` out.
 * @returns names of what `norms` gives: `gradient/LAYER`, `updateRatio/LAYER`
 */
export function addStep(model: ModelGraph): string[] {
  const { graph, spec, optimizer } = model
  const { variant, config } = spec
  const { recording } = trace(model.givenBatch(config.training.batchSize), model.givenWeights(), (named) => {
    const given = model.given(named)
    const x = trainedOn(spec, given.x, given.random)
    const { terms, gradients, observed, statistics } = lossAndGradients(variant, config, { ...given, x })
    return { ...terms, ...prefixed('gradient', gradients), ...prefixed('observed', observed), ...prefixed('state', statistics) }
  })
  const reads = { ...model.reads('training'), ...model.stateReads('training') }
  const results = graph.inline('training', recording, { ...model.fed, ...reads })
  const rate = graph.input('rate', 'float32', [])
  const raw = model.weights.map(({ name }) => results[`gradient/${name}`]!)
  const gradients = config.training.clipNorm > 0 ? clipInGraph(graph, raw, config.training.clipNorm) : raw
  const updates = model.weights.map(({ name }, index) => {
    const handles = [name, ...optimizer.slots.map((slot) => `optimizer/${slot}/${name}`)].map((variable) => model.handle(variable))
    return `^${optimizer.apply(graph, `update/${name}`, handles, rate, gradients[index]!)}`
  })
  const after = addAfterStep(model, updates, reads, recording, results)
  const followed = model.statistics.map(({ name }) => `^${graph.assign(`follow/${name}`, model.handle(name), results[name]!)}`)
  const terms = model.packed(
    'training/terms',
    model.terms.map((term) => results[term]!),
  )
  graph.node('step', 'Identity', [terms, ...updates, ...after, ...followed], float)
  return addNorms(model, { rate, gradients, updates, reads, results })
}

/** What the variant changes once the optimizer is done; returns control inputs for the end of the step. */
function addAfterStep(
  model: ModelGraph,
  updates: string[],
  reads: Record<string, string>,
  step: Recording,
  results: Record<string, string>,
): string[] {
  const { graph, spec } = model
  const { variant, config } = spec
  if (!variant.afterStep) return []
  const shapes = new Map(step.operations.flatMap(({ outputs }) => outputs.map((output) => [output.name, output.shape])))
  const observed = Object.entries(step.outputs).filter(([name]) => name.startsWith('observed/'))
  const inputs: Given[] = [
    ...observed.map(([name, tensor]) => ({ name, tensor: filled(shapes.get(tensor)!) })),
    ...model.givenState(),
  ]
  const { recording } = trace(inputs, model.givenWeights(), (named) => {
    const { weights = {}, state = {} } = variant.afterStep!({
      weights: model.namedWeights(named),
      state: model.namedState(named),
      config,
      settings: config.regularizer as never,
      observed: Object.fromEntries(observed.map(([name]) => [name.slice('observed/'.length), named(name)])),
    })
    return { ...weights, ...prefixed('state', state) }
  })
  const current = Object.fromEntries(
    model.weights.map(({ name }) => [name, graph.read(`after/read/${name}`, model.handle(name), updates)]),
  )
  const bound = Object.fromEntries([
    ...observed.map(([name]) => [name, results[name]!]),
    ...model.stateVariables.map(({ name }) => [name, reads[name]!]),
  ])
  const changed = graph.inline('after', recording, { ...current, ...bound })
  return Object.entries(changed).map(([name, value]) => `^${graph.assign(`after/write/${name}`, model.handle(name), value)}`)
}

interface Step {
  rate: string
  /** Of each weight, clipped where that is asked for. */
  gradients: string[]
  updates: string[]
  reads: Record<string, string>
  results: Record<string, string>
}

/** Of each layer the norm of its gradient, and of its kernel's change relative to the kernel. */
function addNorms(model: ModelGraph, { rate, gradients, updates, reads, results }: Step): string[] {
  const { graph, optimizer } = model
  const norms = layersOf(model.weights).flatMap(({ layer, members }): [string, string][] => {
    const kernel = members.find(({ role }) => role === 'kernel')
    const parts = members.map(({ name }) => results[`gradient/${name}`]!)
    const gradient: [string, string] = [`gradient/${layer}`, addNorm(model, `norms/gradient/${layer}`, parts)]
    if (!kernel) return [gradient]
    const slots = optimizer.slots.map((slot) =>
      graph.read(`norms/read/${slot}/${kernel.name}`, model.handle(`optimizer/${slot}/${kernel.name}`), updates),
    )
    const kernelGradient = gradients[model.weights.indexOf(kernel)]!
    const change = optimizer.change(graph, `norms/change/${kernel.name}`, slots, rate, kernelGradient)
    const sizes = [
      addNorm(model, `norms/update/${layer}`, [change]),
      addNorm(model, `norms/weight/${layer}`, [reads[kernel.name]!]),
    ]
    return [gradient, [`updateRatio/${layer}`, graph.node(`norms/ratio/${layer}`, 'DivNoNan', sizes, float)]]
  })
  const packed = model.packed(
    'norms/packed',
    norms.map(([, node]) => node),
  )
  graph.node('norms', 'Identity', [packed], float)
  return norms.map(([name]) => name)
}

/** L2 norm of several tensors together. */
function addNorm({ graph }: ModelGraph, name: string, tensors: string[]): string {
  const halves = tensors.map((tensor, index) => graph.node(`${name}/half${index}`, 'L2Loss', [tensor], float))
  const sum = graph.node(`${name}/sum`, 'AddN', halves, { ...float, N: { kind: 'int', value: halves.length } })
  return graph.node(name, 'Sqrt', [graph.node(`${name}/squared`, 'Mul', [sum, graph.scalar(`${name}/two`, 2)], float)], float)
}

/** Weights by their layer, e.g. `encoder/0`: kernel and bias. */
const layersOf = (weights: readonly WeightSpec[]): { layer: string; members: WeightSpec[] }[] => {
  const layers = [...new Set(weights.map(({ name }) => name.slice(0, name.lastIndexOf('/'))))]
  return layers.map((layer) => ({ layer, members: weights.filter(({ name }) => name.startsWith(`${layer}/`)) }))
}
