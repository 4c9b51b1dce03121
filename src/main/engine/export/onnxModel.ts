import type { DType } from '../trace/record.ts'
import { attributeTypes, elementTypes, modelMessage } from './onnxSchema.ts'

/** An ONNX model as plain data, and the way from it to the bytes of a file. */

/** The named dimension of every input and output: any number of images. */
export const batchDimension = 'N'
/** A length: fixed, or as many as there are images, or a multiple of that where each of an image's pixels is a row. */
export type Dimension = number | typeof batchDimension | `${number}*${typeof batchDimension}`

/** How much of a dimension belongs to each image. */
export const perImage = (dimension: Dimension): number =>
  typeof dimension === 'number' ? dimension : Number.parseInt(dimension, 10) || 1

export const opsetVersion = 17
export const irVersion = 8

export type OnnxAttribute =
  | { kind: 'float'; value: number }
  | { kind: 'int'; value: number }
  | { kind: 'ints'; value: number[] }
  | { kind: 'string'; value: string }

export interface OnnxNode {
  name: string
  op: string
  inputs: string[]
  outputs: string[]
  attributes: Record<string, OnnxAttribute>
}

/** What constants of a file may be; computed are only the first of them. */
export type OnnxType = DType | 'float16' | 'int8'

/** A constant of the file. `data`: the elements as little-endian bytes, row by row. */
export interface OnnxTensor {
  name: string
  dtype: OnnxType
  shape: number[]
  data: Uint8Array
}

export interface OnnxValue {
  name: string
  dtype: DType
  shape: Dimension[]
  doc?: string
  /** ONNX's word for what the value is, e.g. `IMAGE`. */
  denotation?: string
  /** ONNX's words for what the dimensions are, e.g. `DATA_BATCH`; as many as `shape` has. */
  dimensionDenotations?: string[]
}

export interface OnnxGraph {
  name: string
  nodes: OnnxNode[]
  initialisers: OnnxTensor[]
  inputs: OnnxValue[]
  outputs: OnnxValue[]
  /** Types and shapes of what lies between inputs and outputs; viewers show them. */
  intermediates: OnnxValue[]
}

export interface OnnxModel {
  graph: OnnxGraph
  opset: number
  irVersion: number
  producer: string
  producerVersion: string
  doc: string
  metadata: Record<string, string>
}

const attributeMessage = (name: string, attribute: OnnxAttribute) => {
  const type = attributeTypes[attribute.kind]
  switch (attribute.kind) {
    case 'float':
      return { name, type, f: attribute.value }
    case 'int':
      return { name, type, i: attribute.value }
    case 'ints':
      return { name, type, ints: attribute.value }
    case 'string':
      return { name, type, s: Buffer.from(attribute.value) }
  }
}

const valueMessage = (value: OnnxValue) => ({
  name: value.name,
  ...(value.doc === undefined ? {} : { doc_string: value.doc }),
  type: {
    tensor_type: {
      elem_type: elementTypes[value.dtype],
      shape: {
        dim: value.shape.map((size, axis) => ({
          ...(typeof size === 'number' ? { dim_value: size } : { dim_param: size }),
          ...(value.dimensionDenotations === undefined ? {} : { denotation: value.dimensionDenotations[axis] }),
        })),
      },
    },
    ...(value.denotation === undefined ? {} : { denotation: value.denotation }),
  },
})

/** The bytes of the file. Equal models give equal bytes: nothing in them depends on when or where they are written. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const { graph } = model
  return modelMessage
    .encode(
      modelMessage.create({
        ir_version: model.irVersion,
        producer_name: model.producer,
        producer_version: model.producerVersion,
        doc_string: model.doc,
        opset_import: [{ domain: '', version: model.opset }],
        metadata_props: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
        graph: {
          name: graph.name,
          doc_string: model.doc,
          node: graph.nodes.map((node) => ({
            name: node.name,
            op_type: node.op,
            input: node.inputs,
            output: node.outputs,
            attribute: Object.entries(node.attributes).map(([name, attribute]) => attributeMessage(name, attribute)),
          })),
          initializer: graph.initialisers.map((tensor) => ({
            name: tensor.name,
            data_type: elementTypes[tensor.dtype],
            dims: tensor.shape,
            raw_data: tensor.data,
          })),
          input: graph.inputs.map(valueMessage),
          output: graph.outputs.map(valueMessage),
          value_info: graph.intermediates.map(valueMessage),
        },
      }),
    )
    .finish()
}
