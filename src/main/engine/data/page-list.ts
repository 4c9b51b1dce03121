import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { thousands } from '../../../shared/words.ts'
import type { Span } from './image-file.ts'
import type { FileList } from './layout.ts'
import { Names, onDisk } from './names.ts'
import type { PlanOptions } from './request.ts'
import { pagesIn } from './several.ts'

/** Which image of a list of pages lies in which file, and which page of it that is: `STACK.tif#3` is the fourth. */
interface Pages {
  fileOf: Uint32Array
  pageOf: Uint32Array
  sizes: Float64Array
  several: Uint8Array
}

/**
 * Opens every file and counts its pages (of PNG, whose frames nothing here reads, one); those that cannot be read count as one,
 * and are named when they are decoded.
 */
export async function findPages(list: FileList, { progress, signal }: PlanOptions): Promise<Pages> {
  const { count } = list.names,
    counts = new Uint32Array(count),
    sizes = new Float64Array(count)
  let total = 0
  for (let file = 0; file < count; file++) {
    const path = join(list.rootOf(file), list.names.at(file))
    sizes[file] = sizeOf(path)
    total += counts[file] = pagesIn(path, true).pages
    if (file % 50 === 0) {
      signal?.throwIfAborted()
      progress.update('Counting pages', file, count, 'files')
      await setImmediate()
    }
  }
  const fileOf = new Uint32Array(total),
    pageOf = new Uint32Array(total)
  for (let file = 0, image = 0; file < count; file++) {
    for (let page = 0; page < counts[file]!; page++) {
      fileOf[image] = file
      pageOf[image++] = page
    }
  }
  return { fileOf, pageOf, sizes, several: Uint8Array.from(counts, (pages) => (pages > 1 ? 1 : 0)) }
}

/** The list in which every page is an image of its own, with what is known of its file. */
export function listPages(list: FileList, { fileOf, pageOf, sizes, several }: Pages): FileList {
  const names = new Names(),
    at =
      <T>(of: (file: number) => T) =>
      (image: number): T =>
        of(fileOf[image]!)
  const suffix = (image: number): string => (several[fileOf[image]!] === 1 ? `#${pageOf[image]}` : '')
  for (const [image, file] of fileOf.entries()) names.push(`${list.names.at(file)}${suffix(image)}`)
  const files = several.reduce((sum, one) => sum + one, 0),
    pages = fileOf.reduce((sum, file) => sum + several[file]!, 0)
  const note = {
    code: 'allPages',
    message:
      `${thousands(files)} ${files === 1 ? 'file has' : 'files have'} several pages or frames (${thousands(pages)} in all); ` +
      'each is an image of its own.',
  }
  return {
    ...list,
    names,
    several: { files, pages, looked: list.names.count },
    notes: [...list.notes, ...(files > 0 ? [note] : [])],
    rootOf: at(list.rootOf),
    partOf: at(list.partOf),
    labelOf: at(list.labelOf),
    groupOf: at(list.groupOf),
    pathOf: (image) => `${list.pathOf(fileOf[image]!)}${suffix(image)}`,
    insideOf: (image: number): Span => {
      const file = fileOf[image]!
      return {
        file: join(list.rootOf(file), list.names.at(file)),
        offset: 0,
        length: sizes[file]!,
        ...(several[file] === 1 ? { page: pageOf[image]! } : {}),
      }
    },
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(onDisk(path)).size
  } catch {
    return 0
  }
}
