import { closeSync, fstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Several } from '../../../shared/inspection.ts'
import { isStreamed } from './containers/inside.ts'
import { readImage, releaseLargeFile, type Span } from './image-file.ts'
import type { FileList } from './layout.ts'
import { onDisk } from './names.ts'
import { countPages, countTiffPages } from './pages.ts'
import type { PlanOptions } from './request.ts'
import { sourceOfFile } from './tiff/directory.ts'

/** How many files are looked at, evenly spread, and bytes of those that have to be read whole. */
const mostFiles = 1000,
  mostBytes = 2 ** 28

/** Counts pages of TIFF and frames of GIF, WebP and PNG, without decoding any, of some files of a list: of those within streams none. */
export async function countSeveral(list: FileList, { progress, signal }: PlanOptions): Promise<Several> {
  if (list.several && list.several.files > 0) return list.several
  const { count } = list.names,
    sampled = Math.min(count, mostFiles),
    several = { files: 0, pages: 0, looked: 0 }
  let read = 0
  for (let i = 0; i < sampled && read < mostBytes; i++) {
    const file = Math.floor((i * count) / sampled),
      inside = list.insideOf?.(file)
    if (inside !== undefined && isStreamed(inside)) break
    const found = pagesIn(inside ?? join(list.rootOf(file), list.names.at(file)))
    read += found.read
    several.looked++
    if (found.pages > 1) {
      several.files++
      several.pages += found.pages
    }
    if (i % 50 === 0) {
      signal?.throwIfAborted()
      progress.update('Counting pages', i, sampled, 'files')
      await setImmediate()
    }
  }
  releaseLargeFile()
  return several
}

/**
 * Pages or frames of a file; of what cannot be read, one.
 * @param readable only those that can be read as images: of PNG, one
 * @returns `read`: bytes of what was read whole
 */
export function pagesIn(source: string | Span, readable = false): { pages: number; read: number } {
  const found = readImage(source, true)
  if ('reason' in found) return { pages: 1, read: 0 }
  const { type } = found.header
  // What an archive packs is unpacked for its header, too.
  if (type === 'tiff' && (typeof source === 'string' || !source.zip)) return { pages: pagesOfTiff(source), read: 0 }
  if (type === 'png') return { pages: readable ? 1 : countPages(found.bytes, found.header), read: 0 }
  if (type !== 'gif' && type !== 'webp' && type !== 'tiff') return { pages: 1, read: 0 }
  const whole = readImage(source)
  return 'reason' in whole ? { pages: 1, read: 0 } : { pages: countPages(whole.bytes, whole.header), read: whole.bytes.length }
}

/** From its directories alone. */
function pagesOfTiff(source: string | Span): number {
  const path = typeof source === 'string' ? source : source.file
  let file: number
  try {
    file = openSync(onDisk(path), 'r')
  } catch {
    return 1
  }
  try {
    const { offset, length } = typeof source === 'string' ? { offset: 0, length: fstatSync(file).size } : source
    return countTiffPages(sourceOfFile({ file, base: offset, size: length }))
  } catch {
    return 1
  } finally {
    closeSync(file)
  }
}
