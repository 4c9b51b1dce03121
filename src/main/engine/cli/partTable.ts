import type { ClassTable } from '../../../shared/inspection.ts'
import { counted } from '../../../shared/words.ts'
import { table } from './table.ts'

/** Classes that are told; the others only counted. */
const most = 40

/** Images of each class in each part, as text. */
export function partTable({ classes, unlabelled }: ClassTable): string {
  const cells = ({ train, validation, test }: { train: number; validation: number; test: number }) =>
    [train, validation, test].map(String)
  const rows = classes.slice(0, most).map(({ name, ...parts }) => [name, ...cells(parts)])
  if (unlabelled.train + unlabelled.validation + unlabelled.test > 0) rows.push(['(no label)', ...cells(unlabelled)])
  const more = classes.length > most ? `\nand ${counted(classes.length - most, 'more class', 'more classes')} (--json has all)` : ''
  return table(['class', 'train', 'validation', 'test'], rows) + more
}
