import type { DatasetNote } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { sharesSentence } from '../../../shared/split.ts'
import { counted, thousands } from '../../../shared/words.ts'
import { firstIdentical, keepCopiesTogether } from './duplicates.ts'
import { drawBalanced } from './balanced-groups.ts'
import { connected, drawUnits } from './groups.ts'
import { random, type Random } from './random.ts'
import { testPart, trainPart, validationPart, type Packed, type Rows, type SourceRequest, type SplitRequest } from './request.ts'
import { drawStratified } from './split.ts'
import type { Decided, Ranges } from './values/range.ts'

/** Share of the images that are fixed for testing when a dataset brings no test split of its own. */
export const testShare = 0.15
/** One image each to train, to validate and to test with. */
const fewest = 3

export interface Split {
  /** Rows of each, ascending; `validation` is empty where the source brings none. */
  test: Uint32Array
  validation: Uint32Array
  /** The part of every row, brought or drawn. */
  parts: Uint8Array
  /** Identical images beyond the first of each, and how many of them were moved so that none is on both sides of a drawn split. */
  duplicates: number
  movedToOneSide: number
  /** For every row the first one that is identical. */
  first: Uint32Array
  notes: DatasetNote[]
}

/**
 * Decides the split of an import. Parts that the source brings stay as they are, and it is said how many images, and groups,
 * are in two of them. Where it brings no test part, one is drawn of the others: 15%, or as the request says, stratified by
 * class, with a seed that is the same for every import unless it is given; identical images end up on one side, and groups too.
 * So is a validation part, where three shares are asked for.
 * @param rows their part as the source brings them (null: it brings none), labels and groups, and what became 0 to 255
 * @param copies `train`: of rows that are alike and in two parts, training keeps all; else they stay where the source has them
 * @throws WorkbenchError DATASET_EMPTY, DATASET_TOO_SMALL, CALL_INVALID
 */
export function splitRows(
  { count, labels, parts, groups = null, ranges }: Omit<Rows, 'classes'> & Pick<Packed, 'ranges'>,
  hashes: Uint8Array,
  request: SplitRequest & Pick<SourceRequest, 'range'> = {},
  copies?: 'train',
): Split {
  if (count === 0)
    throw new WorkbenchError('DATASET_EMPTY', 'There is no usable image in it; choose a folder, IDX or npz file with images.', {
      field: 'path',
    })
  const part = parts?.slice() ?? new Uint8Array(count)
  const shares = sharesOf(request, part, copies)
  const first = firstIdentical(hashes, count)
  let duplicates = 0
  for (let row = 0; row < count; row++) if (first[row] !== row) duplicates++
  const notes: DatasetNote[] = [],
    balanced = request.groupDraw === 'balanced'
  const brought = part.includes(validationPart) || part.includes(testPart)
  let movedToOneSide = 0
  if (copies === 'train') movedToOneSide = keepForTraining(part, first)
  else if (part.includes(testPart)) notes.push(...copiesBetween(part, first, testPart, 'test'))
  else
    movedToOneSide = drawPart(part, first, labels, groups, {
      which: testPart,
      share: shares.test,
      source: sourceOf('test', request),
      balanced,
    })
  if (part.includes(validationPart)) notes.push(...copiesBetween(part, first, validationPart, 'validation'))
  else if (shares.validation > 0) {
    const share = shares.validation / (1 - shares.test)
    movedToOneSide += drawPart(part, first, labels, groups, {
      which: validationPart,
      share,
      source: sourceOf('validation part', request),
      balanced,
    })
  }
  if (groups) notes.push(...notesOfGroups(part, groups, brought))
  const test = rowsOf(part, testPart),
    validation = rowsOf(part, validationPart)
  const train = count - test.length - validation.length
  requireGroups(part, groups, validation.length > 0)
  // Without a validation part each run keeps one of the others aside.
  const fewTrain = train < (validation.length > 0 ? 1 : 2)
  if (fewTrain && parts?.includes(testPart) && count >= fewest) {
    throw new WorkbenchError(
      'DATASET_TOO_SMALL',
      `By the parts that the data bring, only ${thousands(train)} of ${thousands(count)} images ${train === 1 ? 'is' : 'are'} for ` +
        'training; add images to that part, or import these without their parts.',
      { field: 'path' },
    )
  }
  if (test.length < 1 || fewTrain) {
    const scaled = count < fewest ? null : scaledBy(ranges)
    const why =
      count < fewest
        ? `There ${count === 1 ? 'is' : 'are'} only ${counted(count, 'usable image')}`
        : `Of ${counted(count, 'image')} ${duplicates === 1 ? '1 is a copy of another' : `${thousands(duplicates)} are copies of others`}` +
          `${scaled === null ? '' : `, as they are stored (${scaled})`}, so that ` +
          `${thousands(train)} would be left for training and ${thousands(test.length)} for testing`
    throw new WorkbenchError(
      'DATASET_TOO_SMALL',
      `${why}; training, validation and testing need at least one different image each. ` +
        `${scaled === null ? 'Add more images.' : 'Give another --range, or add more images.'}`,
      { field: scaled !== null && request.range !== undefined ? 'range' : 'path' },
    )
  }
  // Of datasets of before, a repair draws as then.
  if (shares.validation > 0 && validation.length === 0 && (groups === null || balanced)) {
    throw new WorkbenchError(
      'DATASET_TOO_SMALL',
      `No validation part can be drawn of the ${counted(train, 'image')} left for training, since ` +
        `${groups ? 'groups that share identical images' : 'identical images'} stay together; ` +
        `${groups ? 'give another --group, or add images of other groups' : 'add images that differ'}.`,
      { field: groups ? 'group' : 'path' },
    )
  }
  return { test, validation, parts: part, duplicates, movedToOneSide, first, notes }
}

/** The range of values by which images were scaled, which may make different ones equal; null where they are stored as they are. */
function scaledBy(ranges: Ranges | undefined): string | null {
  const kept: readonly Decided['reason'][] = ['bytes', 'binary', 'unit']
  const found = [ranges?.wide, ranges?.bytes].find((range) => range && !kept.includes(range.reason))
  if (!found) return null
  return found.reason === 'image' ? 'each image scaled by its own range' : `values from ${found.from} to ${found.to} as 0 to 255`
}

/** The rows of a part, ascending. */
function rowsOf(part: Uint8Array, which: number): Uint32Array {
  let count = 0
  for (const partOfRow of part) if (partOfRow === which) count++
  const rows = new Uint32Array(count)
  for (let row = 0, at = 0; at < count; row++) if (part[row] === which) rows[at++] = row
  return rows
}

const sourceOf = (purpose: string, { splitSeed }: SplitRequest): Random =>
  splitSeed === undefined ? random(purpose) : random(purpose, splitSeed)

/** The shares that are drawn, of all images. @throws WorkbenchError CALL_INVALID where something is asked for that the source brings */
function sharesOf({ split, splitSeed }: SplitRequest, part: Uint8Array, copies?: 'train'): { validation: number; test: number } {
  const refuse = (message: string, field: 'split' | 'splitSeed') => new WorkbenchError('CALL_INVALID', message, { field })
  const field = split === undefined ? ('splitSeed' as const) : ('split' as const)
  if (split === undefined && splitSeed === undefined) return { validation: 0, test: testShare }
  if (copies === 'train') {
    throw refuse(
      `Patches are split by the images that they are of; leave ${field === 'split' ? '--split' : '--split-seed'} out.`,
      field,
    )
  }
  if (part.includes(testPart))
    throw refuse(
      'The data bring a test part, which no drawn one replaces; ' +
        `leave ${field === 'split' ? '--split' : '--split-seed'} out, or import the training images alone.`,
      field,
    )
  if (split === undefined) return { validation: 0, test: testShare }
  const numbers = split.split('/').map(Number),
    sum = numbers.reduce((all, number) => all + number, 0)
  if (![2, 3].includes(numbers.length) || numbers.some((number) => !(number > 0)) || Math.abs(sum - 100) > 1e-6) {
    throw refuse(`“${split}” is not a split. ${sharesSentence}`, 'split')
  }
  if (numbers.length === 3 && part.includes(validationPart)) {
    throw refuse('The data bring a validation part, which no drawn one replaces; give two shares, training/testing.', 'split')
  }
  return { validation: numbers.length === 3 ? numbers[1]! / 100 : 0, test: numbers.at(-1)! / 100 }
}

/**
 * Draws rows of a part among those that are for training, in place.
 * @param share of the rows for training; of those that can be drawn at most half, where some belong to what a part of the source has
 * @param balanced how imports draw now, and not a repair of datasets of before
 * @returns how many copies changed sides
 */
function drawPart(
  part: Uint8Array,
  first: Uint32Array,
  labels: Int32Array | null,
  groups: Int32Array | null,
  { which, share, source, balanced }: { which: number; share: number; source: Random; balanced: boolean },
): number {
  const rows = rowsOf(part, trainPart)
  if (rows.length < (which === testPart ? fewest : 2)) return 0
  const drawn = new Uint8Array(part.length)
  const units = groups && connected(groups, first),
    unitOf = units ?? first
  // What is also in a part that the source brings, which stays there, would not be unseen.
  const others = new Set<number>()
  for (const [row, side] of part.entries()) if (side !== trainPart) others.add(unitOf[row]!)
  const unseen = rows.filter((row) => !others.has(unitOf[row]!)),
    from = balanced ? unseen : rows,
    ofThese = from.length === rows.length ? share : Math.min((share * rows.length) / from.length, Math.max(share, 0.5))
  const draw = !units
    ? drawStratified(from, labels, ofThese, source)
    : balanced
      ? drawBalanced(from, units, labels, ofThese, source)
      : drawUnits(from, units, labels, ofThese, source)
  for (const row of draw.drawn) drawn[row] = 1
  const moved = units ? 0 : keepCopiesTogether(drawn, first, labels, from)
  for (const row of unseen) if (drawn[row]) part[row] = which
  return moved
}

/** How many groups there are, and, where the source brings parts, how many of them are in more than one. */
function notesOfGroups(part: Uint8Array, groups: Int32Array, brought: boolean): DatasetNote[] {
  /** Of each group the parts that it is in, as bits. */
  const sides = new Map<number, number>()
  for (const [row, group] of groups.entries()) if (group >= 0) sides.set(group, (sides.get(group) ?? 0) | (1 << part[row]!))
  const notes = [
    {
      code: 'groups',
      message: `There ${sides.size === 1 ? 'is' : 'are'} ${counted(sides.size, 'group')}; a drawn split divides none of them.`,
    },
  ]
  let torn = 0
  if (brought) for (const bits of sides.values()) if ((bits & (bits - 1)) !== 0) torn++
  if (torn > 0) {
    const message =
      `${thousands(torn)} of the ${counted(sides.size, 'group')} ${torn === 1 ? 'is' : 'are'} in more than one part, ` +
      'as the source has them; they stay.'
    notes.push({ code: 'groupsInTwoParts', message })
  }
  return notes
}

/** @throws WorkbenchError DATASET_TOO_SMALL where there are too few groups to divide */
function requireGroups(part: Uint8Array, groups: Int32Array | null, validated: boolean): void {
  if (groups === null) return
  const training = new Set<number>()
  for (const [row, group] of groups.entries()) if (part[row] === trainPart) training.add(group < 0 ? -1 - row : group)
  if (training.size >= (validated ? 1 : 2) && part.includes(testPart)) return
  throw new WorkbenchError(
    'DATASET_TOO_SMALL',
    'There are too few groups to divide: training, validation and testing need at least one each, groups that share identical images ' +
      'count as one, and those in a part that the data bring are not drawn. Give another --group, or leave it out.',
    { field: 'group' },
  )
}

/** Whether several rows for training are identical. */
export const areCopied = (first: Uint32Array, part: Uint8Array): boolean => {
  const seen = new Set<number>()
  for (const [row, side] of part.entries()) {
    if (side !== trainPart) continue
    if (seen.has(first[row]!)) return true
    seen.add(first[row]!)
  }
  return false
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
  let copies = 0,
    all = 0
  for (const [row, side] of part.entries()) {
    if (side !== which) continue
    all++
    if (trained.has(first[row]!)) copies++
  }
  if (copies === 0) return []
  const message =
    `${thousands(copies)} of the ${counted(all, `${name} image`)} ${copies === 1 ? 'is' : 'are'} also among those for training, ` +
    `as the source has them; ${copies === 1 ? 'it stays' : 'they stay'}.`
  return [{ code: `${name}Copies`, message }]
}
