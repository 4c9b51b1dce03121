import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetNote, Skipped } from '../../../shared/domain.ts'
import { Names } from './names.ts'
import { testPart, trainPart } from './request.ts'
import { walk } from './walk.ts'

/**
 * The images of an import in their final order, before any is opened: what each is called, and what is known of it from where it lies or from a table.
 * Lists of many thousands are kept off the heap (see Names), so that all else is asked for one image at a time.
 */
export interface ImageList {
  names: Names
  skipped: Skipped[]
  /** What was guessed or left out. */
  notes: DatasetNote[]
  /** True when a limit ended the list. */
  truncated: boolean
  /** Whether any image may have a label. */
  labelled: boolean
  /** As the user knows it: relative to the imported folder. */
  pathOf(image: number): string
  /** `trainPart` and the others; only the first where the source brings no parts. */
  partOf(image: number): number
  /** The name of its class; null where it has none. */
  labelOf(image: number): string | null
  /** Images of one group never lie on both sides of a split; null where it is in none. */
  groupOf(image: number): string | null
}
/** Images that are files of their own, with names relative to a folder. */
export interface FileList extends ImageList {
  rootOf(file: number): string
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
  const partOf = (file: number) => (file >= testFrom ? testPart : trainPart)
  return {
    names, skipped, labelled, truncated, notes: [], partOf,
    rootOf: (file) => (testRoot !== null && file >= testFrom ? testRoot : root),
    pathOf: (file) => (testRoot !== null && file >= testFrom ? `${testRoot}/${names.at(file)}` : names.at(file)),
    labelOf: (file) => (labelled ? names.at(file).split('/')[split ? 1 : 0]! : null),
    groupOf: () => null,
  }
}

/** Some files of a list, given ascending, of which all else is as it was. */
export function onlyFiles(list: FileList, files: readonly number[]): FileList {
  const names = new Names()
  for (const file of files) names.push(list.names.at(file))
  const at = <T>(of: (file: number) => T) => (file: number): T => of(files[file]!)
  return {
    ...list, names, skipped: [], rootOf: at(list.rootOf), pathOf: at(list.pathOf), partOf: at(list.partOf), labelOf: at(list.labelOf), groupOf: at(list.groupOf),
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
