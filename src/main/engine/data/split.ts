import { drawnOf, validationShare } from '../../../shared/split.ts'
import { keepCopiesTogether } from './duplicates.ts'
import { connected, countClasses, drawUnits, type Drawn } from './groups.ts'
import type { PackedDataset } from './packed.ts'
import { random, shuffle, shuffleInPlace, type Random } from './random.ts'

/** How many test images every run shows as its preview, and how many points of a set of vectors. */
const previewCount = { image: 32, vector: 300 }
/** Pixels that a preview may hold: of very large images fewer are shown, because each moment of a run keeps its own. */
const previewPixels = 2 ** 21

type Rows = Pick<PackedDataset, 'train' | 'labels'> & Partial<Pick<PackedDataset, 'validation' | 'groups' | 'copies'>>

/** Rows by label, ascending labels (rows without one first); a single group without labels. */
export function byClass(rows: Uint32Array, labels: Int32Array | null): Uint32Array[] {
  if (!labels) return [rows]
  const counts = countClasses(rows, labels)
  const groups = new Map(
    [...counts.keys()].sort((a, b) => a - b).map((label) => [label, { rows: new Uint32Array(counts.get(label)!), filled: 0 }]),
  )
  for (const row of rows) {
    const group = groups.get(labels[row]!)!
    group.rows[group.filled++] = row
  }
  return [...groups.values()].map((group) => group.rows)
}

/**
 * Draws `round(share * rows)` rows (at least one, never all, where there are two or more), each class by its share: quotas
 * by largest remainder, so that the total is exact. Both results ascend.
 */
export function drawStratified(rows: Uint32Array, labels: Int32Array | null, share: number, source: Random): Drawn {
  const groups = byClass(rows, labels)
  const total = drawnOf(rows.length, share)
  const quotas = groups.map((group) => Math.floor((group.length * total) / rows.length))
  const remainders = groups
    .map((group, i) => ({ i, rest: (group.length * total) % rows.length }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i)
  let missing = total - quotas.reduce((sum, quota) => sum + quota, 0)
  for (const { i } of remainders) if (missing-- > 0) quotas[i]!++
  const drawn = new Uint32Array(total)
  const rest = new Uint32Array(rows.length - total)
  let filled = 0,
    left = 0
  groups.forEach((group, i) => {
    const order = shuffleInPlace(group.slice(), source)
    drawn.set(order.subarray(0, quotas[i]!), filled)
    rest.set(order.subarray(quotas[i]!), left)
    filled += quotas[i]!
    left += order.length - quotas[i]!
  })
  return { drawn: drawn.sort(), rest: rest.sort() }
}

/**
 * A run's own split: the validation part that the dataset brings, the same for every seed; else 10% of `dataset.train`,
 * stratified by class where there are labels, of whole groups where there are groups, with all copies of an image on one side
 * as in the test split, a function of the seed only.
 */
export function validationSplit(dataset: Rows, seed: number): { train: Uint32Array; validation: Uint32Array } {
  const { train, validation } = dataset
  if (validation?.length) {
    const kept = new Set(validation)
    return { train: train.filter((row) => !kept.has(row)), validation }
  }
  const source = random('validation', seed)
  const { groups, copies, labels } = dataset
  const { drawn, rest } = groups
    ? drawUnits(train, copies ? connected(groups, copies) : groups, labels, validationShare, source)
    : drawStratified(train, labels, validationShare, source)
  return (copies && !groups && withCopies(train, drawn, copies, labels)) || { train: rest, validation: drawn }
}

/** What was drawn, with the copies of an image on one side; null where that would leave nothing on the other. */
function withCopies(rows: Uint32Array, drawn: Uint32Array, copies: Uint32Array, labels: Int32Array | null) {
  const isDrawn = new Uint8Array(copies.length)
  for (const row of drawn) isDrawn[row] = 1
  keepCopiesTogether(isDrawn, copies, labels, rows)
  const validation = rows.filter((row) => isDrawn[row] === 1),
    train = rows.filter((row) => isDrawn[row] === 0)
  return train.length > 0 && validation.length > 0 ? { train, validation } : null
}

/** The order of an epoch: a permutation of `train` that depends on (seed, epoch) only, so that a resumed run sees the same batches. */
export function shuffled(train: Uint32Array, seed: number, epoch: number): Uint32Array {
  return shuffle(train, seed, epoch)
}

/**
 * The test rows that every run reconstructs for the eye: up to 32 images or 300 vectors, the same for every run, one of each
 * class in turn (so the first ten of a ten-class set show all classes).
 */
export function previewRows({
  test,
  labels,
  kind = 'image',
  rowSize = 1,
}: Pick<PackedDataset, 'test' | 'labels'> & Partial<Pick<PackedDataset, 'kind' | 'rowSize'>>): Uint32Array {
  const source = random('preview')
  const queues = byClass(test, labels).map((group) => shuffleInPlace(group.slice(), source))
  const chosen: number[] = []
  const count = Math.min(previewCount[kind], Math.max(4, Math.floor(previewPixels / rowSize)), test.length)
  for (let turn = 0; chosen.length < count; turn++) {
    for (const queue of queues) if (turn < queue.length && chosen.length < count) chosen.push(queue[turn]!)
  }
  return Uint32Array.from(chosen)
}
