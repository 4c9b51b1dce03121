import type { ClassTable, PartCounts } from '../../../shared/inspection.ts'
import type { PackedDataset } from './packed.ts'

/** What the table is made of: the rows that are not for training, and how many there are of all. */
interface Labelled extends Pick<PackedDataset, 'classes' | 'labels' | 'validation' | 'test'> {
  count: number
}

/** How many rows each class has in each part. */
export function tableOf({ classes, labels, validation, test, count }: Labelled): ClassTable {
  const none = (): PartCounts => ({ train: 0, validation: 0, test: 0 })
  const counts = Array.from({ length: classes.length + 1 }, none)
  const of = (row: number): PartCounts => counts[(labels?.[row] ?? -1) + 1]!
  for (let row = 0; row < count; row++) of(row).train++
  for (const [part, rows] of [
    ['validation', validation],
    ['test', test],
  ] as const) {
    for (const row of rows) {
      of(row)[part]++
      of(row).train--
    }
  }
  return { classes: classes.map((name, label) => ({ name, ...counts[label + 1]! })), unlabelled: counts[0]! }
}
