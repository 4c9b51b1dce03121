import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeFigures, type Embedding, type EncoderChoice } from '../../../shared/embeddings.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { parseRange } from '../../../shared/valueRange.ts'
import { binarised } from '../data/binarise.ts'
import { openDataset } from '../data/open.ts'
import type { PackedDataset } from '../data/packed.ts'
import { ProgressReporter } from '../data/progress.ts'
import { validationSplit } from '../data/split.ts'
import { rangesOf } from '../data/values/fit.ts'
import type { Ranges } from '../data/values/range.ts'
import type { Port } from '../training/port.ts'
import { codesDataset } from '../embed/codes.ts'
import { encodeDataset } from '../embed/dataset.ts'
import { encoderOf } from '../embed/encoder.ts'
import { writeEmbedding } from '../embed/files/write.ts'
import { encodeFolder } from '../embed/folder.ts'
import { writeSum } from '../embed/keptCodes.ts'
import { CodesFile, codesName, readCodes } from '../embed/codesFile.ts'
import { readOnnx } from '../embed/onnxFile.ts'
import { openEncoder, type OpenEncoder } from '../embed/session.ts'
import type { ExportJob } from './export.ts'
import { reporting, telling } from './share.ts'

/** Encodes the images of a folder or a dataset. */
export interface EmbedJob {
  kind: 'embed'
  /** A run, of which the encoder is exported first; or an ONNX file, with what it does not say of itself. */
  encoder: { run: Omit<ExportJob, 'kind' | 'part' | 'input' | 'precision' | 'out' | 'force'> } | { file: EncoderChoice }
  data: { folder: string } | { datasetFolder: string; binarise: boolean }
  /** A folder for what is on its way, and for the codes (`codes.npy`). */
  work: string
  out: { file: string; force: boolean; bom?: boolean } | null
  /** Whether the codes of a labelled dataset are measured. */
  measure: boolean
  /** Words about where the codes are from. */
  about: Record<string, string>
}
export type EmbedResult = Pick<
  Embedding,
  'count' | 'codeSize' | 'output' | 'modelSha256' | 'skipped' | 'bytes' | 'linearProbeAccuracy' | 'knnAccuracy' | 'seconds'
>

/** What the train split of runs without a seed of their own would be: their probes learn from the same images as these. */
const seed = 1

/**
 * The encoder of a run becomes an ONNX file first: what is embedded is what is exported. A dataset's rows are what the network
 * takes; images of a folder are not.
 */
async function open({ encoder, data, work }: EmbedJob, port: Port): Promise<OpenEncoder> {
  if ('file' in encoder) return openEncoder(encoder.file.model, encoderOf(await readOnnx(encoder.file.model), encoder.file))
  const out = join(work, 'encoder.onnx')
  const { exportRun } = await import('./export.ts')
  await exportRun(
    {
      ...encoder.run,
      kind: 'export',
      part: 'encoder',
      input: 'folder' in data ? 'pixels' : 'raw',
      precision: 'float32',
      out,
      force: true,
    },
    port,
  )
  return openEncoder(out, encoderOf(await readOnnx(out)))
}

/** What becomes 0 to 255 of images that are given to an encoder: what did of those that it was trained on. */
function rangesFor({ encoder }: EmbedJob, { metadata }: { metadata: Record<string, string> }): Ranges {
  if ('run' in encoder) return rangesOf(encoder.run.datasetFolder)
  const said = parseRange(metadata['valueRange'] ?? '')
  return { bytes: null, wide: said?.kind === 'given' ? { from: said.from, to: said.to, reason: 'given' } : null }
}

/**
 * Encodes a folder or a dataset, measures the codes where that was asked for, and writes them. The codes are in `codes.npy` in
 * the work folder.
 * @throws WorkbenchError as of its parts; CANCELLED
 */
export async function embed(job: EmbedJob, port: Port): Promise<EmbedResult> {
  const { data, work, out, signal } = { ...job, signal: port.signal }
  const began = performance.now()
  const progress = new ProgressReporter(telling(port).onProgress)
  const encoder = await open(job, port)
  const codes = new CodesFile(join(work, codesName))
  let dataset: PackedDataset | null = null
  try {
    if ('datasetFolder' in data) {
      const plain = openDataset(data.datasetFolder)
      dataset = data.binarise ? binarised(plain) : plain
    }
    const encoded =
      'folder' in data
        ? await encodeFolder(data.folder, encoder, codes, { work, ranges: rangesFor(job, encoder.encoder), progress, signal })
        : await encodeDataset(dataset!, data.datasetFolder, encoder, codes, { progress, signal })
    const codeSize = codes.finish(),
      { count } = codes
    if (dataset !== null) writeSum(work, codes)
    const seconds = (performance.now() - began) / 1000
    const figures = dataset !== null && job.measure ? await measure(dataset, codes.path, codeSize, port) : null
    let bytes: number | null = null
    if (out !== null) {
      await writeEmbedding(
        out.file,
        out.force,
        {
          ...encoded,
          count,
          codeSize,
          codes: codes.path,
          bom: out.bom ?? false,
          about: { ...job.about, output: encoder.encoder.output, modelSha256: encoder.encoder.sha256 },
        },
        async (rows) => {
          if (await port.wanted()) signal.throwIfAborted()
          progress.update('Writing', rows, count)
        },
      )
      bytes = (await stat(out.file)).size
    }
    return {
      count,
      codeSize,
      output: encoder.encoder.output,
      modelSha256: encoder.encoder.sha256,
      skipped: encoded.skipped,
      bytes,
      seconds,
      linearProbeAccuracy: figures?.linearProbeAccuracy ?? null,
      knnAccuracy: figures?.knnAccuracy ?? null,
    }
  } catch (thrown) {
    if (signal.aborted) throw new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.', { cause: thrown })
    throw thrown
  } finally {
    codes.close()
    dataset?.close()
    await encoder.close()
  }
}

async function measure(dataset: PackedDataset, path: string, codeSize: number, port: Port) {
  if (!dataset.labels) return null
  // Only here TensorFlow is needed.
  const { measureCodes } = await import('../embed/measure.ts')
  return measureCodes(
    codesDataset(readCodes(path, codeSize, 0, dataset.count), codeSize, dataset),
    validationSplit(dataset, seed).train,
    codeFigures,
    reporting(port, 'Measuring'),
  )
}
