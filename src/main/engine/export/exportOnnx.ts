import { createHash } from 'node:crypto'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Export } from '../../../shared/domain.ts'
import type { Recording } from '../trace/record.ts'
import type { ValueSource } from './constants.ts'
import { compareRecordings } from './dynamicRecording.ts'
import { encodeModel, irVersion, opsetVersion, type OnnxGraph, type OnnxModel, type OnnxValue } from './onnxModel.ts'
import type { OnnxSession } from './onnxruntime.ts'
import { codeLogVarianceRange } from '../network/weights.ts'
import { imageMetadata, pixelOpening, type Geometry } from './pixels.ts'
import { checkTarget, writeChecked } from './targetFile.ts'
import { plainOpening, translate, type Opening } from './translate.ts'
import { reduceGraph, type ReducedPrecision } from './reduce.ts'
import { compareSession, openDeclared, outputsOf, verifiedBatches, verifyModel, type Outputs, type Reference } from './verify.ts'

/** A recording, and the values of what in it depends on weights and constants only. */
interface Recorded {
  recording: Recording
  folded: ValueSource['folded']
}

export interface ExportRequest {
  part: Export['part']
  /**
   * `pixels`: the file takes uint8 images and scales them itself. A decoder takes codes and vector data have no pixels: for them
   * it is `raw`.
   */
  input: Export['input']
  precision: Export['precision']
  /** Path of the file, absolute or from the working folder. */
  out: string
  /** Replace a file that is there already. */
  force: boolean
  geometry: Geometry
  /** Records the part on one float32 input [batch, values], with the trained weights; result names become the file's outputs. */
  recordAt(batch: number): Recorded
  weights: ValueSource['weights']
  /** Test data in the form of the file's input, and what the trained network gives for it. */
  reference: Reference
  /** Version of the workbench. */
  version: string
  /** What the file says about where it comes from: run, settings, dataset, evaluation, checksums. */
  metadata: Record<string, string>
  /** For a reduced file: what it and the float32 one are worth, by what both give for the network's own inputs (float32 [n, D]). */
  measure?: (outputs: { float32: Outputs; reduced: Outputs }) => Promise<Pick<Reduction, 'figure' | 'float32' | 'reduced'>>
  /** Cancels between steps; nothing remains. */
  signal?: AbortSignal
}
type Reduction = NonNullable<Export['reduction']>

export type ExportOutcome = Pick<Export, 'file' | 'sha256' | 'bytes' | 'opset' | 'maxAbsDiff' | 'reduction' | 'inputs' | 'outputs'>

/** Two sizes that no dimension of a network could follow by accident and still be the batch. */
const recordedBatches = [3, 5] as const

/** Protobuf messages end here, and ONNX files without a second file for the weights with them. */
const largestFile = 2 ** 31 - 1

const inputNames: Record<Export['part'], string> = { encoder: 'x', decoder: 'code', autoencoder: 'x', classifier: 'x' }
const partTitles: Record<Export['part'], string> = {
  encoder: 'Encoder',
  decoder: 'Decoder',
  autoencoder: 'Autoencoder',
  classifier: 'Classifier',
}

/** What a reader of the file is told about an output. */
const outputTexts: Record<string, string> = {
  code: 'The code of each image.',
  mean: "The mean of the code's distribution given the image; it is the code.",
  logVariance:
    "The natural logarithm of the variance of each unit of the code's distribution given the image, " +
    `kept in [${codeLogVarianceRange.join(', ')}].`,
  probabilities: 'The probability of each class; metadata "classes" names them in this order.',
}
/** Of a reconstruction: what a row of it is. */
const reconstructionText = ({ kind, width, height, channels }: Geometry): string =>
  kind === 'vector'
    ? 'The reconstruction of each row.'
    : `The reconstruction of each image: ${height} x ${width} x ${channels} ` +
      'values, row by row, channels last; as pixels 0 is black and 1 is white.'

const describe = ({ name, dtype, shape }: OnnxValue) => ({ name, type: dtype, shape })

/**
 * Says which weights a file was made from: SHA-256 over the weights in the order of their names, each as its name, a newline and its
 * float32 values (little-endian, row by row).
 */
function weightsSha256(weights: ValueSource['weights']): string {
  const hash = createHash('sha256')
  for (const [name, { data }] of Object.entries(weights).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    hash.update(`${name}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}

/** Whether the file takes images: what was asked for, where there are images. */
const takesPixels = ({ input, part, geometry }: ExportRequest): boolean =>
  input === 'pixels' && part !== 'decoder' && geometry.kind === 'image'

function openingOf(request: ExportRequest): Opening {
  return takesPixels(request) ? pixelOpening(request.geometry) : plainOpening(inputNames[request.part])
}

function modelOf(request: ExportRequest, graph: OnnxGraph, precision: Export['precision'] = 'float32'): OnnxModel {
  const input = takesPixels(request) ? 'pixels' : 'raw'
  const of = request.metadata['run'] === undefined ? '' : ` of run ${request.metadata['run']}`
  const ends = [...graph.inputs, ...graph.outputs]
    .map(({ name, dtype, shape }) => `${name}: ${dtype} [${shape.join(', ')}]`)
    .join('; ')
  return {
    graph,
    opset: opsetVersion,
    irVersion,
    producer: 'autoencoder-workbench',
    producerVersion: request.version,
    doc: `${partTitles[request.part]}${of}, trained with Autoencoder Workbench. ${ends}.`,
    metadata: {
      ...request.metadata,
      weightsSha256: weightsSha256(request.weights),
      part: request.part,
      input,
      precision,
      ...imageMetadata(request.geometry, input),
    },
  }
}

/** The graph of the asked part, for any batch size. */
function graphOf(request: ExportRequest): OnnxGraph {
  const [small, large] = recordedBatches
  const { recording, folded } = request.recordAt(small)
  const dynamic = compareRecordings(recording, request.recordAt(large).recording, [small, large])
  const translated = translate(request.part, dynamic, { weights: request.weights, folded }, openingOf(request))
  const graph = {
    ...translated,
    outputs: translated.outputs.map((value) => ({
      ...value,
      doc: outputTexts[value.name] ?? reconstructionText(request.geometry),
    })),
  }
  const size = graph.initialisers.reduce((sum, tensor) => sum + tensor.data.byteLength, 0)
  if (size > largestFile - 2 ** 20) {
    throw new WorkbenchError(
      'EXPORT_UNSUPPORTED',
      `The weights take ${(size / 1e9).toFixed(1)} GB and an ONNX file holds 2 GB; export a part of the network, or a smaller one.`,
    )
  }
  return graph
}

/**
 * Writes one part of a trained network as an ONNX file. The file appears under its name only after onnxruntime has given the
 * same outputs as TensorFlow on real test data; on any failure the target is as it was and nothing else remains. A reduced file
 * is held against the float32 network with the kernels that it stands for, after the float32 file itself was held against
 * TensorFlow; what it differs from the trained network is measured.
 * @throws WorkbenchError EXPORT_EXISTS, EXPORT_UNWRITABLE, EXPORT_UNSUPPORTED, OPERATION_UNKNOWN, EXPORT_DISAGREES, DISK_FULL, CANCELLED.
 */
export async function exportOnnx(request: ExportRequest): Promise<ExportOutcome> {
  const { precision, reference, force } = request
  const target = await checkTarget(request.out, force, null)
  const refuseIfCancelled = () => {
    if (request.signal?.aborted) throw new WorkbenchError('CANCELLED', 'The export was cancelled; no file was written.')
  }
  refuseIfCancelled()
  const graph = graphOf(request)
  const full = encodeModel(modelOf(request, graph))
  refuseIfCancelled()
  const writeFile = async () => {
    if (precision === 'float32') {
      const maxAbsDiff = await writeChecked(target, full, force, async (file) => {
        const largest = await verifyModel(file, graph, reference, refuseIfCancelled)
        refuseIfCancelled()
        return largest
      })
      return { bytes: full, maxAbsDiff, reduction: null }
    }
    const { reduced, rounded } = reduceGraph(graph, precision)
    const bytes = encodeModel(modelOf(request, reduced, precision))
    await verifyModel(full, graph, reference, refuseIfCancelled)
    return {
      bytes,
      ...(await writeChecked(target, bytes, force, (file) =>
        checkReduced(file, { graph, full, rounded: encodeModel(modelOf(request, rounded)), request, precision, refuseIfCancelled }),
      )),
    }
  }
  const { bytes, maxAbsDiff, reduction } = await writeFile()
  return {
    file: target,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.byteLength,
    opset: opsetVersion,
    maxAbsDiff,
    reduction,
    inputs: graph.inputs.map(describe),
    outputs: graph.outputs.map(describe),
  }
}

interface ReducedCheck {
  graph: OnnxGraph
  full: Uint8Array
  rounded: Uint8Array
  request: ExportRequest
  precision: ReducedPrecision
  refuseIfCancelled: () => void
}

/** That a reduced file computes what its kernels stand for; and what it differs from the trained network. */
async function checkReduced(
  file: string,
  { graph, full, rounded, request, precision, refuseIfCancelled }: ReducedCheck,
): Promise<{ maxAbsDiff: number; reduction: Reduction }> {
  const { reference, measure } = request
  const sessions: OnnxSession[] = []
  const open = async (model: string | Uint8Array, declared: OnnxGraph = graph) => {
    const session = await openDeclared(model, declared)
    sessions.push(session)
    return session
  }
  try {
    const session = await open(file)
    await compareSession(
      session,
      graph,
      { ...reference, testRows: (count) => reference.testRows(count), outputs: outputsOf(await open(rounded), graph) },
      { beforeEach: refuseIfCancelled },
    )
    const maxAbsDiff = await compareSession(session, graph, reference, { beforeEach: refuseIfCancelled, strict: false })
    const outputs = { float32: outputsOf(await open(full), graph), reduced: outputsOf(session, graph) }
    const relativeDifference = await relativeDifferenceOf(outputs, graph.outputs[0]!.name, reference)
    const measured = async () => {
      const plain: ExportRequest = { ...request, input: 'raw' },
        raw = graphOf(plain)
      const [float32, smaller] = [
        await open(encodeModel(modelOf(plain, raw)), raw),
        await open(encodeModel(modelOf(plain, reduceGraph(raw, precision).reduced)), raw),
      ]
      return measure!({ float32: outputsOf(float32, raw), reduced: outputsOf(smaller, raw) })
    }
    const figures = measure ? await measured() : { figure: null, float32: null, reduced: null }
    refuseIfCancelled()
    return { maxAbsDiff, reduction: { float32Bytes: full.byteLength, relativeDifference, ...figures } }
  } finally {
    for (const session of sessions) await session.close()
  }
}

/** Root mean square of the differences of one output, over that of its deviations from each unit's mean; 0 where it never differs. */
async function relativeDifferenceOf(
  { float32, reduced }: { float32: Outputs; reduced: Outputs },
  output: string,
  { testRows }: Reference,
): Promise<number> {
  const count = Math.max(...verifiedBatches)
  const rows = testRows(count)
  const wanted = (await float32(rows, count))[output]!.data,
    found = (await reduced(rows, count))[output]!.data
  const units = wanted.length / count
  const means = new Float64Array(units)
  wanted.forEach((value, index) => {
    means[index % units]! += value / count
  })
  let squares = 0,
    spread = 0
  wanted.forEach((value, index) => {
    squares += (found[index]! - value) ** 2
    spread += (value - means[index % units]!) ** 2
  })
  return squares === 0 ? 0 : Math.sqrt(squares / spread)
}
