import { WorkbenchError } from '../../../shared/errors.ts'
import type { Evaluation, Export } from '../../../shared/domain.ts'
import type { PackedDataset } from '../data/packed.ts'
import { codesDataset } from '../embed/codes.ts'
import { measureCodes } from '../embed/measure.ts'
import type { Report } from '../evaluate/report.ts'
import { batchSize } from '../evaluate/samples.ts'
import { fileRows } from '../export/fileRows.ts'
import type { Outputs } from '../export/verify.ts'
import type { Port } from '../training/port.ts'
import { reporting } from './share.ts'

type Figures = Pick<NonNullable<Export['reduction']>, 'figure' | 'float32' | 'reduced'>
const none: Figures = { figure: null, float32: null, reduced: null }
const stopped = () => new WorkbenchError('CANCELLED', 'The export was cancelled; no file was written.')

/**
 * What a reduced file is worth beside the float32 one, on the dataset that the run was trained on and split as it was: an
 * encoder's linear probe, a classifier's accuracy. Of the float32 network the run's evaluation is taken where it says it.
 * @param train rows of its training split
 * @throws WorkbenchError CANCELLED
 */
export async function measureReduced(
  { part, evaluation }: { part: Export['part']; evaluation?: Evaluation | null },
  outputs: { float32: Outputs; reduced: Outputs },
  dataset: PackedDataset,
  train: Uint32Array,
  port: Port,
): Promise<Figures> {
  const figure = part === 'encoder' ? 'linearProbeAccuracy' : part === 'classifier' ? 'classificationAccuracy' : null
  if (figure === null || !dataset.labels) return none
  const known = evaluation?.[figure] ?? null
  const measure =
    figure === 'linearProbeAccuracy'
      ? (of: Outputs, report: Report) => probe(of, dataset, train, report)
      : (of: Outputs, report: Report) => accuracy(of, dataset, report)
  const reduced = await measure(outputs.reduced, reporting(port, 'Measuring', { to: known === null ? 0.5 : 1, stopped }))
  if (reduced === null) return none
  const float32 = known ?? (await measure(outputs.float32, reporting(port, 'Measuring', { from: 0.5, stopped })))
  return { figure, float32, reduced }
}

/** Visits what a file gives for some rows of a dataset, batch by batch. */
async function forEachOutput(
  of: Outputs,
  output: string,
  dataset: PackedDataset,
  rows: Uint32Array,
  report: Report,
  visit: (values: Float32Array, start: number, count: number) => void,
): Promise<void> {
  const limit = batchSize(dataset.rowSize)
  for (let start = 0; start < rows.length; start += limit) {
    const chosen = rows.subarray(start, start + limit)
    visit((await of(fileRows(dataset, chosen, 'raw'), chosen.length))[output]!.data, start, chosen.length)
    await report((start + chosen.length) / rows.length)
  }
}

async function probe(of: Outputs, dataset: PackedDataset, train: Uint32Array, report: Report): Promise<number | null> {
  let codes = new Float32Array(),
    size = 0
  await forEachOutput(
    of,
    'code',
    dataset,
    Uint32Array.from({ length: dataset.count }, (_, row) => row),
    (share) => report(0.3 * share),
    (values, start, count) => {
      if (size === 0) codes = new Float32Array(dataset.count * (size = values.length / count))
      codes.set(values, start * size)
    },
  )
  return (
    await measureCodes(codesDataset(codes, size, dataset), train, ['linearProbeAccuracy'], (share) => report(0.3 + 0.7 * share))
  ).linearProbeAccuracy
}

/** Share of the labelled test images whose most probable class is theirs. */
async function accuracy(of: Outputs, dataset: PackedDataset, report: Report): Promise<number | null> {
  const labels = dataset.labels!
  const rows = dataset.test.filter((row) => labels[row]! >= 0)
  if (rows.length === 0) return null
  let right = 0
  await forEachOutput(of, 'probabilities', dataset, rows, report, (values, start, count) => {
    const classes = values.length / count
    for (let i = 0; i < count; i++) {
      const probabilities = values.subarray(i * classes, (i + 1) * classes)
      if (
        probabilities.indexOf(probabilities.reduce((most, value) => Math.max(most, value), -Infinity)) === labels[rows[start + i]!]
      )
        right++
    }
  })
  return right / rows.length
}
