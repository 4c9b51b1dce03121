import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isFile } from '../byte-stream.ts'
import { partNames } from '../layout/words.ts'
import { trainPart } from '../request.ts'
import type { ArrayPart, Arrays, FoundSet } from './format.ts'
import { readName, type Naming } from './naming.ts'

/** Files that hold one part each, such as `train.npz` and `test.npz`, `mnist_train.csv` and `mnist_test.csv`. */

export interface NamedFile {
  path: string
  naming: Naming
}

/** The files of a folder with one of these endings, with what their names say. */
export function namedFiles(folder: string, names: readonly string[], ending: RegExp): NamedFile[] {
  return names
    .filter((name) => ending.test(name))
    .sort()
    .map((name) => ({ path: join(folder, name), naming: readName(name.replace(ending, '')) }))
}

/** Of a folder's files, one for each set: that of the training images, if there is one. */
export function setsOf(files: readonly NamedFile[]): FoundSet[] {
  const sets = new Map<string, NamedFile[]>()
  for (const file of files) {
    const { set } = file.naming
    sets.set(set, [...(sets.get(set) ?? []), file])
  }
  return [...sets].map(([set, of]) => ({
    set,
    file: (of.find(({ naming }) => naming.part === trainPart) ?? of.find(({ naming }) => naming.part === null) ?? of[0]!).path,
  }))
}

/**
 * Opens a file, and where its name says that it holds the training part, those of the other parts beside it.
 * @param openOne opens a file as one part
 */
export async function openWithParts(
  path: string,
  alone: boolean,
  ending: RegExp,
  openOne: (path: string, alone: boolean) => Promise<Arrays>,
): Promise<Arrays> {
  const opened = await openOne(path, alone),
    naming = readName(basename(path).replace(ending, ''))
  if (alone || naming.part !== trainPart || opened.parts.length !== 1) return opened
  const folder = dirname(path),
    beside = namedFiles(folder, await readdir(folder), ending).filter(
      (file) =>
        file.naming.set === naming.set &&
        file.naming.part !== null &&
        file.naming.part !== trainPart &&
        file.naming.role === naming.role,
    )
  const parts: ArrayPart[] = [...opened.parts],
    unused = [...opened.unused],
    notes = [...(opened.notes ?? [])]
  for (const file of beside.toSorted((a, b) => a.naming.part! - b.naming.part!)) {
    if (parts.some(({ part }) => part === file.naming.part) || !(await isFile(file.path))) continue
    const other = await openOne(file.path, true)
    parts.push(...other.parts.map((part) => ({ ...part, part: file.naming.part! })))
    unused.push(...other.unused.map((name) => `${basename(file.path)}/${name}`))
    notes.push(...(other.notes ?? []))
    const part = file.naming.part!
    notes.push({
      code: 'partBeside',
      message: `${basename(file.path)} beside ${basename(path)} is the ${partNames[part]} part.`,
      part,
    })
  }
  return { ...opened, parts, unused, notes }
}
