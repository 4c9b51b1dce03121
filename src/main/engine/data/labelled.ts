import { WorkbenchError } from '../../../shared/errors.ts'
import { counted } from '../../../shared/words.ts'
import { openDataset } from './open.ts'
import type { PackedDataset } from './packed.ts'
import { random, shuffleInPlace } from './random.ts'
import { byClass, validationSplit } from './split.ts'

/**
 * Rows whose labels a classification uses: `count` of the given ones (0: all that have a label), evenly over the classes, one
 * of each in turn until a class has no more. A function of (rows, labels, seed); with the same seed the rows for a smaller
 * count are among those for a larger one.
 * @returns ascending rows.
 * @throws WorkbenchError SETTING_INVALID for `fineTuning.kind` where the dataset has no two classes to tell apart, for
 * `fineTuning.labelled`
 *   where fewer rows have a label.
 */
export function labelledRows(
  { labels, classes }: Pick<PackedDataset, 'labels' | 'classes'>,
  rows: Uint32Array,
  count: number,
  seed: number,
): Uint32Array {
  if (!labels || classes.length < 2) throw unsuitable('This dataset has no two classes to tell apart')
  const labelled = rows.filter((row) => labels[row]! >= 0)
  const groups = byClass(labelled, labels)
  if (groups.length < 2)
    throw unsuitable(`The training images have labels of ${groups.length === 0 ? 'no class' : 'a single class'}`)
  if (count > labelled.length) {
    throw new WorkbenchError(
      'SETTING_INVALID',
      `Only ${labelled.length} training images have a label; set fineTuning.labelled to at most that, or to 0 for all.`,
      { field: 'fineTuning.labelled' },
    )
  }
  if (count === 0) return labelled.sort()
  const queues = groups.map((group) => shuffleInPlace(group, random('labelled', seed, labels[group[0]!]!)))
  const order = random('labelled classes', seed)
  const chosen = new Uint32Array(count)
  for (let turn = 0, filled = 0; filled < count; turn++) {
    // Anew each turn: no class is always the first to get one of the remainder.
    for (const queue of shuffleInPlace(Uint32Array.from(queues.keys()), order)) {
      if (filled < count && turn < queues[queue]!.length) chosen[filled++] = queues[queue]![turn]!
    }
  }
  return chosen.sort()
}

/**
 * Rows to train with (and to draw validation from, unless the dataset brings it) that have a label. @throws WorkbenchError
 * FILE_DAMAGED
 */
export function labelledCount(folder: string): number {
  const { labels, train, validation, close } = openDataset(folder, { resident: false })
  close()
  const counted = (rows: Uint32Array) => rows.reduce((sum, row) => sum + (labels![row]! >= 0 ? 1 : 0), 0)
  return labels ? counted(train) - counted(validation) : 0
}

/** Classes that are named in a sentence. */
const mostNamed = 3

/**
 * That a classification by so many labels has fewer of some classes than of others, because the training images have no more;
 * null where all have their share. @throws WorkbenchError FILE_DAMAGED
 */
export function shortClassesNote(folder: string, count: number, seed: number): string | null {
  const dataset = openDataset(folder, { resident: false })
  try {
    const { labels, classes } = dataset
    if (!labels || count === 0) return null
    const train = validationSplit(dataset, seed).train
    if (train.filter((row) => labels[row]! >= 0).length < count) return null
    const chosen = labelledRows(dataset, train, count, seed)
    const counts = classes.map((_, label) => chosen.reduce((sum, row) => sum + (labels[row] === label ? 1 : 0), 0))
    const share = Math.floor(count / classes.length)
    const short = classes.flatMap((name, label) => (counts[label]! < share ? [{ name, has: counts[label]! }] : []))
    if (short.length === 0) return null
    const named = short.slice(0, mostNamed).map(({ name, has }) => `“${name}” has ${has}`)
    const more = short.length > mostNamed ? ` and ${counted(short.length - mostNamed, 'other class', 'other classes')} too few` : ''
    return (
      `Of ${counted(count, 'labelled image')} each class was to have ${share}: ${named.join(', ')}${more}, ` +
      `which is all that the training images hold; the other classes make up for it with up to ${Math.max(...counts)}.`
    )
  } finally {
    dataset.close()
  }
}

const unsuitable = (why: string) =>
  new WorkbenchError('SETTING_INVALID', `${why}; set fineTuning.kind to reconstruction, or import the images with labels.`, {
    field: 'fineTuning.kind',
  })
