import { WorkbenchError } from '../../../shared/errors.ts'
import type { DType } from '../trace/record.ts'
import type { Constants, LoadedConstant } from './constants.ts'
import type { Draft } from './draft.ts'
import type { DynamicOperation, DynamicSpec } from './dynamicRecording.ts'
import type { Values } from './order.ts'
import type { Dimension, OnnxAttribute } from './onnxModel.ts'

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

  /** A text attribute; '' where it is absent. */
  text(name: string): string {
    const attribute = this.operation.attributes[name]
    return attribute?.kind === 'string' ? attribute.value : ''
  }

  /** A list of integers among the attributes; empty where it is absent. */
  list(name: string): readonly number[] {
    const attribute = this.operation.attributes[name]
    return attribute?.kind === 'ints' ? attribute.value : []
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
  vector(role: string, values: number[]): string {
    return this.#draft.integers(role, values)
  }

  /** An int64 scalar. */
  integer(role: string, value: number): string {
    return this.#draft.constant(role, 'int64', [], new Uint8Array(BigInt64Array.of(BigInt(value)).buffer))
  }

  /** A vector of reals. */
  reals(role: string, values: readonly number[]): string {
    return this.#draft.constant(role, 'float32', [values.length], new Uint8Array(Float32Array.from(values).buffer))
  }

  /** Values of an input that must be a constant of reals. */
  floats(index: number): { shape: number[]; data: Float32Array } {
    const { dtype, shape, data } = this.#constant(index)
    if (dtype !== 'float32') throw this.unsupported(`its input ${index} is ${dtype}`)
    return { shape, data: new Float32Array(data.slice().buffer) }
  }

  /**
   * A constant input with its values in another order, as an initialiser; the same order of the same constant is one.
   * @param order its name
   */
  ordered(index: number, order: string, inOrder: (kernel: Values) => Values): string {
    const id = this.#orderedId(index, order)
    if (!this.#draft.initialisers.has(id)) {
      const { weight } = this.#constant(index)
      const { shape, data } = inOrder(this.floats(index))
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      this.#draft.initialisers.set(id, { dtype: 'float32', shape: [...shape], data: bytes, weight, role: `input${index}` })
    }
    return id
  }

  /** Whether an operation before took that constant in that order. */
  hasOrdered(index: number, order: string): boolean {
    return this.#draft.initialisers.has(this.#orderedId(index, order))
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

  #orderedId(index: number, order: string): string {
    return `${this.#input(index)} as ${order}`
  }

  #constant(index: number): LoadedConstant {
    const name = this.#input(index)
    if (!this.#constants.has(name)) throw this.unsupported(`its input ${index} is computed from the images`)
    return this.#constants.load(name)
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
