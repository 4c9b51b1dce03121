import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Skipped } from '../../../shared/domain.ts'
import { whyUnreadable } from './image-file.ts'
import { Names } from './names.ts'

/** The regular files below a folder, in the order of their paths (by code point), and what was left out without being opened. */
export interface Walk {
  names: Names
  skipped: Skipped[]
  /** True when `limit` ended the walk. */
  truncated: boolean
}

/** Order by Unicode code point: the same on every machine, whatever its language. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i), y = b.charCodeAt(i)
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
 * entered twice; hidden files and folders are left out. Paths are relative, with `/`.
 * @throws the operating system's error when `root` itself cannot be read.
 */
export async function walk(root: string, options: { signal?: AbortSignal; limit?: number; onCount?: (files: number) => void; prefix?: string } = {}): Promise<Walk> {
  const names = new Names()
  const skipped: Skipped[] = []
  const prefix = options.prefix ?? ''
  const skip = (path: string, reason: string) => skipped.push({ path: prefix + path, reason })
  const entered = new Map<string, string>()
  let truncated = false

  const enter = async (path: string, ancestors: readonly string[]): Promise<void> => {
    options.signal?.throwIfAborted()
    let real: string
    let entries: Dirent[]
    try {
      real = await realpath(join(root, path))
      const before = entered.get(real)
      if (ancestors.includes(real)) { skip(path, 'a symbolic link that leads back to a folder around it'); return }
      if (before !== undefined) { skip(path, `the same folder as ${before || 'the imported one'}, through a symbolic link`); return }
      entered.set(real, path)
      entries = await readdir(join(root, path), { withFileTypes: true })
    } catch (error) {
      if (path === '') throw error
      skip(path, whyUnreadable(error))
      return
    }
    entries.sort((a, b) => byCodePoint(a.name, b.name))
    for (const entry of entries) {
      if (names.count + skipped.length >= (options.limit ?? Infinity)) { truncated = true; return }
      const child = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.name.startsWith('.')) { skip(child, entry.isDirectory() ? 'a hidden folder' : 'a hidden file'); continue }
      let type: Pick<Dirent, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket' | 'isBlockDevice' | 'isCharacterDevice'> = entry
      if (!entry.isFile() && !entry.isDirectory() && special(entry) === null) {
        // A symbolic link, or a file system that does not tell.
        try {
          type = await stat(join(root, child))
        } catch (error) {
          const code = (error as { code?: string }).code
          skip(child, code === 'ENOENT' ? 'a symbolic link to nothing' : whyUnreadable(error))
          continue
        }
      }
      if (type.isDirectory()) await enter(child, [...ancestors, real])
      else if (type.isFile()) names.push(child)
      else skip(child, `${special(type) ?? 'neither a file nor a folder'}, not opened`)
      if (names.count % 4096 === 0) {
        options.signal?.throwIfAborted()
        options.onCount?.(names.count)
      }
    }
  }
  await enter('', [])
  options.onCount?.(names.count)
  return { names, skipped, truncated }
}
