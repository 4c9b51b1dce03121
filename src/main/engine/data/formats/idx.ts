import { join } from 'node:path'
import { turnedRows } from '../array-views.ts'
import { isFile, unsupportedFile } from '../byte-stream.ts'
import { labelsFileOf, looksLikeIdx, readIdx, testImagesOf } from '../idx.ts'
import { testPart, trainPart } from '../request.ts'
import { refuseSet } from './choose.ts'
import { isEmnist, mappingOf } from './emnist.ts'
import type { Format, FoundSet, Labelled } from './format.ts'

/** The files of MNIST and its kin: images, with labels and a test part beside them by the usual names. */
const idx: Format = {
  name: 'idx',
  title: 'IDX images',
  named: /idx\d|ubyte/i,
  offered: /images.*idx[34]/i,
  recognise: (path) => looksLikeIdx(path),
  inFolder: idxSets,
  async open(path, alone, choice = {}) {
    refuseSet(path, choice)
    const testFile = alone ? null : testImagesOf(path)
    const parts = [{ part: trainPart, ...(await pair(path)) }]
    if (testFile !== null) parts.push({ part: testPart, ...(await pair(testFile)) })
    if (!isEmnist(path)) return { parts, unused: [] }
    const classNames = await mappingOf(path)
    const turned = { code: 'transposed', message: 'EMNIST stores its images column by column; they are turned upright.' }
    return {
      parts: parts.map((part) => ({ ...part, images: turnedRows(part.images, 'HW') })),
      unused: [],
      notes: [turned],
      ...(classNames && { classNames }),
    }
  },
}
export default idx

async function pair(file: string): Promise<Labelled> {
  const images = await readIdx(file)
  if (images.shape.length === 1)
    throw unsupportedFile(file, 'holds labels; choose the file with the images, the labels are found beside it.')
  const labels = labelsFileOf(file)
  return { images, labels: labels === null ? null : await readIdx(labels) }
}

/** The sets of images of a folder: each has a name of its own once the words for its part are taken away. */
async function idxSets(folder: string, names: readonly string[]): Promise<FoundSet[]> {
  const sets = new Map<string, string[]>()
  for (const name of names.filter((candidate) => /images.*idx[34]/i.test(candidate)).sort()) {
    const set = name
      .replace(/\.gz$/i, '')
      .replace(/[-_.]?idx[34].*$/i, '')
      .split(/[-_.]/)
      .filter((word) => !/^(train|training|test|t10k|images|emnist|dataset)$/i.test(word))
      .join('-')
    sets.set(set, [...(sets.get(set) ?? []), name])
  }
  const found: FoundSet[] = []
  for (const [set, of] of sets) {
    const file = join(folder, of.find((name) => /train/i.test(name)) ?? of[0]!)
    if ((await isFile(file)) && (await looksLikeIdx(file))) found.push({ set, file })
  }
  return found
}
