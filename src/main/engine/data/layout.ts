import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Skipped } from '../../../shared/domain.ts'
import { Names } from './names.ts'
import { walk } from './walk.ts'

/** The files of an import in their final order, before any is opened. */
export interface FileList {
  names: Names
  skipped: Skipped[]
  /** Index of the first file of the test split that the source brings; `names.count` where it brings none. */
  testFrom: number
  labelled: boolean
  truncated: boolean
  rootOf(file: number): string
  /** As the user knows it: relative to the imported folder. */
  pathOf(file: number): string
  classOf(file: number): string
}

interface Options { signal?: AbortSignal | undefined; limit?: number; onCount?: (files: number) => void }

/**
 * Lists a folder of images. Two folders named `train` and `test` at its top bring the split, and so does `testRoot`. With one
 * subfolder a class, files of deeper folders belong to their class; where most files lie at the top, it is a flat folder
 * without labels; files at the top of a folder with classes are skipped.
 */
export async function listFolder(root: string, testRoot: string | null, options: Options = {}): Promise<FileList> {
  const split = testRoot === null ? await splitFolders(root) : null
  const parts = split
    ? [{ base: root, inside: split.train }, { base: root, inside: split.test }]
    : testRoot === null ? [{ base: root, inside: '' }] : [{ base: root, inside: '' }, { base: testRoot, inside: '' }]

  const skipped: Skipped[] = (split?.others ?? []).map((path) => ({ path, reason: 'beside the folders of the train and test split' }))
  const found: { files: Names; top: string }[] = []
  let loose = 0, nested = 0, truncated = false
  for (const [i, { base, inside }] of parts.entries()) {
    const top = i > 0 && testRoot !== null ? `${testRoot}/` : inside === '' ? '' : `${inside}/`
    const before = loose + nested
    const part = await walk(join(base, inside), { ...options, prefix: top, ...(options.onCount ? { onCount: (files: number) => options.onCount!(before + files) } : {}) })
    truncated ||= part.truncated
    skipped.push(...part.skipped)
    for (let file = 0; file < part.names.count; file++) part.names.isNested(file) ? nested++ : loose++
    found.push({ files: part.names, top })
  }

  const labelled = nested > 0 && nested >= loose
  // What one walk found is taken as it is, unless something at the top has to be left out.
  const whole = found.length === 1 && !(labelled && loose > 0)
  const names = whole ? found[0]!.files : new Names()
  let testFrom = -1
  for (const [i, { files, top }] of whole ? [] : found.entries()) {
    if (i === 1) testFrom = names.count
    const prefix = parts[i]!.inside === '' ? '' : top
    for (let file = 0; file < files.count; file++) {
      const name = files.at(file)
      if (labelled && !files.isNested(file)) skipped.push({ path: top + name, reason: 'outside the folders of the classes' })
      else names.push(prefix + name)
    }
  }
  if (testFrom < 0) testFrom = names.count
  const rootOf = (file: number) => (testRoot !== null && file >= testFrom ? testRoot : root)
  return {
    names, skipped, testFrom, labelled, truncated, rootOf,
    pathOf: (file) => (testRoot !== null && file >= testFrom ? `${testRoot}/${names.at(file)}` : names.at(file)),
    classOf: (file) => names.at(file).split('/')[split ? 1 : 0]!,
  }
}

/** The folders named `train` and `test` (in any case) at the top, and what lies beside them; null unless there are both. */
async function splitFolders(root: string): Promise<{ train: string; test: string; others: string[] } | null> {
  const names = await readdir(root)
  const folder = async (wanted: string) => {
    for (const name of names.filter((candidate) => candidate.toLowerCase() === wanted).sort()) {
      if ((await stat(join(root, name)).catch(() => null))?.isDirectory()) return name
    }
    return null
  }
  const train = await folder('train'), test = await folder('test')
  if (train === null || test === null) return null
  return { train, test, others: names.filter((name) => name !== train && name !== test).sort() }
}
