import { WorkbenchError } from '../../../shared/errors.ts'
import { firstIdentical, keepCopiesTogether } from './duplicates.ts'
import { random } from './random.ts'
import { drawStratified } from './split.ts'

/** Share of the images that are fixed for testing when a dataset brings no test split of its own. */
export const testShare = 0.15
/** One image each to train, to validate and to test with. */
const fewest = 3

/**
 * Decides the test split of an import: what the source brings (from a row on, or 1 for each of its rows), or 15% stratified by class, drawn
 * with a seed that is the same for every import. Identical images end up on one side.
 * @throws WorkbenchError DATASET_EMPTY, DATASET_TOO_SMALL
 */
export function testSplit(count: number, labels: Int32Array | null, hashes: Uint8Array, brought: number | Uint8Array | null): {
  test: Uint32Array
  duplicates: number
  movedToOneSide: number
} {
  if (count === 0) throw new WorkbenchError('DATASET_EMPTY', 'There is no usable image in it; choose a folder, IDX or npz file with images.', { field: 'path' })
  const onTest = new Uint8Array(count)
  if (typeof brought === 'number') {
    onTest.fill(1, brought)
  } else if (brought !== null) {
    onTest.set(brought)
  } else if (count >= fewest) {
    const all = new Uint32Array(count).map((_, row) => row)
    for (const row of drawStratified(all, labels, testShare, random('test')).drawn) onTest[row] = 1
  }
  const first = firstIdentical(hashes, count)
  let duplicates = 0
  for (let row = 0; row < count; row++) if (first[row] !== row) duplicates++
  const movedToOneSide = duplicates ? keepCopiesTogether(onTest, first, labels, brought !== null) : 0
  const test = new Uint32Array(onTest.reduce((sum, side) => sum + side, 0))
  for (let row = 0, filled = 0; row < count; row++) if (onTest[row]) test[filled++] = row
  if (test.length < 1 || count - test.length < 2) {
    const why = count < fewest ? `There ${count === 1 ? 'is only 1 usable image' : `are only ${count} usable images`}`
      : `Of ${count} images ${duplicates} are copies of others, so that ${count - test.length} would be left for training and ${test.length} for testing`
    throw new WorkbenchError('DATASET_TOO_SMALL', `${why}; training, validation and testing need at least one different image each. Add more images.`, { field: 'path' })
  }
  return { test, duplicates, movedToOneSide }
}
