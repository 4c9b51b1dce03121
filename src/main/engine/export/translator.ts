import { WorkbenchError } from '../../../shared/errors.ts'
import type { DType } from '../trace/record.ts'
import type { Constants } from './constants.ts'
import type { DynamicOperation, DynamicSpec } from './dynamicRecording.ts'
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
  readonly nodes: DraftNode[] = []
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
}

/** What the table's entries see of one recorded operation, and how they write its nodes. */
export class OperationTranslator {
  readonly operation: DynamicOperation
  readonly #draft: Draft
  readonly #constants: Constants
  readonly #specs: ReadonlyMap<string, DynamicSpec>

  constructor(operation: DynamicOperation, draft: Draft, constants: Constants, specs: ReadonlyMap<string, DynamicSpec>) {
    this.operation = operation
    this.#draft = draft
    this.#constants = constants
    this.#specs = specs
  }

  /** Shape of an input. */
  shape(index: number): Dimension[] {
    return this.#specs.get(this.#input(index))!.shape
  }

  outputShape(): Dimension[] {
    return this.operation.outputs[0]!.shape
  }

  /** A boolean attribute; false where it is absent. */
  flag(name: string): boolean {
    const attribute = this.operation.attributes[name]
    return attribute?.kind === 'bool' && attribute.value
  }

  /** Id of an input's value; a constant becomes an initialiser. */
  operand(index: number): string {
    const name = this.#input(index)
    return this.#constants.has(name) ? this.#initialiser(name, `input${index}`) : this.#draft.resolve(name)
  }

  /** As `operand`, but a transposed constant is given as the untransposed one. */
  matrix(index: number): { value: string; transposed: boolean } {
    const name = this.#input(index)
    if (!this.#constants.has(name)) return { value: this.#draft.resolve(name), transposed: false }
    const matrix = this.#constants.matrix(name)
    return { value: this.#initialiser(matrix.name, `input${index}`), transposed: matrix.transposed }
  }

  /** Values of an input that must be a constant: axes, positions. */
  integers(index: number): number[] {
    const name = this.#input(index)
    if (!this.#constants.has(name)) throw this.unsupported('its axes are computed from the images')
    const { dtype, data } = this.#constants.load(name)
    const { buffer } = data.slice()
    if (dtype === 'int64') return Array.from(new BigInt64Array(buffer), Number)
    if (dtype !== 'int32') throw this.unsupported(`its axes are ${dtype}`)
    return [...new Int32Array(buffer)]
  }

  /** An int64 vector as ONNX operators take axes, shapes and sizes. */
  list(role: string, values: number[]): string {
    return this.#draft.constant(role, 'int64', [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer))
  }

  /**
   * Writes the node that has the operation's outputs.
   * @param types of the outputs, where they are not those of TensorFlow
   */
  emit(op: string, inputs: string[], attributes: Record<string, OnnxAttribute> = {}, types: DType[] = []): void {
    const outputs = this.operation.outputs.map(({ name, dtype, shape }, index) => ({
      id: name,
      dtype: types[index] ?? dtype,
      shape,
    }))
    this.#draft.node(op, inputs, outputs, attributes)
  }

  /** Writes a node in between; returns the id of its only output, of the operation's type. */
  step(op: string, inputs: string[], shape: Dimension[], attributes: Record<string, OnnxAttribute> = {}): string {
    const id = this.#draft.freshId()
    this.#draft.node(op, inputs, [{ id, dtype: this.operation.outputs[0]!.dtype, shape }], attributes)
    return id
  }

  /** The operation changes nothing: its output is that input. */
  alias(index: number): void {
    this.#draft.alias(this.operation.outputs[0]!.name, this.#input(index))
  }

  unsupported(why: string): WorkbenchError {
    const { name, op } = this.operation
    return new WorkbenchError(
      'EXPORT_UNSUPPORTED',
      `The operation ${op} (${name}) cannot be exported: ${why}; please report it with the run's settings.`,
    )
  }

  #input(index: number): string {
    const name = this.operation.inputs[index]
    if (name === undefined) throw this.unsupported(`it has no input ${index}`)
    return name
  }

  #initialiser(name: string, role: string): string {
    if (!this.#draft.initialisers.has(name)) this.#draft.initialisers.set(name, { ...this.#constants.load(name), role })
    return name
  }
}
