import type { Dataset, Skipped } from '../../../shared/domain.ts'
import type { ClassTable } from '../../../shared/inspection.ts'
import { copiesSentence } from '../../../shared/datasetWords.ts'
import { partsOf } from '../../../shared/split.ts'
import { counted, thousands } from '../../../shared/words.ts'
import { partTable } from './partTable.ts'

/** Names that are told of what was skipped; the others are only counted. */
const mostSkipped = 20

/** `28x28x1`, or how many values a vector has. */
export const sizeOf = ({ kind, width, height, channels }: Dataset): string =>
  kind === 'image' ? `${width}x${height}x${channels}` : counted(width, 'value')

/** A dataset for people: what it is, its parts and classes, what was noted and what was left out. */
export function datasetText(dataset: Dataset, byClass: ClassTable, skipped: readonly Skipped[]): string {
  const { name, id, count, kind, classes, notes } = dataset,
    copies = copiesSentence(dataset)
  const more = skipped.length > mostSkipped ? [`  and ${skipped.length - mostSkipped} more (--json lists all)`] : []
  return [
    `${name} (${id}): ${counted(count, kind === 'image' ? 'image' : 'row')} of ${sizeOf(dataset)}, ` +
      `${classes.length === 0 ? 'without labels' : counted(classes.length, 'class', 'classes')}`,
    partsSentence(dataset),
    ...(classes.length > 0 ? [partTable(byClass)] : []),
    ...(copies === null ? [] : [copies]),
    ...notes.map(({ message }) => `Note: ${message}`),
    ...(skipped.length === 0
      ? []
      : [
          `${skipped.length} skipped:`,
          ...skipped.slice(0, mostSkipped).map(({ path, reason }) => `  ${path}: ${reason}`),
          ...more,
        ]),
  ].join('\n')
}

/** How many images each part has, and where validation comes from. */
function partsSentence(dataset: Pick<Dataset, 'count' | 'testCount' | 'validationCount'>): string {
  const { train, validation, test } = partsOf(dataset)
  const validationPhrase =
    validation > 0
      ? `${thousands(validation)} for validation, the same in every run`
      : 'a tenth of them for validation, drawn by the seed of each run'
  return validation > 0
    ? `${thousands(train)} for training, ${validationPhrase}, ${thousands(test)} for testing.`
    : `${thousands(train)} for training (${validationPhrase}), ${thousands(test)} for testing.`
}
