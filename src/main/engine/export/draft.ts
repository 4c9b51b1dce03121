import type { DType } from '../trace/record.ts'
import type { Dimension, OnnxAttribute } from './onnxModel.ts'

/** A node before it has its final names: inputs and outputs are ids of values and initialisers. */
export interface DraftNode {
  op: string
  inputs: string[]
  outputs: string[]
  attributes: Record<string, OnnxAttribute>
  /** A name to take; without it the node is named after its weights. */
  name?: string
}
export interface DraftInitialiser {
  dtype: DType
  shape: number[]
  data: Uint8Array
  /** The weight's name where it is one, else what it is to the node that reads it first, e.g. `axes`. */
  weight: string | null
  role: string
}

/** An ONNX graph while it is made. */
export class Draft {
  nodes: DraftNode[] = []
  readonly values = new Map<string, { dtype: DType; shape: Dimension[] }>()
  readonly initialisers = new Map<string, DraftInitialiser>()
  readonly #aliases = new Map<string, string>()
  #steps = 0

  /** The id of the value that a recorded tensor became. */
  resolve(name: string): string {
    return this.#aliases.get(name) ?? name
  }

  alias(name: string, of: string): void {
    this.#aliases.set(name, this.resolve(of))
  }

  node(
    op: string,
    inputs: string[],
    outputs: { id: string; dtype: DType; shape: Dimension[] }[],
    attributes: DraftNode['attributes'],
    name?: string,
  ): void {
    for (const { id, dtype, shape } of outputs) this.values.set(id, { dtype, shape })
    this.nodes.push({ op, inputs, outputs: outputs.map(({ id }) => id), attributes, ...(name === undefined ? {} : { name }) })
  }

  freshId(): string {
    return `step ${++this.#steps}`
  }

  /** Adds a constant that no recording holds; returns its id. */
  constant(role: string, dtype: DType, shape: number[], data: Uint8Array): string {
    const id = this.freshId()
    this.initialisers.set(id, { dtype, shape, data, weight: null, role })
    return id
  }
  /** An int64 vector as ONNX operators take axes, shapes and sizes. */
  integers(role: string, values: readonly number[]): string {
    return this.constant(role, 'int64', [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer))
  }

  /** Writes a node that gives a value another shape. */
  reshape(from: string, to: { id: string; dtype: DType; shape: Dimension[] }): void {
    this.node('Reshape', [from, this.sizes(to.shape)], [to], {})
  }

  /** What `Reshape` is told of a shape: the number of images follows from the rest. */
  sizes(shape: readonly Dimension[]): string {
    return this.integers(
      'shape',
      shape.map((size) => (typeof size === 'number' ? size : -1)),
    )
  }

  /** Values of a constant of reals; null where it is none. */
  floats(id: string): Float32Array | null {
    const found = this.initialisers.get(id)
    return found?.dtype === 'float32' ? new Float32Array(found.data.slice().buffer) : null
  }

  /** A constant of reals with other values, known by the same weight; returns its id. */
  changed(id: string, shape: readonly number[], data: Float32Array): string {
    const changedId = this.freshId()
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.initialisers.set(changedId, { ...this.initialisers.get(id)!, shape: [...shape], data: bytes })
    return changedId
  }

  /** Whether one node and nothing else reads a value. */
  isReadOnce(id: string): boolean {
    return this.nodes.reduce((readers, { inputs }) => readers + Number(inputs.includes(id)), 0) === 1
  }
}

/** Whether a node has an integer attribute that is 1. */
export function isSet({ attributes }: DraftNode, name: string): boolean {
  const attribute = attributes[name]
  return attribute?.kind === 'int' && attribute.value === 1
}

/** A node's list of integers; empty where it is absent. */
export function integersOf({ attributes }: DraftNode, name: string): readonly number[] {
  const attribute = attributes[name]
  return attribute?.kind === 'ints' ? attribute.value : []
}
