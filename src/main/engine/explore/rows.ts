import type { QuestionOf } from '../../../shared/questions.ts'
import type { PackedDataset } from '../data/packed.ts'
import { random, shuffleInPlace } from '../data/random.ts'
import { byClass, previewRows } from '../data/split.ts'
import type { Report } from '../evaluate/report.ts'
import { forEachBatch } from '../evaluate/samples.ts'
import { requireRows } from './images.ts'
import { read } from './pictures.ts'
import type { Subject } from './subject.ts'

/** The rows that a question names. @throws WorkbenchError CALL_INVALID */
export function rowsOf(subject: Subject, rows: QuestionOf<'reconstructions'>['rows']): Uint32Array {
  const { dataset } = subject
  if ('preview' in rows) return previewRows(dataset)
  if ('offset' in rows) return dataset.test.slice(rows.offset, rows.offset + rows.count)
  requireRows(subject, rows.rows)
  return Uint32Array.from(rows.rows)
}

/** Up to `count` rows, one of each class in turn: a function of (rows, labels, seed), the same for every run. Ascending. */
export function sampleRows(rows: Uint32Array, labels: PackedDataset['labels'], count: number, seed: number): Uint32Array {
  if (rows.length <= count) return rows.slice()
  const source = random('explore', seed)
  const queues = byClass(rows, labels).map((group) => shuffleInPlace(group.slice(), source))
  const chosen = new Uint32Array(count)
  for (let turn = 0, filled = 0; filled < count; turn++) {
    for (const queue of queues) if (turn < queue.length && filled < count) chosen[filled++] = queue[turn]!
  }
  return chosen.sort()
}

/** Codes of some rows as numbers, [n, Z]. */
export async function codesOf(
  { dataset, network }: Pick<Subject, 'dataset' | 'network'>,
  rows: Uint32Array,
  report: Report,
): Promise<Float32Array<ArrayBuffer>> {
  const { codeSize } = network
  const codes = new Float32Array(rows.length * codeSize)
  await forEachBatch(dataset, rows, async ({ start, size, inputs }) => {
    const batch = network.encode(inputs)
    codes.set(read(batch), start * codeSize)
    batch.dispose()
    await report((start + size) / rows.length)
  })
  return codes
}

/** The median of sorted numbers and their other quantiles, linearly between neighbours. */
export function quantile(sorted: Float32Array, share: number): number {
  const at = share * (sorted.length - 1),
    below = Math.floor(at),
    next = Math.min(sorted.length - 1, below + 1)
  return sorted[below]! + (at - below) * (sorted[next]! - sorted[below]!)
}

/** One column of a matrix [n, columns], sorted. */
export const sortedColumn = (values: Float32Array, columns: number, column: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: values.length / columns }, (_, i) => values[i * columns + column]!).sort()
