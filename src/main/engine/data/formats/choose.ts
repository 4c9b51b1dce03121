import { basename } from 'node:path'
import type { DatasetNote } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { unsupportedFile } from '../byte-stream.ts'
import { readLabels } from '../labels.ts'
import type { NpzArray } from '../npy.ts'
import { valuesOf, type StoredArray } from '../numbers.ts'
import { once } from '../once.ts'
import { testPart, trainPart, validationPart } from '../request.ts'
import type { ArrayPart, Arrays, Choice } from './format.ts'
import { bySurety, readName, type Naming } from './naming.ts'

export type OpenArray = () => Promise<NpzArray>
interface Named {
  key: string
  naming: Naming
  open: OpenArray
}

/** So many arrays are looked into where no name says which holds the images. */
const mostLookedInto = 64
const mostSaid = 12

/**
 * Which arrays are images and labels, and of which part, by their names; where no name tells, the only one that can be images.
 * @param file for messages
 * @param arrays by name, opened when they are asked for
 * @param alone the images of one part only: of the test part if there is one
 * @throws WorkbenchError FILE_UNSUPPORTED where that is not plain, with what there is
 */
export async function chooseArrays(
  file: string,
  arrays: ReadonlyMap<string, OpenArray>,
  alone: boolean,
  choice: Choice = {},
): Promise<Arrays> {
  // Texts of HDF5 are read when they are opened, so that no array is opened twice.
  const all = [...arrays].map(([key, open]): Named => ({ key, naming: readName(key), open: once(open) }))
  const notes: DatasetNote[] = [],
    used = new Set<Named>()
  const take = async (named: Named): Promise<NpzArray> => {
    used.add(named)
    return named.open()
  }
  const images = choice.array === undefined ? await byNames(file, all, choice.set, notes) : [asked(file, all, choice.array)]
  const labels = all.filter(({ naming }) => naming.role === 'labels').sort(bySurety)
  const partNumbers = new Set(images.map(({ naming }) => naming.part ?? trainPart))
  const wanted = !alone
    ? [trainPart, validationPart, testPart].filter((part) => partNumbers.has(part))
    : [[testPart, trainPart, validationPart].find((part) => partNumbers.has(part))!]

  const parts: ArrayPart[] = []
  for (const part of wanted) {
    const ofPart = images.filter(({ naming }) => (naming.part ?? trainPart) === part)
    const chosen = ofPart.find(({ naming }) => naming.part !== null) ?? ofPart[0]!
    const array = await take(chosen)
    if ('characters' in array) throw unsupportedFile(file, `holds text in ${array.name} where images should be.`)
    const labelFile =
      labels.filter(({ naming }) => naming.set === chosen.naming.set && naming.part === chosen.naming.part)[0] ??
      labels.filter(({ naming }) => naming.set === '' && naming.part === chosen.naming.part)[0] ??
      (await onlyColumn(all, chosen, array, images, notes))
    const labelled = labelFile === undefined ? null : await take(labelFile)
    parts.push({ part: alone ? testPart : wanted.length === 1 ? trainPart : part, images: array, labels: labelled })
  }
  const names = all.find(({ naming }) => naming.role === 'classNames')
  const classNames =
    names &&
    (await namesIn(
      names,
      take,
      parts.map(({ images }) => images.shape[0]!),
    ))
  return {
    parts,
    notes,
    ...(classNames && { classNames }),
    unused: all.filter((named) => !used.has(named)).map(({ key }) => key),
  }
}

function asked(file: string, all: Named[], name: string): Named {
  const found =
    all.find(({ key }) => key === name) ?? all.find(({ key }) => key.toLowerCase() === name.replace(/^\//, '').toLowerCase())
  if (found) return found
  const there =
    all
      .slice(0, mostSaid)
      .map(({ key }) => key)
      .join(', ') || 'no arrays'
  throw new WorkbenchError('FILE_UNSUPPORTED', `${basename(file)} holds no array named ${name}; it holds ${there}.`, {
    field: 'array',
  })
}

/** The images, of each part the surest name first. */
async function byNames(file: string, all: Named[], set: string | undefined, notes: DatasetNote[]): Promise<Named[]> {
  const images = all.filter(({ naming }) => naming.role === 'images').sort(bySurety)
  if (images.length === 0) return [await onlyImages(file, all, notes)]
  const sets = [...new Set(images.map(({ naming }) => naming.set))]
  if (set === undefined && sets.length > 1 && !sets.includes('')) throw severalSets(file, sets)
  const chosen = set?.trim().toLowerCase() ?? (sets.length === 1 ? sets[0]! : '')
  const found = images.filter(({ naming }) => naming.set === chosen)
  if (found.length > 0) return found
  if (sets.length === 1) refuseSet(file, { set })
  throw severalSets(file, sets, `There is no set “${set}”: `)
}

/** FILE_UNSUPPORTED: one of several sets has to be chosen. @param field of the path, where it is not the first */
export function severalSets(path: string, sets: readonly string[], problem = '', field = 'path'): WorkbenchError {
  const said = sets.filter((name) => name !== ''),
    list = `${said.slice(0, 40).join(', ')}${said.length > 40 ? ' ...' : ''}`
  return new WorkbenchError(
    'FILE_UNSUPPORTED',
    `${problem}${basename(path)} holds ${sets.length} sets: ${list}; choose one with --set, ` +
      `as in --set ${said[0]}, ` +
      'or give one of its files.',
    { field: field === 'path' ? 'set' : field },
  )
}

/** @throws WorkbenchError FILE_UNSUPPORTED where a set was asked for in a file that holds one */
export function refuseSet(path: string, { set }: Choice): void {
  if (set === undefined) return
  throw new WorkbenchError(
    'FILE_UNSUPPORTED',
    `There is no set “${set}” in ${basename(path)}, which holds one only; leave the set out.`,
    { field: 'set' },
  )
}

/** The one array of numbers that has rows of several values. */
async function onlyImages(file: string, all: Named[], notes: DatasetNote[]): Promise<Named> {
  const seen: { named: Named; array: NpzArray | null }[] = []
  for (const named of all.slice(0, mostLookedInto)) seen.push({ named, array: await named.open().catch(() => null) })
  const possible = seen.filter(
    ({ named, array }) =>
      named.naming.role === null &&
      array !== null &&
      !('characters' in array) &&
      array.shape.length >= 2 &&
      valuesOf(array.shape.slice(1)) > 1,
  )
  if (possible.length === 1 && all.length <= mostLookedInto) {
    const { named, array } = possible[0]!
    notes.push({ code: 'arrayGuessed', message: `The images are taken from ${array!.name}, the only array that can be images.` })
    return named
  }
  const said = seen
    .slice(0, mostSaid)
    .map(({ named: { key }, array }) => `${key} (${array === null ? 'not readable' : array.shape.join(' x ')})`)
  const holds =
    said.length === 0 ? 'no arrays' : `${said.join(', ')}${all.length > said.length ? ` and ${all.length - said.length} more` : ''}`
  throw unsupportedFile(
    file,
    `holds ${holds}; the images must be named x, images, data or x_train (labels: y, labels or y_train), or ` +
      'chosen by --array NAME.',
  )
}

/** The only column without a name that says something, of as many values as there are images: their labels. */
async function onlyColumn(
  all: Named[],
  chosen: Named,
  images: StoredArray,
  others: Named[],
  notes: DatasetNote[],
): Promise<Named | undefined> {
  const unnamed = all.filter((named) => named !== chosen && !others.includes(named) && named.naming.role === null)
  if (unnamed.length === 0 || unnamed.length > mostLookedInto) return undefined
  const columns: { named: Named; array: NpzArray }[] = []
  for (const named of unnamed) {
    const array = await named.open().catch(() => null)
    if (array !== null && array.shape[0] === images.shape[0] && valuesOf(array.shape.slice(1)) === 1) columns.push({ named, array })
  }
  if (columns.length !== 1) return undefined
  notes.push({
    code: 'labelsGuessed',
    message: `The labels are taken from ${columns[0]!.array.name}, which has one value for each image.`,
  })
  return columns[0]!.named
}

/** An array of texts as what the numbers of labels stand for; as many as there are images are names of images. */
async function namesIn(
  named: Named,
  take: (named: Named) => Promise<NpzArray>,
  counts: readonly number[],
): Promise<ReadonlyMap<number, string> | null> {
  const array = await named.open().catch(() => null)
  if (array === null || !('characters' in array) || array.shape.length !== 1 || counts.includes(array.shape[0]!)) return null
  const texts = await readLabels(await take(named), array.shape[0]!)
  return texts && new Map(texts.map((text, number) => [number, String(text)]))
}
