/// <reference lib="esnext.float16" />
import { WorkbenchError } from '../../../shared/errors.ts'
import type { OnnxGraph, OnnxNode, OnnxTensor } from './onnxModel.ts'

/**
 * Smaller files: kernels as float16, or as int8 with a scale for each of their columns. What is computed stays float32: the
 * graph makes the kernels float32 again, once, when a runtime loads the file and folds its constants. So an image's code is the
 * same whatever it shares a batch with, and a reduced file can be held to the same tolerance as any other; with activations
 * quantised as well (`DynamicQuantizeLinear`) the scale would be that of the whole batch. Biases, a few per mille of the bytes,
 * stay as they are.
 */
export type ReducedPrecision = 'float16' | 'int8'

/** How a kernel is kept, and how the graph makes float32 of it. */
interface Reduced {
  initialisers: OnnxTensor[]
  nodes: OnnxNode[]
  /** The value that the kernel's readers read instead. */
  value: string
  /** Values between. */
  steps: string[]
  /** What that value is. */
  rounded: Float32Array
}

const largestHalf = 65504

const floatsOf = ({ data }: OnnxTensor): Float32Array => new Float32Array(data.slice().buffer)
const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
const toFloat = (from: string, to: string): OnnxNode => ({
  name: to,
  op: 'Cast',
  inputs: [from],
  outputs: [to],
  attributes: { to: { kind: 'int', value: 1 } },
})

function halved(tensor: OnnxTensor): Reduced {
  const { name, shape } = tensor
  const values = floatsOf(tensor)
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  if (most > largestHalf) {
    throw new WorkbenchError(
      'EXPORT_UNSUPPORTED',
      `${name} has values up to ${most.toPrecision(3)} and float16 holds up to ${largestHalf}; choose int8 or float32.`,
      { field: 'precision' },
    )
  }
  const half = Float16Array.from(values)
  const value = `${name}/float`
  return {
    initialisers: [{ name, dtype: 'float16', shape, data: bytesOf(half) }],
    nodes: [toFloat(name, value)],
    value,
    steps: [value],
    rounded: Float32Array.from(half),
  }
}

/** Symmetric: 0 stays 0, and the largest of a column becomes 127 or -127. */
function quantised(tensor: OnnxTensor): Reduced {
  const { name, shape } = tensor
  const values = floatsOf(tensor)
  const columns = shape[1]!
  const scales = new Float32Array(columns)
  values.forEach((value, index) => {
    scales[index % columns] = Math.max(scales[index % columns]!, Math.abs(value) / 127)
  })
  for (let column = 0; column < columns; column++) if (scales[column] === 0) scales[column] = 1
  const integers = Int8Array.from(values, (value, index) => Math.round(value / scales[index % columns]!))
  const [integer, scale, value] = [`${name}/float`, `${name}/scale`, `${name}/scaled`]
  return {
    initialisers: [
      { name, dtype: 'int8', shape, data: bytesOf(integers) },
      { name: scale, dtype: 'float32', shape: [columns], data: bytesOf(scales) },
    ],
    nodes: [toFloat(name, integer), { name: value, op: 'Mul', inputs: [integer, scale], outputs: [value], attributes: {} }],
    value,
    steps: [integer, value],
    rounded: Float32Array.from(integers, (each, index) => each * scales[index % columns]!),
  }
}

/** Constants that products read. */
function kernelsOf({ nodes, initialisers }: OnnxGraph): OnnxTensor[] {
  const read = new Set(nodes.filter(({ op }) => op === 'Gemm' || op === 'MatMul').flatMap(({ inputs }) => inputs.slice(0, 2)))
  return initialisers.filter(({ name, dtype, shape }) => read.has(name) && dtype === 'float32' && shape.length === 2)
}

/**
 * The graph with smaller kernels, and the float32 graph that computes the same: its kernels are those that the smaller ones stand for.
 * @throws WorkbenchError EXPORT_UNSUPPORTED for values that float16 does not hold
 */
export function reduceGraph(graph: OnnxGraph, precision: ReducedPrecision): { reduced: OnnxGraph; rounded: OnnxGraph } {
  const kernels = new Map(kernelsOf(graph).map((tensor) => [tensor.name, (precision === 'float16' ? halved : quantised)(tensor)]))
  const written = new Set<string>()
  const nodes = graph.nodes.flatMap((node): OnnxNode[] => {
    const before = node.inputs.filter((input) => kernels.has(input) && !written.has(input))
    for (const input of before) written.add(input)
    return [
      ...before.flatMap((input) => kernels.get(input)!.nodes),
      { ...node, inputs: node.inputs.map((input) => kernels.get(input)?.value ?? input) },
    ]
  })
  return {
    reduced: {
      ...graph,
      nodes,
      initialisers: graph.initialisers.flatMap((tensor) => kernels.get(tensor.name)?.initialisers ?? [tensor]),
      intermediates: [
        ...graph.intermediates,
        ...graph.initialisers.flatMap(({ name, shape }) =>
          (kernels.get(name)?.steps ?? []).map((step) => ({ name: step, dtype: 'float32' as const, shape })),
        ),
      ],
    },
    rounded: {
      ...graph,
      initialisers: graph.initialisers.map((tensor) =>
        kernels.has(tensor.name) ? { ...tensor, data: bytesOf(kernels.get(tensor.name)!.rounded) } : tensor,
      ),
    },
  }
}
