import type { Attribute, DType } from './record.ts'
import { tf, type Tensor } from './tensorflow.ts'

/** The part of tfjs-node's backend that runs a native TensorFlow operation by name. */
interface NativeBackend {
  binding: Binding
  executeMultipleOutputs(name: string, attributes: BindingAttribute[], inputs: Tensor[], count: number): Tensor[]
  getInputTensorIds(tensors: Tensor[]): number[]
  createOutputTensor(metadata: TensorMetadata): Tensor
}
export interface BindingAttribute {
  name: string
  type: number
  value: unknown
}
interface TensorMetadata {
  id: number
  shape: number[]
  dtype: number
}

/** tfjs-node's native addon; types after its tfjs_binding.d.ts. */
export interface Binding {
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array
  executeOp(name: string, attributes: BindingAttribute[], inputs: number[], outputs: number): TensorMetadata[]
  loadSavedModel(folder: string, tags: string): number
  deleteSavedModel(id: number): void
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): TensorMetadata[]
  isUsingGpuDevice(): boolean
  getNumOfTensors(): number
  [constant: `TF_${string}`]: number
}

/** The current backend of tfjs: the native one, or the one that records. */
export const nativeBackend = (): NativeBackend => tf.backend() as unknown as NativeBackend
/** The addon itself, whichever backend is current. */
export const binding: Binding = (tf.findBackend('tensorflow') as unknown as NativeBackend).binding

/** TensorFlow's numbers of element types (types.proto). */
export const typeNumber: Record<DType, number> = { float32: 1, int32: 3, uint8: 4, int64: 9, bool: 10 }
/** A type by TensorFlow's number. Throws on one that tfjs has not. */
export const typeName = (number: number): DType => {
  const found = (Object.keys(typeNumber) as DType[]).find((name) => typeNumber[name] === number)
  if (!found) throw new Error(`tensors of TensorFlow type ${number} are not supported`)
  return found
}

/** An attribute of a native operation: an element type. */
export const type = (value: DType): Attribute => ({ kind: 'type', value })
/** An attribute: a truth value. */
export const bool = (value: boolean): Attribute => ({ kind: 'bool', value })

const toBinding: Record<Attribute['kind'], string> = {
  type: 'TF_ATTR_TYPE',
  bool: 'TF_ATTR_BOOL',
  int: 'TF_ATTR_INT',
  ints: 'TF_ATTR_INT',
  float: 'TF_ATTR_FLOAT',
  floats: 'TF_ATTR_FLOAT',
  string: 'TF_ATTR_STRING',
  shape: 'TF_ATTR_SHAPE',
}

/**
 * Runs one native operation on the current backend: eagerly on `tensorflow`, recorded on `recording`. Not differentiable by
 * itself: wrap it in `tf.customGrad` where a gradient is needed.
 */
export function native(op: string, attributes: Record<string, Attribute>, inputs: Tensor[]): Tensor {
  return nativeOutputs(op, attributes, inputs, 1)[0]!
}

/** The same for operations with several outputs. */
export function nativeOutputs(op: string, attributes: Record<string, Attribute>, inputs: Tensor[], outputs: number): Tensor[] {
  return nativeBackend().executeMultipleOutputs(op, toBindingAttributes(attributes), inputs, outputs)
}

const toBindingAttributes = (attributes: Record<string, Attribute>): BindingAttribute[] =>
  Object.entries(attributes).map(([name, { kind, value }]) => ({
    name,
    type: binding[toBinding[kind] as `TF_${string}`]!,
    value: kind === 'type' ? typeNumber[value as DType] : value,
  }))

/**
 * Bytes as a float32 tensor, divided by `divisor` natively: a tenth of the time that a loop and tfjs's own conversion take. The
 * array must be fresh: the tensor may share its memory.
 */
export function scaledBytes(values: Uint8Array, shape: number[], divisor: number): Tensor {
  const bytes = binding.createTensor(shape, typeNumber.uint8, values)
  const [floats] = binding.executeOp(
    'Cast',
    toBindingAttributes({ SrcT: type('uint8'), DstT: type('float32'), Truncate: bool(false) }),
    [bytes],
    1,
  )
  binding.deleteTensor(bytes)
  return tf.tidy(() => nativeBackend().createOutputTensor(floats!).div(divisor))
}
