import { textOfConvolutions } from '../../../shared/convolutions.ts'
import type { Evaluation, Export } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { readResult } from '../checkpoint/checkpoint.ts'
import { rangesOf } from '../data/values/fit.ts'
import { exportOnnx, type ExportOutcome } from '../export/exportOnnx.ts'
import { fileRows } from '../export/fileRows.ts'
import { runtimeVersion } from '../export/onnxruntime.ts'
import { verifiedBatches, type Reference } from '../export/verify.ts'
import { networkParts, partsOf } from '../network/parts.ts'
import { trace } from '../trace/recorder.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import { version } from '../version.ts'
import { partsOfNetwork } from '../variants/variant.ts'
import { inputTensor } from '../network/inputs.ts'
import { clearRows } from '../export/clearRows.ts'
import { measureReduced } from './exportFigures.ts'
import { openTrained } from './openTrained.ts'
import type { RunFolders } from '../training/messages.ts'
import { networkOf } from '../training/objective.ts'
import type { Port } from '../training/port.ts'

export interface ExportJob extends RunFolders {
  kind: 'export'
  part: Export['part']
  input: Export['input']
  precision: Export['precision']
  out: string
  force: boolean
  /** The run's; what it says of the trained network is not measured again. */
  evaluation?: Evaluation | null
  /** Goes into the file's metadata: run id and name, dataset name and fingerprint, settings, evaluation, versions. */
  metadata: Record<string, string>
}
export type ExportResult = ExportOutcome

/**
 * Bytes [n, D] as the import stores them: of patches whose contrast it normalises (data/patches/contrast.ts) as the file does
 * it, operation by operation.
 */
function asStored(bytes: Tensor2D, contrastLimit: number | undefined): Tensor2D {
  if (contrastLimit === undefined) return bytes
  const scaled = bytes.sub(bytes.sum(1, true).div(bytes.shape[1])).div<Tensor2D>(contrastLimit)
  return scaled
    .clipByValue(-1, 1)
    .mul(0.4 * 255)
    .add<Tensor2D>(0.5 * 255)
    .round()
}

/** Writes a part of a trained run as ONNX, translated from a recording of it and verified against plain tfjs on test images. */
export async function exportRun(job: ExportJob, port: Port): Promise<ExportResult> {
  const { checkpoint, data, train, spec } = openTrained(readResult(job.runFolder), job.datasetFolder)
  const { config, state, classes, position } = checkpoint
  const { variant } = spec
  const dataset = data.stored
  const parts = partsOf(config)
  if (!parts.includes(job.part))
    throw new WorkbenchError(
      'EXPORT_UNSUPPORTED',
      `This run has no ${job.part}; export its ${parts.join(', ').replace(/, ([^,]*)$/, ' or $1')}.`,
      { field: 'part' },
    )
  const part = networkParts[job.part]
  const specs = partsOfNetwork(variant, config, dataset, classes.length)
  const tensors = Object.fromEntries(specs.map(({ name, shape }) => [name, tf.keep(tf.tensor(state[name]!.slice(), shape))]))
  // A new one for each use: a network keeps what it normalises, and that lasts as long as the use.
  const network = () => networkOf(variant, config, dataset, tensors)
  const columns = job.part === 'decoder' ? config.network.layers.at(-1)! : dataset.rowSize

  const compared =
    job.part === 'decoder' ? dataset.test : clearRows(variant, config, network, dataset, Math.max(...verifiedBatches))
  const testInputs = (count: number): Uint32Array =>
    Uint32Array.from({ length: count }, (_, index) => compared[index % compared.length]!)
  const reference: Reference = {
    testRows(count) {
      if (job.part === 'decoder')
        return tf.tidy(
          () =>
            network()
              .encode(inputTensor(dataset, testInputs(count)))
              .dataSync()
              .slice() as Float32Array,
        )
      return fileRows(dataset, testInputs(count), job.input)
    },
    outputs: (rows, count) =>
      tf.tidy(() => {
        const input = tf.tensor2d(Float32Array.from(rows), [count, columns])
        const results = part(
          network(),
          rows instanceof Uint8Array ? asStored(input, dataset.contrastLimit).div<Tensor2D>(255) : input,
        )
        return Object.fromEntries(
          Object.entries(results).map(([name, tensor]) => [
            name,
            { shape: tensor.shape, data: tensor.dataSync().slice() as Float32Array },
          ]),
        )
      }),
  }
  return exportOnnx({
    ...job,
    version,
    geometry: dataset,
    recordAt: (batch) =>
      trace(
        [
          {
            name: job.part === 'decoder' ? 'code' : 'x',
            tensor: { shape: [batch, columns], dtype: 'float32', values: new Float32Array(batch * columns).fill(0.5) },
          },
        ],
        specs.map(({ name, shape }) => ({ name, tensor: { shape, dtype: 'float32', values: state[name]! } })),
        (named) =>
          part(
            networkOf(variant, config, dataset, Object.fromEntries(specs.map(({ name }) => [name, named(name)]))),
            named(job.part === 'decoder' ? 'code' : 'x') as Tensor2D,
          ),
        { fold: true },
      ),
    weights: Object.fromEntries(specs.map(({ name, shape }) => [name, { shape, data: state[name]! }])),
    reference,
    measure: (outputs) => measureReduced(job, outputs, data.seen, train, port),
    metadata: {
      ...job.metadata,
      ...rangeSaid(job.datasetFolder),
      checkpoint: checkpoint.name,
      step: String(position.step),
      epoch: String(position.epoch),
      'tfjs-node': tf.version['tfjs-node'] ?? '',
      'onnxruntime-node': runtimeVersion,
      binarise: config.data.binarise,
      ...(config.network.convolutions.length > 0 ? { convolutions: textOfConvolutions(config.network.convolutions) } : {}),
      ...(config.data.statistics ? { standardised: JSON.stringify(config.data.statistics) } : {}),
    },
    signal: port.signal,
  })
}

/**
 * The range of wide values (16 bits, floats ...) that became 0 to 255 in the images that were trained on,
 * so that others can be handled alike.
 */
function rangeSaid(folder: string): { valueRange?: string } {
  const { wide } = rangesOf(folder)
  return wide === null || wide.reason === 'image' ? {} : { valueRange: `${wide.from}..${wide.to}` }
}
