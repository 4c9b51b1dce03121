import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node'
import type { Activation, NetworkConfig } from '../../../shared/config.ts'
import { sizeOf, type Shape } from '../../../shared/shape.ts'

/** What a layer computes with; given to it, since processes that must not load TensorFlow know layers, too. */
type Operations = typeof import('./operations.ts')

/** Values of a kernel and of the bias that goes with it. */
export interface LayerWeights {
  kernel: Float32Array
  bias: Float32Array
}

/**
 * A linear map between rows of values, which a kernel determines. Tensors are [N, values] outside; a map that needs space
 * reshapes inside.
 */
export interface LinearMap {
  /** What such a map is called. */
  readonly kind: string
  readonly in: Shape
  readonly out: Shape
  /** Shape of the kernel. The last axis counts its filters; along the one before lie the channels of the inputs. */
  readonly kernel: readonly number[]
  /** Of a map that reads an image place by place, padded as TensorFlow pads for SAME: how many pixels apart. */
  readonly stride?: number
  /** Of one that is gone back through by enlarging what is given to the sides of `in` first (nearest neighbours). */
  readonly enlarges?: true
  /** How many inputs an output reads, and how many outputs an input reaches: initial scales follow from both. */
  readonly fan: { readonly in: number; readonly out: number }
  /** Floating point operations of one row, additions and multiplications; its adjoint takes as many. */
  readonly operations: number
  /** How many biases its outputs have, and its inputs where a decoder goes back through it. */
  readonly biases: { readonly in: number; readonly out: number }
  /** What one filter looks like: its weights as an image. */
  readonly filter: Shape
  /** x [N, in] -> [N, out], differentiable in both. */
  apply(x: Tensor2D, kernel: Tensor, operations: Operations): Tensor2D
  /** Its adjoint, y [N, out] -> [N, in], differentiable in both: the gradient by x, and what a tied decoder computes. */
  back(y: Tensor2D, kernel: Tensor, operations: Operations): Tensor2D
  /** The matrix [in, out] that it multiplies by, of which closed forms are made; null where it is no such product. */
  matrix(kernel: Tensor): Tensor2D | null
  /** Squared L2 norm of the weights that each output reads, [out]; where `matrix` is null and no eye is to be sent through. */
  squaredNorms?(kernel: Tensor, operations: Operations): Tensor
  /** The way back with a kernel of its own, as an untied decoder has it. */
  mirror(upsampling?: NetworkConfig['upsampling']): Mirror
  /** How single outputs and inputs are taken away; absent where they cannot be: such a map neither makes nor reads codes. */
  readonly pruned?: {
    /** Without all outputs but those that are kept. */
    outputs(weights: LayerWeights, kept: readonly number[]): LayerWeights
    /** Without inputs that are the constants given; what they added goes into the bias. */
    inputs(weights: LayerWeights, constants: ReadonlyMap<number, number>): LayerWeights
    /** Adds to each input's sum the squares of the weights that read it. */
    addSquares(kernel: Float32Array, sums: Float64Array): void
  }
}

/** A map that goes back from another's outputs to its inputs. */
interface Mirror {
  map: LinearMap
  /** Whether it is that map's adjoint which goes back. */
  adjoint: boolean
  /** The values with which it does what the other one's adjoint does with these. */
  kernelOf(kernel: Float32Array): Float32Array
}

/** One kind of layers. It is registered by a line in kinds.ts. */
export interface LayerKind {
  /** Before the number in the names of its layers: `encoder/PREFIX0`. */
  prefix: string
  /** The encoder's layers of this kind that the settings ask for, on inputs of a shape, in order. */
  mapsOf(network: NetworkConfig, input: Shape): LinearMap[]
  /** ONNX operators that read its kernels; of a kernel there the number of axes, and the one that counts its filters. */
  onnx: Readonly<Record<string, { rank: number; filterAxis: number }>>
}

/** Names of what a layer is normalised by (normalisation.ts): the scale is a weight, running mean and variance are states. */
export interface Normalised {
  scale: string
  mean: string
  variance: string
}

/** One layer of a network: a linear map or its adjoint, the weights that it reads, and what follows. */
export interface Layer {
  /** `encoder/0` */
  name: string
  map: LinearMap
  /** True where the map is gone back through, as a tied decoder does with the encoder's. */
  adjoint: boolean
  /** Names of its weights. */
  kernel: string
  bias: string
  activation: Activation
  /** What its sums are normalised by before the activation; absent where they are not. */
  normalised?: Normalised
  /** Name of the variance around what it gives, which all values share; absent where there is no such thing. */
  variance?: string
}

/** One named tensor of a network, with how it begins. Names are fixed by the design: `encoder/0/kernel`, `decoder/0/bias`, ... */
export interface WeightSpec {
  name: string
  shape: number[]
  role: 'kernel' | 'bias' | 'scale'
  /** Standard deviation of the initial normal draw around `initial`; 0 where nothing is drawn. */
  scale: number
  /** 0 where it is absent. */
  initial?: number
}

/**
 * A layer's kernel and bias, and the scale of what is normalised. Initial scales: Glorot normal sqrt(2 / (in + out)) for sigmoid,
 * tanh, softplus and linear layers (Glorot and Bengio 2010), He normal sqrt(2 / in) for relu and elu (He et al. 2015), by the
 * activation that the kernel feeds.
 */
export function specsOf(layer: Layer): WeightSpec[] {
  const { map, kernel, bias, activation, normalised } = layer
  const he = activation === 'relu' || activation === 'elu'
  const scale = Math.sqrt(2 / (he ? map.fan.in : map.fan.in + map.fan.out))
  const shape = [biasesOf(layer)]
  return [
    { name: kernel, shape: [...map.kernel], role: 'kernel', scale },
    { name: bias, shape, role: 'bias', scale: 0 },
    ...(normalised ? [{ name: normalised.scale, shape, role: 'scale' as const, scale: 0, initial: 1 }] : []),
  ]
}

/** How many biases a layer has: one for each channel, or unit, that it gives. */
export const biasesOf = ({ map, adjoint }: Pick<Layer, 'map' | 'adjoint'>): number => (adjoint ? map.biases.in : map.biases.out)

/** How many values a layer makes of one row on its way to those that it gives: maps that are enlarged before they are convolved. */
export const valuesBetween = ({ map }: Pick<Layer, 'map'>): number =>
  map.enlarges ? sizeOf({ ...map.in, channels: map.out.channels }) : 0

/** Number of filters of a kernel with this shape. */
export const filtersIn = (kernel: readonly number[]): number => kernel.at(-1)!

/** The weights of one filter. */
export const filterOf = (kernel: Float32Array, filters: number, filter: number): Float32Array =>
  Float32Array.from({ length: kernel.length / filters }, (_, at) => kernel[at * filters + filter]!)

/** A kernel as the network uses it: with weight normalisation each filter is divided by its L2 norm. */
export function usedKernel({ weightNorm }: Pick<NetworkConfig, 'weightNorm'>, kernel: Float32Array, filters: number): Float32Array {
  if (!weightNorm) return kernel
  const squares = new Float64Array(filters)
  kernel.forEach((value, at) => {
    squares[at % filters]! += value * value
  })
  return kernel.map((value, at) => value / Math.sqrt(squares[at % filters]! + 1e-24))
}
