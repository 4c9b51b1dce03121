import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { WorkbenchError } from '../../../shared/errors.ts'
import { LimitError } from '../../../shared/limits.ts'
import { modelMessage } from '../export/onnxSchema.ts'
import { scanProtobuf } from './scanProtobuf.ts'

/**
 * An input or output as the file declares it. `type`: ONNX's name in small letters; sizes that are not fixed by their name, null
 * where they have none.
 */
export interface DeclaredTensor {
  name: string
  type: string
  shape: (number | string | null)[] | null
  denotations: string[]
}

/** What a file says of itself, without being run. */
export interface OnnxSummary {
  path: string
  sha256: string
  bytes: number
  irVersion: number
  /** Operator sets by domain; '' is ONNX's own. */
  opsets: Record<string, number>
  producer: string
  metadata: Record<string, string>
  inputs: DeclaredTensor[]
  outputs: DeclaredTensor[]
  nodes: number
}

const largestFile = 2 ** 31 - 1
/** Of a description of operations; weights, which are bytes, count once each. */
const limits = { values: 3_000_000, depth: 60 }
const typeNames = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
]

interface TensorFields {
  name?: string
  external_data?: unknown[]
  data_location?: number
}
interface GraphFields {
  node: { attribute?: { t?: TensorFields | null; g?: GraphFields | null; tensors?: TensorFields[]; graphs?: GraphFields[] }[] }[]
  initializer: TensorFields[]
  sparse_initializer: { values?: TensorFields; indices?: TensorFields }[]
  input: ValueFields[]
  output: ValueFields[]
}
interface ValueFields {
  name?: string
  type?: {
    tensor_type?: {
      elem_type?: number
      shape?: { dim: { value?: 'dim_value' | 'dim_param'; dim_value?: unknown; dim_param?: string; denotation?: string }[] } | null
    } | null
  } | null
}
interface ModelFields {
  ir_version?: unknown
  producer_name?: string
  graph?: GraphFields | null
  opset_import: { domain?: string; version?: unknown }[]
  metadata_props: { key?: string; value?: string }[]
}

async function readWhole(path: string): Promise<Buffer> {
  const field = 'model'
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
      throw new WorkbenchError('PATH_MISSING', `There is nothing at ${path}; check the path.`, { field, cause })
    throw new WorkbenchError('PATH_UNREADABLE', `${path} cannot be read; choose another file, or allow reading it.`, {
      field,
      cause,
    })
  })
  try {
    const found = await file.stat()
    if (!found.isFile())
      throw new WorkbenchError(
        'FILE_UNSUPPORTED',
        `${path} is ${found.isDirectory() ? 'a folder' : 'no ordinary file'}; choose an ONNX file.`,
        { field },
      )
    if (found.size === 0) throw new WorkbenchError('FILE_DAMAGED', `${path} is empty; get the file again.`, { field })
    if (found.size > largestFile)
      throw new WorkbenchError(
        'FILE_UNSUPPORTED',
        `${path} has ${(found.size / 1e9).toFixed(1)} GB, and an ONNX file holds up to 2; choose an ONNX file.`,
        { field },
      )
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** Whether a graph, or one inside of it, keeps values in other files. */
function isExternal(graph: GraphFields): boolean {
  const outside = (tensor: TensorFields | null | undefined): boolean =>
    !!tensor && ((tensor.external_data?.length ?? 0) > 0 || tensor.data_location === 1)
  return (
    graph.initializer.some(outside) ||
    graph.sparse_initializer.some(({ values, indices }) => outside(values) || outside(indices)) ||
    graph.node.some(({ attribute = [] }) =>
      attribute.some(
        ({ t, g, tensors = [], graphs = [] }) =>
          outside(t) || tensors.some(outside) || [...(g ? [g] : []), ...graphs].some(isExternal),
      ),
    )
  )
}

const declared = (value: ValueFields): DeclaredTensor => {
  const tensor = value.type?.tensor_type
  const dims = tensor?.shape?.dim
  return {
    name: value.name ?? '',
    type: tensor ? (typeNames[tensor.elem_type ?? 0] ?? 'undefined') : 'something that is not a tensor',
    shape: dims
      ? dims.map((dim) =>
          dim.value === 'dim_value'
            ? Number(dim.dim_value)
            : dim.value === 'dim_param' && dim.dim_param !== ''
              ? dim.dim_param!
              : null,
        )
      : null,
    denotations: dims?.map((dim) => dim.denotation ?? '') ?? [],
  }
}

/**
 * Reads what an ONNX file declares. Nothing of it is run, and no other file is opened: one whose weights lie in another file is refused.
 * @throws WorkbenchError PATH_MISSING, PATH_UNREADABLE, FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function readOnnx(path: string): Promise<OnnxSummary> {
  const bytes = await readWhole(path)
  const none = (cause?: unknown) =>
    new WorkbenchError('FILE_DAMAGED', `${path} is not an ONNX file, or is damaged; choose an ONNX file, or get it again.`, {
      field: 'model',
      cause,
    })
  let model: ModelFields
  try {
    scanProtobuf(bytes, modelMessage, limits)
    model = modelMessage.decode(bytes) as unknown as ModelFields
  } catch (cause) {
    if (cause instanceof LimitError) {
      throw new WorkbenchError(
        'FILE_UNSUPPORTED',
        `${path} is larger than an encoder can be (${cause.message}); choose the ONNX file of one.`,
        { field: 'model', cause },
      )
    }
    throw none(cause)
  }
  const { graph } = model
  if (!graph || model.opset_import.length === 0 || graph.node.length === 0 || graph.output.length === 0) throw none()
  if (isExternal(graph)) {
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `${path} keeps its weights in another file, which is not read; save it as one file (onnx.save with save_as_external_data=False).`,
      { field: 'model' },
    )
  }
  const constant = new Set(graph.initializer.map(({ name }) => name))
  return {
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    irVersion: Number(model.ir_version ?? 0),
    opsets: Object.fromEntries(
      model.opset_import.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : (domain ?? ''), Number(version ?? 0)]),
    ),
    producer: model.producer_name ?? '',
    metadata: Object.fromEntries(model.metadata_props.map(({ key, value }) => [key ?? '', value ?? ''])),
    // Files of before IR version 4 list their weights among the inputs.
    inputs: graph.input.filter(({ name }) => !constant.has(name)).map(declared),
    outputs: graph.output.map(declared),
    nodes: graph.node.length,
  }
}
