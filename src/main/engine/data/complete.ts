import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { isPack } from '../../../shared/packs.ts'
import { offeredContainers } from './containers/shards.ts'
import { ownSets } from './sets/registry.ts'
import { resolvePath } from './source.ts'
import { byCodePoint } from './walk.ts'

const most = 50
/**
 * Which files are offered, by name; an import itself goes by content.
 * @param endings of those that are wanted ('': any, none: no files); undefined: those that can be imported or unpacked
 */
export async function offeredFiles(endings?: readonly string[]): Promise<(name: string) => boolean> {
  if (endings !== undefined) return (name) => endings.some((ending) => name.toLowerCase().endsWith(ending))
  const { formats } = await import('./formats/index.ts')
  return (name) => formats.some(({ named, offered = named }) => offered.test(name)) || offeredContainers.test(name) || isPack(name)
}

/**
 * Completes a typed path: the words for data that come with the workbench, then folders (each with a separator at its end),
 * then files that can be imported or unpacked; hidden ones only when the typed name begins with a dot. An unreadable or missing
 * folder completes to nothing.
 * @param endings as of `offeredFiles`; where they are given there are no words
 */
export async function completePath(prefix: string, endings?: readonly string[]): Promise<string[]> {
  if (prefix.trim() === '') return []
  const wanted = await offeredFiles(endings)
  const words =
    endings !== undefined
      ? []
      : ownSets.map(({ name }) => name).filter((word) => word.toLowerCase().startsWith(prefix.trim().toLowerCase()))
  const whole = resolvePath(prefix),
    inside = /[/\\]$/.test(prefix.trim())
  const folder = inside ? whole : dirname(whole),
    begun = inside ? '' : basename(whole)
  let entries
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch {
    return words
  }
  const matching = entries
    .filter(
      (entry) => entry.name.toLowerCase().startsWith(begun.toLowerCase()) && (begun.startsWith('.') || !entry.name.startsWith('.')),
    )
    .sort((a, b) => byCodePoint(a.name, b.name))
  const folders: string[] = [],
    found: string[] = []
  for (const entry of matching) {
    if (folders.length >= most) break
    const path = join(folder, entry.name)
    const type = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry
    if (type.isDirectory()) folders.push(path + sep)
    else if (type.isFile() && wanted(entry.name)) found.push(path)
  }
  return [...words, ...folders, ...found].slice(0, most)
}
