import { binding, nativeBackend, typeName, type Binding, type BindingAttribute } from './native.ts'
import type { Attribute, Constant, DType, Operation, Recording, TensorSpec } from './record.ts'
import { tf, type Tensor } from './tensorflow.ts'

/** A tensor that the computation is given, under a name. */
export interface Given {
  name: string
  tensor: { shape: number[]; dtype: 'float32' | 'int32'; values: Float32Array | Int32Array }
}

export interface Traced {
  recording: Recording
  /** Values of the operations that depend on weights and constants only, by tensor name; filled when `fold` was asked for. */
  folded: Map<string, { shape: number[]; dtype: DType; data: Uint8Array }>
}

/**
 * Runs `compute` once on tfjs, on a backend whose native calls are written down. tfjs's gradients and kernels run on it unchanged.
 * What was not declared may not hide in the record: reading values while recording is an error, and so is any undeclared tensor
 * that is more than a scalar, a constant filling, or a short list of integers (axes and shapes).
 * @param inputs fed at every call; their example values matter only to `folded`
 * @param weights read by name
 */
export function trace(
  inputs: Given[],
  weights: Given[],
  compute: (named: (name: string) => Tensor) => Record<string, Tensor>,
  options: { fold?: boolean } = {},
): Traced {
  const before = tf.getBackend()
  tf.setBackend(recordingBackend())
  const recorder = new Recorder(options.fold ?? false)
  current = recorder
  tf.engine().startScope('trace')
  try {
    const declared = new Map<string, Tensor>()
    for (const [given, isInput] of [
      ...inputs.map((given) => [given, true] as const),
      ...weights.map((given) => [given, false] as const),
    ]) {
      // A copy: tfjs may keep the array's memory for as long as the tensor lives.
      const tensor = tf.tensor(given.tensor.values.slice(), given.tensor.shape, given.tensor.dtype)
      recorder.declare(idOf(tensor), { name: given.name, shape: given.tensor.shape, dtype: given.tensor.dtype }, isInput)
      declared.set(given.name, tensor)
    }
    const results = compute((name) => declared.get(name) ?? missing(name))
    const outputs = Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, recorder.nameOf(idOf(tensor))]))
    // Gradient functions hand their results out of their own scope with tf.keep.
    tf.dispose(results)
    return { recording: recorder.finish(outputs), folded: recorder.folded }
  } finally {
    tf.engine().endScope()
    current = null
    tf.setBackend(before)
  }
}

const missing = (name: string): never => {
  throw new Error(`“${name}” was not declared to the trace`)
}
const idOf = (tensor: Tensor): number => nativeBackend().getInputTensorIds([tensor])[0]!

class Recorder {
  readonly folded: Traced['folded'] = new Map()
  readonly #fold: boolean
  readonly #inputs: TensorSpec[] = []
  readonly #weights: TensorSpec[] = []
  readonly #constants: Constant[] = []
  readonly #operations: Operation[] = []
  readonly #names = new Map<number, string>()
  /** Tensors that came from the code and were not used yet. */
  readonly #literals = new Map<number, { shape: number[]; dtype: DType; values: ArrayBufferView }>()
  readonly #dependsOnInput = new Set<string>()

  constructor(fold: boolean) {
    this.#fold = fold
  }

  declare(id: number, spec: TensorSpec, isInput: boolean): void {
    this.#literals.delete(id)
    this.#names.set(id, spec.name)
    ;(isInput ? this.#inputs : this.#weights).push(spec)
    if (isInput) this.#dependsOnInput.add(spec.name)
  }

  literal(id: number, shape: number[], dtype: number, values: ArrayBufferView): void {
    this.#literals.set(id, { shape: [...shape], dtype: typeName(dtype), values })
  }

  operation(
    op: string,
    attributes: BindingAttribute[],
    inputs: number[],
    outputs: { id: number; shape: number[]; dtype: number }[],
  ): void {
    const name = `op${this.#operations.length}`
    const read = inputs.map((id) => this.nameOf(id))
    const specs = outputs.map((output, index): TensorSpec => ({
      name: index === 0 ? name : `${name}:${index}`,
      shape: [...output.shape],
      dtype: typeName(output.dtype),
    }))
    this.#operations.push({
      name,
      op,
      inputs: read,
      attributes: {
        ...inferred(op, specs[0]!),
        ...Object.fromEntries(attributes.map((attribute) => [attribute.name, toAttribute(attribute)])),
      },
      outputs: specs,
    })
    const live = read.some((input) => this.#dependsOnInput.has(input))
    outputs.forEach((output, index) => {
      const spec = specs[index]!
      this.#names.set(output.id, spec.name)
      if (live) this.#dependsOnInput.add(spec.name)
      else if (this.#fold)
        this.folded.set(spec.name, { shape: spec.shape, dtype: spec.dtype, data: bytesOf(binding.tensorDataSync(output.id)) })
    })
  }

  nameOf(id: number): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const literal = this.#literals.get(id)
    if (!literal) throw new Error('the trace reads a tensor that was made before it began; declare it')
    const { shape, dtype, values } = literal
    const size = shape.reduce((product, dimension) => product * dimension, 1)
    if (!(size <= 1 || (dtype === 'int32' && size <= 8) || isConstantFilling(values))) {
      throw new Error(`the trace would freeze an undeclared ${dtype} tensor of shape [${shape.join(', ')}]; declare it`)
    }
    const name = `constant${this.#constants.length}`
    this.#constants.push({ name, shape, dtype, data: bytesOf(values).slice() })
    this.#names.set(id, name)
    return name
  }

  finish(outputs: Record<string, string>): Recording {
    return { inputs: this.#inputs, weights: this.#weights, constants: this.#constants, operations: this.#operations, outputs }
  }
}

const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

function isConstantFilling(values: ArrayBufferView): boolean {
  const list = values as unknown as ArrayLike<number>
  for (let i = 1; i < list.length; i++) if (list[i] !== list[0]) return false
  return true
}

function toAttribute({ type, value }: BindingAttribute): Attribute {
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return { kind: 'type', value: typeName(value as number) }
    case binding.TF_ATTR_BOOL:
      return { kind: 'bool', value: Boolean(value) }
    case binding.TF_ATTR_INT:
      return Array.isArray(value) ? { kind: 'ints', value } : { kind: 'int', value: Number(value) }
    case binding.TF_ATTR_FLOAT:
      return Array.isArray(value) ? { kind: 'floats', value } : { kind: 'float', value: Number(value) }
    case binding.TF_ATTR_STRING:
      return { kind: 'string', value: String(value) }
    case binding.TF_ATTR_SHAPE:
      return { kind: 'shape', value: value as number[] }
    default:
      throw new Error(`attributes of kind ${type} cannot be recorded`)
  }
}

/** What tfjs leaves to TensorFlow to find out when it carries an operation out, and a graph has to say. */
const inferred = (op: string, { dtype }: TensorSpec): Record<string, Attribute> =>
  op === 'ExpandDims' ? { T: { kind: 'type', value: dtype }, Tdim: { kind: 'type', value: 'int32' } } : {}

let current: Recorder | null = null
let registered = false

/** Registers, once, a second backend built on an addon whose calls are written down. */
function recordingBackend(): string {
  const name = 'recording'
  if (registered) return name
  registered = true
  const recording = {} as Binding
  for (const key of Object.getOwnPropertyNames(binding) as (keyof Binding)[]) {
    const value = binding[key] as unknown
    ;(recording as unknown as Record<string, unknown>)[key] = typeof value === 'function' ? value.bind(binding) : value
  }
  recording.createTensor = (shape, dtype, values) => {
    const id = binding.createTensor(shape, dtype, values)
    current?.literal(id, shape, dtype, values)
    return id
  }
  recording.executeOp = (op, attributes, inputs, count) => {
    const outputs = binding.executeOp(op, attributes, inputs, count)
    current?.operation(op, attributes, inputs, outputs)
    return outputs
  }
  recording.tensorDataSync = () => {
    throw new Error('values cannot be read while a computation is traced: they would be frozen into it')
  }
  const Backend = tf.findBackend('tensorflow').constructor as new (
    addon: Binding,
    packageName: string,
  ) => ReturnType<typeof tf.findBackend>
  tf.registerBackend(name, () => new Backend(recording, '@tensorflow/tfjs-node'))
  tf.copyRegisteredKernels('tensorflow', name)
  return name
}
