import type { Dirent, Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import type { Skipped } from '../../../shared/domain.ts'
import { whyUnreadable } from './image-file.ts'
import { isJunk, isMaskFolder, looksLikeOther, maskedStem, maskReasons, stemOf } from './layout/words.ts'
import { fromBytes, Names, placeOf, readable } from './names.ts'

/** The regular files below a folder, in the order of their paths (by code point), and what was left out without being opened. */
export interface Walk {
  names: Names
  skipped: Skipped[]
  /** True when `limit` ended the walk. */
  truncated: boolean
  /** Files that are named like masks, and are not left out because there is no image of such a name. */
  calledMasks: number
}

/** A tree of folders that is not on the disk, as that of an archive. */
export interface Tree {
  /** What lies in a folder; '' for the root. */
  entries(path: string): Dirent[]
}

interface WalkOptions {
  /** In place of the disk. */
  tree?: Tree | undefined
  signal?: AbortSignal | undefined
  /** Of files that are found and left out. */
  limit?: number
  onCount?: (files: number) => void
  /** Put before the names of what is left out. */
  prefix?: string
  /** Begins at this folder below the root; '' for the root. */
  inside?: string
  /** Where names are added. */
  names?: Names
  /** Folders below the root that are not entered, as real paths. */
  without?: ReadonlySet<string>
  /** Names at the beginning that are left to others. */
  elsewhere?: ReadonlySet<string>
}

/** Order by Unicode code point: the same on every machine, whatever its language. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i),
      y = b.charCodeAt(i)
    if (x === y) continue
    // Surrogates stand for code points above all others.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000
    }
    return x - y
  }
  return a.length - b.length
}

const special = (entry: { isFIFO(): boolean; isSocket(): boolean; isBlockDevice(): boolean; isCharacterDevice(): boolean }) =>
  entry.isFIFO() ? 'a pipe' : entry.isSocket() ? 'a socket' : entry.isBlockDevice() || entry.isCharacterDevice() ? 'a device' : null

/**
 * Walks `root` depth first. Pipes, sockets and devices are named, not opened; symbolic links are followed, but no folder is
 * entered twice; hidden files and folders are left out, and masks that lie with their images (see layout/words.ts). Paths are relative,
 * with `/`.
 * @throws the operating system's error when the folder where it begins cannot be read.
 */
export async function walk(root: string, options: WalkOptions = {}): Promise<Walk> {
  const names = options.names ?? new Names(),
    begun = names.count,
    inside = options.inside ?? ''
  const skipped: Skipped[] = []
  const prefix = options.prefix ?? ''
  const skip = (path: string, reason: string) => skipped.push({ path: prefix + readable(path), reason })
  const entered = new Map<string, string>()
  let truncated = false,
    calledMasks = 0

  const enter = async (path: string, ancestors: readonly string[]): Promise<void> => {
    options.signal?.throwIfAborted()
    let real: string
    let entries: Dirent[]
    try {
      real = options.tree ? path : fromBytes(await realpath(placeOf(root, path), 'buffer'))
      if (options.without?.has(real)) return
      const before = entered.get(real)
      if (ancestors.includes(real)) {
        skip(path, 'a symbolic link that leads back to a folder around it')
        return
      }
      if (before !== undefined) {
        skip(path, `the same folder as ${readable(before) || 'the imported one'}, through a symbolic link`)
        return
      }
      entered.set(real, path)
      entries = options.tree?.entries(path) ?? (await entriesOf(placeOf(root, path)))
    } catch (error) {
      if (path === inside) throw error
      skip(path, whyUnreadable(error))
      return
    }
    entries.sort((a, b) => byCodePoint(a.name, b.name))
    const maskOf = maskFinder(entries)
    for (const entry of entries) {
      if (names.count - begun + skipped.length >= (options.limit ?? Infinity)) {
        truncated = true
        return
      }
      if (path === inside && options.elsewhere?.has(entry.name)) continue
      const child = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.name.startsWith('.')) {
        skip(child, entry.isDirectory() ? 'a hidden folder' : 'a hidden file')
        continue
      }
      if (isJunk(entry.name)) {
        skip(child, 'left by the system or an archiver')
        continue
      }
      const type = isTold(entry) ? entry : await typeOf(placeOf(root, child))
      if (typeof type === 'string') {
        skip(child, type)
        continue
      }
      const mask = maskOf(entry.name, type.isDirectory())
      if (type.isFile() && mask === 'called') calledMasks++
      if (mask !== null && mask !== 'called') skip(child, mask)
      else if (type.isDirectory()) await enter(child, [...ancestors, real])
      else if (type.isFile()) names.push(child)
      else skip(child, `${special(type) ?? 'neither a file nor a folder'}, not opened`)
      if (names.count % 4096 === 0) {
        options.signal?.throwIfAborted()
        options.onCount?.(names.count - begun)
      }
    }
  }
  await enter(inside, [])
  options.onCount?.(names.count - begun)
  return { names, skipped, truncated, calledMasks }
}

/** Whether an entry says itself what it is, as most do: there is no need to wait for the disk then. */
export const isTold = (entry: Dirent): boolean => entry.isFile() || entry.isDirectory() || special(entry) !== null

/** What an entry is that does not say: a symbolic link, or one of a file system that does not tell; or why that cannot be told. */
export async function typeOf(place: string | Buffer): Promise<Stats | string> {
  try {
    return await stat(place)
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' ? 'a symbolic link to nothing' : whyUnreadable(error)
  }
}

/** The entries of a folder; names that are not UTF-8 as names.ts has them. */
export async function entriesOf(place: string | Buffer): Promise<Dirent[]> {
  const entries = await readdir(place, { withFileTypes: true })
  if (!entries.some(({ name }) => name.includes('\uFFFD'))) return entries
  const raw = await readdir(place, { withFileTypes: true, encoding: 'buffer' })
  return raw.map((entry) => Object.assign(entry as unknown as Dirent, { name: fromBytes(entry.name) }))
}

/**
 * Says of the entries of one folder which are masks of others: a sentence part, `called` where only the name is that of a mask, or null.
 * Stems are gathered only where there is such a name.
 */
function maskFinder(entries: readonly Dirent[]): (name: string, folder: boolean) => string | null {
  let folders: string[] | undefined, stems: Set<string> | undefined
  return (name, folder) => {
    if (folder) {
      folders ??= entries.filter((entry) => !entry.isFile()).map((entry) => entry.name)
      return isMaskFolder(name, folders) ? maskReasons.folder : null
    }
    const stem = maskedStem(name)
    if (stem === null) return null
    stems ??= new Set(entries.filter((entry) => !looksLikeOther(entry.name)).map((entry) => stemOf(entry.name)))
    return stems.has(stem) ? maskReasons.file : 'called'
  }
}
