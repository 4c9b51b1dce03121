import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { onlyFiles, type FileList } from '../layout.ts'

/**
 * A table of labels often lies with the images that it is about. It is no image that could not be read, so it is taken out of the list.
 * @param path the table's
 * @throws WorkbenchError PATH_MISSING where there is no table at the path, but one of that name with the images, with its path
 */
export function withoutTable(list: FileList, path: string): FileList {
  const { names, rootOf, pathOf } = list,
    { count } = names,
    name = basename(path),
    root = count > 0 ? rootOf(0) : ''
  const files = [...Array(count).keys()].filter((file) => basename(names.at(file)) === name)
  const places = files.map((file) => resolve(rootOf(file), pathOf(file)))
  const skipped = list.skipped.map((file) => (basename(file.path) === name ? resolve(root, file.path) : null))
  const found = [...places, ...skipped].find((place) => place !== null),
    table = resolve(path)
  if (found && !existsSync(table)) {
    const message = `There is no table at ${path}, but one of that name is with the images; give its path, ${found}.`
    throw new WorkbenchError('PATH_MISSING', message, { field: 'labels' })
  }
  const left = list.skipped.filter((_, i) => skipped[i] !== table),
    at = files[places.indexOf(table)]
  if (at === undefined) return left.length === list.skipped.length ? list : { ...list, skipped: left }
  return {
    ...onlyFiles(
      list,
      [...Array(count).keys()].filter((file) => file !== at),
    ),
    skipped: left,
  }
}
