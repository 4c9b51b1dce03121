import { WorkbenchError } from '../../../shared/errors.ts'
import type { Attribute, Constant, DType, Operation, Recording, TensorSpec } from '../trace/record.ts'
import { batchDimension, type Dimension } from './onnxModel.ts'

/** A recording for any batch size: shapes with `N`, learnt from two recordings at different batch sizes. */
export interface DynamicSpec {
  name: string
  shape: Dimension[]
  dtype: DType
}
export interface DynamicOperation {
  name: string
  op: string
  inputs: string[]
  attributes: Record<string, Attribute>
  outputs: DynamicSpec[]
}
export interface DynamicConstant extends DynamicSpec {
  /** Null where the two recordings disagree: the value belongs to one batch size and may only say a shape. */
  data: Uint8Array | null
}
export interface DynamicRecording {
  inputs: DynamicSpec[]
  weights: TensorSpec[]
  constants: DynamicConstant[]
  /** Only those that the outputs need, in the order in which they ran. */
  operations: DynamicOperation[]
  outputs: Record<string, string>
}

const cannot = (why: string) =>
  new WorkbenchError(
    'EXPORT_UNSUPPORTED',
    `This network cannot be exported for any number of images: ${why}; please report it with the run's settings.`,
  )

/** The operations that the outputs depend on. */
function neededOperations(recording: Recording): Operation[] {
  const maker = new Map<string, Operation>()
  for (const operation of recording.operations) for (const output of operation.outputs) maker.set(output.name, operation)
  const needed = new Set<Operation>()
  const pending = Object.values(recording.outputs)
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const operation = maker.get(name)
    if (operation === undefined || needed.has(operation)) continue
    needed.add(operation)
    pending.push(...operation.inputs)
  }
  return recording.operations.filter((operation) => needed.has(operation))
}

function dynamicShape(
  name: string,
  first: readonly number[],
  second: readonly number[],
  batches: readonly [number, number],
): Dimension[] {
  if (first.length !== second.length) throw cannot(`the number of dimensions of ${name} changes with it`)
  return first.map((size, axis): Dimension => {
    if (size === second[axis]) return size
    const times = size / batches[0]
    if (Number.isInteger(times) && times * batches[1] === second[axis])
      return times === 1 ? batchDimension : `${times}*${batchDimension}`
    throw cannot(`dimension ${axis} of ${name} is ${size} for ${batches[0]} images and ${second[axis]} for ${batches[1]}`)
  })
}

const sameBytes = (first: Uint8Array, second: Uint8Array) => Buffer.compare(first, second) === 0

/**
 * Compares recordings of one computation at two batch sizes, operation by operation. Dimensions in which they differ are the
 * batch; constants in which they differ lose their value. Names are those of the first recording.
 * @throws WorkbenchError EXPORT_UNSUPPORTED when they differ in anything else.
 */
export function compareRecordings(first: Recording, second: Recording, batches: readonly [number, number]): DynamicRecording {
  const operations = neededOperations(first)
  const others = neededOperations(second)
  if (operations.length !== others.length) throw cannot('it runs other operations for other numbers of images')
  /** Name in the second recording -> name in the first. */
  const counterpart = new Map<string, string>()
  const pair = (one: TensorSpec, other: TensorSpec | undefined): DynamicSpec => {
    if (other === undefined || one.dtype !== other.dtype) throw cannot(`${one.name} changes with it`)
    counterpart.set(other.name, one.name)
    return { name: one.name, dtype: one.dtype, shape: dynamicShape(one.name, one.shape, other.shape, batches) }
  }

  const inputs = first.inputs.map((input, index) => pair(input, second.inputs[index]))
  for (const weight of first.weights) counterpart.set(weight.name, weight.name)
  const constants = new Map<string, DynamicConstant>()
  const firstConstants = new Map(first.constants.map((constant) => [constant.name, constant]))
  const secondConstants = new Map(second.constants.map((constant) => [constant.name, constant]))
  const pairConstant = (one: Constant, other: Constant) => {
    // Within a record a value may stand under any name; what counts is where it is used.
    const known = constants.get(one.name)
    const shape = dynamicShape(one.name, one.shape, other.shape, batches)
    const same = one.dtype === other.dtype && sameBytes(one.data, other.data)
    if (known === undefined || !same)
      constants.set(one.name, { name: one.name, dtype: one.dtype, shape, data: same ? one.data : null })
  }

  const paired = operations.map((operation, index): DynamicOperation => {
    const other = others[index]!
    if (operation.op !== other.op || operation.inputs.length !== other.inputs.length) {
      throw cannot(`operation ${index + 1} is ${operation.op} for ${batches[0]} images and ${other.op} for ${batches[1]}`)
    }
    if (JSON.stringify(operation.attributes) !== JSON.stringify(other.attributes)) {
      throw cannot(`the attributes of ${operation.name} (${operation.op}) change with it`)
    }
    operation.inputs.forEach((name, position) => {
      const otherName = other.inputs[position]!
      const constant = firstConstants.get(name)
      const otherConstant = secondConstants.get(otherName)
      if (constant !== undefined && otherConstant !== undefined) pairConstant(constant, otherConstant)
      else if (counterpart.get(otherName) !== name)
        throw cannot(`${operation.name} (${operation.op}) reads other values for other numbers of images`)
    })
    const outputs = operation.outputs.map((output, position) => pair(output, other.outputs[position]))
    return { name: operation.name, op: operation.op, inputs: operation.inputs, attributes: operation.attributes, outputs }
  })

  for (const [result, name] of Object.entries(first.outputs)) {
    const otherName = second.outputs[result]
    if (otherName === undefined || counterpart.get(otherName) !== name)
      throw cannot(`the output ${result} is another value for other numbers of images`)
  }
  return { inputs, weights: first.weights, constants: [...constants.values()], operations: paired, outputs: first.outputs }
}
