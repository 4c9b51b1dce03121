/// <reference lib="esnext.float16" />
import { WorkbenchError } from '../../../shared/errors.ts'
import { kernelReaders } from '../network/layers/kinds.ts'
import type { OnnxGraph, OnnxNode, OnnxTensor } from './onnxModel.ts'

/**
 * Smaller files: kernels as float16, or as int8 with a scale for each of their filters. What is computed stays float32: the
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

/** Symmetric: 0 stays 0, and the largest of a filter becomes 127 or -127. @param axis that counts the filters */
function quantised(tensor: OnnxTensor, axis: number): Reduced {
  const { name, shape } = tensor
  const values = floatsOf(tensor)
  const filters = shape[axis]!
  const after = shape.slice(axis + 1)
  const stride = after.reduce((product, length) => product * length, 1)
  const filterOf = (index: number) => Math.floor(index / stride) % filters
  const scales = new Float32Array(filters)
  values.forEach((value, index) => {
    scales[filterOf(index)] = Math.max(scales[filterOf(index)]!, Math.abs(value) / 127)
  })
  for (let filter = 0; filter < filters; filter++) if (scales[filter] === 0) scales[filter] = 1
  const integers = Int8Array.from(values, (value, index) => Math.round(value / scales[filterOf(index)]!))
  const [integer, scale, value] = [`${name}/float`, `${name}/scale`, `${name}/scaled`]
  return {
    initialisers: [
      { name, dtype: 'int8', shape, data: bytesOf(integers) },
      { name: scale, dtype: 'float32', shape: [filters, ...after.map(() => 1)], data: bytesOf(scales) },
    ],
    nodes: [toFloat(name, integer), { name: value, op: 'Mul', inputs: [integer, scale], outputs: [value], attributes: {} }],
    value,
    steps: [integer, value],
    rounded: Float32Array.from(integers, (each, index) => each * scales[filterOf(index)]!),
  }
}

/** Kernels that layers read, and the axis of each that counts its filters. */
function kernelsOf({ nodes, initialisers }: OnnxGraph): { tensor: OnnxTensor; axis: number }[] {
  return initialisers.flatMap((tensor) => {
    if (tensor.dtype !== 'float32') return []
    const reader = nodes.find(({ op, inputs }) => kernelReaders.has(op) && inputs.slice(0, 2).includes(tensor.name))
    const kind = reader && kernelReaders.get(reader.op)!
    return kind && tensor.shape.length === kind.rank ? [{ tensor, axis: kind.filterAxis }] : []
  })
}

/**
 * The graph with smaller kernels, and the float32 graph that computes the same: its kernels are those that the smaller ones stand for.
 * @throws WorkbenchError EXPORT_UNSUPPORTED for values that float16 does not hold
 */
export function reduceGraph(graph: OnnxGraph, precision: ReducedPrecision): { reduced: OnnxGraph; rounded: OnnxGraph } {
  const kernels = new Map(
    kernelsOf(graph).map(({ tensor, axis }) => [tensor.name, precision === 'float16' ? halved(tensor) : quantised(tensor, axis)]),
  )
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
