import type { DatasetNote } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { firstIdentical, keepCopiesTogether } from './duplicates.ts'
import { random } from './random.ts'
import { testPart, trainPart, validationPart } from './request.ts'
import { drawStratified } from './split.ts'

/** Share of the images that are fixed for testing when a dataset brings no test split of its own. */
export const testShare = 0.15
/** One image each to train, to validate and to test with. */
const fewest = 3

export interface Split {
  /** Rows of each, ascending; `validation` is empty where the source brings none. */
  test: Uint32Array
  validation: Uint32Array
  /** Identical images beyond the first of each, and how many of them were moved so that none is on both sides of a drawn split. */
  duplicates: number
  movedToOneSide: number
  /** For every row the first one that is identical. */
  first: Uint32Array
  notes: DatasetNote[]
}

/**
 * Decides the split of an import. Parts that the source brings stay as they are, and it is said how many images are in two of them. Where it brings no
 * test part, 15% of the others are drawn, stratified by class, with a seed that is the same for every import; identical images end up on one side.
 * @param parts the part of every row, as the source brings them; null: it brings none
 * @param copies `train`: of rows that are alike and in two parts, training keeps all; else they stay where the source has them
 * @throws WorkbenchError DATASET_EMPTY, DATASET_TOO_SMALL
 */
export function splitRows(count: number, labels: Int32Array | null, hashes: Uint8Array, parts: Uint8Array | null, copies?: 'train'): Split {
  if (count === 0) throw new WorkbenchError('DATASET_EMPTY', 'There is no usable image in it; choose a folder, IDX or npz file with images.', { field: 'path' })
  const part = parts?.slice() ?? new Uint8Array(count)
  const first = firstIdentical(hashes, count)
  let duplicates = 0
  for (let row = 0; row < count; row++) if (first[row] !== row) duplicates++
  const notes: DatasetNote[] = []
  let movedToOneSide = 0
  if (copies === 'train') movedToOneSide = keepForTraining(part, first)
  else if (part.includes(testPart)) notes.push(...copiesBetween(part, first, testPart, 'test'))
  else movedToOneSide = drawTest(part, first, labels)
  if (part.includes(validationPart)) notes.push(...copiesBetween(part, first, validationPart, 'validation'))
  const rowsOf = (wanted: number) => Uint32Array.from([...part.keys()].filter((row) => part[row] === wanted))
  const test = rowsOf(testPart), validation = rowsOf(validationPart)
  const train = count - test.length - validation.length
  // Without a validation part each run keeps one of the others aside.
  if (test.length < 1 || train < (validation.length > 0 ? 1 : 2)) {
    const why = count < fewest ? `There ${count === 1 ? 'is only 1 usable image' : `are only ${count} usable images`}`
      : `Of ${count} images ${duplicates} are copies of others, so that ${train} would be left for training and ${test.length} for testing`
    throw new WorkbenchError('DATASET_TOO_SMALL', `${why}; training, validation and testing need at least one different image each. Add more images.`, { field: 'path' })
  }
  return { test, validation, duplicates, movedToOneSide, first, notes }
}

/** Draws test rows among those that are for training, in place. @returns how many copies changed sides */
function drawTest(part: Uint8Array, first: Uint32Array, labels: Int32Array | null): number {
  const rows = Uint32Array.from([...part.keys()].filter((row) => part[row] === trainPart))
  if (rows.length < fewest) return 0
  const onTest = new Uint8Array(part.length)
  for (const row of drawStratified(rows, labels, testShare, random('test')).drawn) onTest[row] = 1
  const before = onTest.slice()
  keepCopiesTogether(onTest, first, labels, rows)
  // What is also a validation image, which stays one, would not be unseen.
  const validated = new Set<number>()
  for (const [row, side] of part.entries()) if (side === validationPart) validated.add(first[row]!)
  let moved = 0
  for (const row of rows) {
    if (validated.has(first[row]!)) onTest[row] = 0
    if (onTest[row] !== before[row]) moved++
    part[row] = onTest[row] ? testPart : trainPart
  }
  return moved
}

/** The first row of every group of copies of which one is for training. */
function trainedOf(part: Uint8Array, first: Uint32Array): Set<number> {
  const trained = new Set<number>()
  for (const [row, side] of part.entries()) if (side === trainPart) trained.add(first[row]!)
  return trained
}

/** @returns how many rows were for testing, and are for training now */
function keepForTraining(part: Uint8Array, first: Uint32Array): number {
  const trained = trainedOf(part, first)
  let moved = 0
  for (const [row, side] of part.entries()) {
    if (side !== testPart || !trained.has(first[row]!)) continue
    part[row] = trainPart
    moved++
  }
  return moved
}

/** How many images of a part that the source brings are among those for training, too. */
function copiesBetween(part: Uint8Array, first: Uint32Array, which: number, name: string): DatasetNote[] {
  const trained = trainedOf(part, first)
  let copies = 0, all = 0
  for (const [row, side] of part.entries()) {
    if (side !== which) continue
    all++
    if (trained.has(first[row]!)) copies++
  }
  if (copies === 0) return []
  const message = `${copies.toLocaleString('en')} of the ${all.toLocaleString('en')} ${name} images are also among those for training, as the source has them; they stay.`
  return [{ code: `${name}Copies`, message }]
}
