import protobuf from 'protobufjs'
import { typeNumber } from './native.ts'
import type { Attribute, DType, Recording } from './record.ts'

/** The messages of TensorFlow's graph.proto, tensor.proto and saved_model.proto that a graph of ours needs; numbers are TensorFlow's. */
const messages = protobuf.parse(
  `syntax = "proto3";
message Shape { message Dim { int64 size = 1; } repeated Dim dim = 2; bool unknown_rank = 3; }
message Tensor { int32 dtype = 1; Shape tensor_shape = 2; bytes tensor_content = 4; }
message List { repeated bytes s = 2; repeated int64 i = 3; repeated float f = 4; repeated bool b = 5; repeated int32 type = 6; }
message Attr { oneof value { List list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6;
  Shape shape = 7; Tensor tensor = 8; } }
message Node { string name = 1; string op = 2; repeated string input = 3; string device = 4; map<string, Attr> attr = 5; }
message Versions { int32 producer = 1; int32 min_consumer = 2; }
message Graph { repeated Node node = 1; Versions versions = 4; }
message MetaInfo { repeated string tags = 4; }
message MetaGraph { MetaInfo meta_info_def = 1; Graph graph_def = 2; }
message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraph meta_graphs = 2; }`,
  { keepCase: true },
).root

type AttrValue = Record<string, unknown>
interface Node {
  name: string
  op: string
  input: string[]
  attr: Record<string, AttrValue>
}

/** The version of GraphDef that TensorFlow 2.9 and 2.15 both read and write for (versions.h: TF_GRAPH_DEF_VERSION). */
const producer = 1087

const shapeOf = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size })) })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function encodeAttribute(attribute: Attribute): AttrValue {
  switch (attribute.kind) {
    case 'type':
      return { type: typeNumber[attribute.value] }
    case 'bool':
      return { b: attribute.value }
    case 'int':
      return { i: attribute.value }
    case 'ints':
      return { list: { i: attribute.value } }
    case 'float':
      return { f: attribute.value }
    case 'floats':
      return { list: { f: attribute.value } }
    case 'string':
      return { s: bytes(attribute.value) }
    case 'shape':
      return { shape: shapeOf(attribute.value) }
  }
}

/** Numbers of values of all tensors of a record, by their names. */
const sizesIn = ({ inputs, weights, constants, operations }: Recording): ReadonlyMap<string, number> =>
  new Map(
    [...inputs, ...weights, ...constants, ...operations.flatMap(({ outputs }) => outputs)].map(({ name, shape }) => [
      name,
      shape.reduce((product, size) => product * size, 1),
    ]),
  )

/** A TensorFlow graph under construction. Tensors are named as TensorFlow names them: `node`, or `node:1` for a second output. */
export class GraphBuilder {
  readonly #nodes: Node[] = []

  /** Adds an operation; control inputs are written `^node`. Returns the name of its first output. */
  node(name: string, op: string, inputs: string[], attributes: Record<string, Attribute> = {}): string {
    this.#nodes.push({
      name,
      op,
      input: inputs,
      attr: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, encodeAttribute(value)])),
    })
    return name
  }

  /** @param shape -1 where any size is accepted */
  input(name: string, dtype: DType, shape: readonly number[]): string {
    return this.node(name, 'Placeholder', [], {
      dtype: { kind: 'type', value: dtype },
      shape: { kind: 'shape', value: [...shape] },
    })
  }

  constant(name: string, dtype: DType, shape: readonly number[], data: Uint8Array): string {
    this.#nodes.push({
      name,
      op: 'Const',
      input: [],
      attr: {
        dtype: { type: typeNumber[dtype] },
        value: { tensor: { dtype: typeNumber[dtype], tensor_shape: shapeOf(shape), tensor_content: data } },
      },
    })
    return name
  }

  scalar(name: string, value: number): string {
    return this.constant(name, 'float32', [], new Uint8Array(new Float32Array([value]).buffer))
  }

  /** A variable that lives as long as the session. Returns its handle. */
  variable(name: string, shape: readonly number[]): string {
    return this.node(name, 'VarHandleOp', [], {
      dtype: { kind: 'type', value: 'float32' },
      shape: { kind: 'shape', value: [...shape] },
      shared_name: { kind: 'string', value: name },
      container: { kind: 'string', value: '' },
    })
  }

  /** @param after control inputs: what must have happened before the variable is read */
  read(name: string, handle: string, after: string[] = []): string {
    return this.node(name, 'ReadVariableOp', [handle, ...after], { dtype: { kind: 'type', value: 'float32' } })
  }

  assign(name: string, handle: string, value: string): string {
    return this.node(name, 'AssignVariableOp', [handle, value], { dtype: { kind: 'type', value: 'float32' } })
  }

  /**
   * Copies a recorded computation into the graph under `prefix`.
   * @param bound tensors of this graph that stand for the recording's inputs and weights, by their names there
   * @returns tensors of this graph by the recording's result names
   */
  inline(prefix: string, recording: Recording, bound: Record<string, string>): Record<string, string> {
    const names = new Map(Object.entries(bound))
    for (const constant of recording.constants)
      names.set(constant.name, this.constant(`${prefix}/${constant.name}`, constant.dtype, constant.shape, constant.data))
    const resolve = (name: string): string => {
      const found = names.get(name)
      if (found === undefined) throw new Error(`nothing was bound to “${name}” of ${prefix}`)
      return found
    }
    const sizes = sizesIn(recording)
    for (const operation of recording.operations) {
      const whole = operation.inputs.every((input) => sizes.get(input) === sizes.get(operation.outputs[0]?.name ?? ''))
      const node = this.#copied(`${prefix}/${operation.name}`, operation, operation.inputs.map(resolve), whole)
      operation.outputs.forEach((output, index) => names.set(output.name, index === 0 ? node : `${node}:${index}`))
    }
    return Object.fromEntries(Object.entries(recording.outputs).map(([name, tensor]) => [name, resolve(tensor)]))
  }

  /**
   * TensorFlow's own rewriting takes a product's sum with a matrix of one row for one with a bias, which then has the wrong rank
   * (2.9 to 2.15, `Remapper`): such sums are made of vectors.
   * @param whole whether no input is broadcast
   */
  #copied(
    name: string,
    { op, attributes, outputs }: Recording['operations'][number],
    inputs: readonly string[],
    whole: boolean,
  ): string {
    const [output] = outputs
    if (!/^Add(V2|N)?$/.test(op) || output?.dtype !== 'float32' || output.shape.length !== 2 || output.shape[0] !== 1 || !whole)
      return this.node(name, op, [...inputs], attributes)
    const kind: Record<string, Attribute> = { T: { kind: 'type', value: 'float32' }, Tshape: { kind: 'type', value: 'int32' } }
    const size = (at: string, sizes: number[]) =>
      this.constant(`${name}/${at}`, 'int32', [sizes.length], new Uint8Array(Int32Array.from(sizes).buffer))
    const row = size('row', [output.shape[1]!])
    const sum = this.node(
      `${name}/sum`,
      op,
      inputs.map((input, index) => this.node(`${name}/term${index}`, 'Reshape', [input, row], kind)),
      attributes,
    )
    return this.node(name, 'Reshape', [sum, size('shape', output.shape)], kind)
  }

  /** The bytes of `saved_model.pb` with this graph under one tag. */
  savedModel(tag: string): Uint8Array {
    const SavedModel = messages.lookupType('SavedModel')
    return SavedModel.encode(
      SavedModel.fromObject({
        saved_model_schema_version: 1,
        meta_graphs: [
          { meta_info_def: { tags: [tag] }, graph_def: { node: this.#nodes, versions: { producer, min_consumer: 0 } } },
        ],
      }),
    ).finish()
  }
}
