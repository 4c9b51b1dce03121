import type { Config, TrainingConfig } from '../../../shared/config.ts'
import type { GraphBuilder } from '../trace/graph.ts'
import { bool, type } from '../trace/native.ts'
import type { Variant } from '../variants/variant.ts'
import { optimizerSlots } from '../variants/slots.ts'

/** One rule of updating weights, as a native operation of a graph. */
export interface Optimizer {
  /** Names of the tensors that it keeps beside each weight, each of the weight's shape, beginning at 0. */
  slots: readonly string[]
  /** Scalars that change from step to step are computed outside: what is fed as learning rate at step t (from 1) for a rate. */
  rate(learningRate: number, step: number): number
  /** Adds the update of one weight to a graph; returns the operation's name. `handles`: of the weight and of its slots. */
  apply(graph: GraphBuilder, name: string, handles: string[], rate: string, gradient: string): string
  /** Adds what the update added to one weight, up to its sign, from the slots after it; returns the tensor's name. */
  change(graph: GraphBuilder, name: string, slots: string[], rate: string, gradient: string): string
}

const kind = { T: type('float32') }
const T = { ...kind, use_locking: bool(false) }
const beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8

/**
 * Kingma and Ba 2015 in the order of operations of their section 2's last paragraph, which is also TensorFlow's: the bias corrections go
 * into the rate, so that the graph needs no state of its own for them and a resumed run has the same rate to the last bit.
 */
const adam: Optimizer = {
  slots: optimizerSlots.adam,
  rate: (learningRate, step) => (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step),
  apply: (graph, name, handles, rate, gradient) =>
    graph.node(
      name,
      'ResourceApplyAdam',
      [
        ...handles,
        graph.scalar(`${name}/power1`, 0),
        graph.scalar(`${name}/power2`, 0),
        rate,
        graph.scalar(`${name}/beta1`, beta1),
        graph.scalar(`${name}/beta2`, beta2),
        graph.scalar(`${name}/epsilon`, epsilon),
        gradient,
      ],
      { ...T, use_nesterov: bool(false) },
    ),
  change(graph, name, [m, v], rate) {
    const root = graph.node(`${name}/root`, 'Sqrt', [v!], kind)
    const scaled = graph.node(`${name}/scaled`, 'Mul', [m!, rate], kind)
    return graph.node(
      name,
      'RealDiv',
      [scaled, graph.node(`${name}/denominator`, 'AddV2', [root, graph.scalar(`${name}/epsilon`, epsilon)], kind)],
      kind,
    )
  },
}

const sgd: Optimizer = {
  slots: optimizerSlots.sgd,
  rate: (learningRate) => learningRate,
  apply: (graph, name, handles, rate, gradient) =>
    graph.node(name, 'ResourceApplyGradientDescent', [...handles, rate, gradient], T),
  change: (graph, name, _, rate, gradient) => graph.node(name, 'Mul', [gradient, rate], kind),
}

/** Polyak 1964. */
const momentumOf = (coefficient: number): Optimizer => ({
  slots: optimizerSlots.momentum,
  rate: (learningRate) => learningRate,
  apply: (graph, name, handles, rate, gradient) =>
    graph.node(name, 'ResourceApplyMomentum', [...handles, rate, gradient, graph.scalar(`${name}/momentum`, coefficient)], {
      ...T,
      use_nesterov: bool(false),
    }),
  change: (graph, name, [velocity], rate) => graph.node(name, 'Mul', [velocity!, rate], kind),
})

/** Tieleman and Hinton 2012, decay 0.9, without momentum. */
const rmsprop: Optimizer = {
  slots: optimizerSlots.rmsprop,
  rate: (learningRate) => learningRate,
  apply: (graph, name, handles, rate, gradient) =>
    graph.node(
      name,
      'ResourceApplyRMSProp',
      [
        ...handles,
        rate,
        graph.scalar(`${name}/rho`, 0.9),
        graph.scalar(`${name}/momentum`, 0),
        graph.scalar(`${name}/epsilon`, epsilon),
        gradient,
      ],
      T,
    ),
  // Without momentum the velocity is the last step itself.
  change: (_graph, _name, [, velocity]) => velocity!,
}

const optimizers: Record<TrainingConfig['optimizer'], Optimizer> = { adam, sgd, momentum: momentumOf(0.9), rmsprop }

/** The optimizer of a variant with this config. */
export function optimizerOf(variant: Pick<Variant, 'momentum'>, { training, regularizer }: Config): Optimizer {
  const coefficient = variant.momentum?.(regularizer as never)
  return training.optimizer === 'momentum' && coefficient !== undefined ? momentumOf(coefficient) : optimizers[training.optimizer]
}

/**
 * Adds the scaling of all gradients to a common L2 norm of at most `limit` (Pascanu, Mikolov and Bengio 2013).
 * @returns the scaled gradients' names
 */
export function clipInGraph(graph: GraphBuilder, gradients: string[], limit: number): string[] {
  const halves = gradients.map((gradient, index) => graph.node(`clip/half${index}`, 'L2Loss', [gradient], kind))
  const sum = graph.node('clip/sum', 'AddN', halves, { ...kind, N: { kind: 'int', value: halves.length } })
  const norm = graph.node('clip/norm', 'Sqrt', [graph.node('clip/squared', 'Mul', [sum, graph.scalar('clip/two', 2)], kind)], kind)
  const bound = graph.scalar('clip/limit', limit)
  const scale = graph.node('clip/scale', 'RealDiv', [bound, graph.node('clip/max', 'Maximum', [norm, bound], kind)], kind)
  return gradients.map((gradient, index) => graph.node(`clip/scaled${index}`, 'Mul', [gradient, scale], kind))
}
