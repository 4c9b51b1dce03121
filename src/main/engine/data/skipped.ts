import type { Skipped } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { counted, thousands } from '../../../shared/words.ts'
import { readFormats } from './header.ts'

/** Reasons that are told in full; the others are counted together. */
const mostReasons = 4

/** What a reason says of files of its kind: without names and numbers that differ from file to file. */
const kindOf = (reason: string): string => reason.replace(/\d[\d,.]*/g, '…')

/** Why files were left out, the most frequent reason first: “not an image (12 files, such as a.txt); empty (b.png)”. */
function whySkipped(skipped: readonly Skipped[]): string {
  const kinds = new Map<string, { first: Skipped; count: number }>()
  for (const file of skipped) {
    const kind = kinds.get(kindOf(file.reason))
    if (kind) kind.count++
    else kinds.set(kindOf(file.reason), { first: file, count: 1 })
  }
  const sorted = [...kinds.values()].sort((a, b) => b.count - a.count),
    commonest = sorted.slice(0, mostReasons)
  const others = sorted.slice(mostReasons).reduce((sum, { count }) => sum + count, 0)
  const parts = commonest.map(({ first, count }) =>
    count === 1 ? `${first.path}: ${first.reason}` : `${thousands(count)} files, such as ${first.path}: ${first.reason}`,
  )
  return [...parts, ...(others > 0 ? [`${thousands(others)} for other reasons`] : [])].join('; ')
}

/** DATASET_EMPTY of a folder in which no image is left. */
export function noUsableImage(path: string, skipped: readonly Skipped[], field = 'path'): WorkbenchError {
  const [only] = skipped,
    looked = counted(skipped.length, 'file was', 'files were')
  return new WorkbenchError(
    'DATASET_EMPTY',
    only
      ? `There is no usable image in ${path}: ${looked} looked at (${whySkipped(skipped)}). Choose a folder with ${readFormats} images.`
      : `There is nothing in ${path}; choose a folder or an archive with images.`,
    { field },
  )
}
