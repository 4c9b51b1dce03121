import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Home } from './home.ts'

/**
 * Folders and rows come and go together, though the disk knows no transaction of both. A folder that is about to get its name
 * is *claimed* until its row is stored; one whose row is about to go is *discarded*, under another name, until it is gone.
 * Whatever a kill leaves is so known to be of no use, and nothing else ever is: a folder without a row, as beside an older
 * database that somebody put back, is left alone.
 */

export const kept = ['datasets', 'runs', 'embeddings', 'trash'] as const
export type Kept = (typeof kept)[number]
/** An experiment's folder is never there: its claim says that its rows are being made. */
export interface Claim {
  kind: Kept | 'experiments'
  id: string
}

const claims = (home: Home): string => join(home.folder, 'claims')
const fileOf = (home: Home, { kind, id }: Claim): string => join(claims(home), `${kind}-${id}`)

/** Claims a folder that is not there yet; to be given back when its row is stored, or the folder gone. */
export function claim(home: Home, one: Claim): { release(): void } {
  mkdirSync(claims(home), { recursive: true })
  writeFileSync(fileOf(home, one), '')
  return { release: () => unclaim(home, one) }
}

export function claimed(home: Home): Claim[] {
  if (!existsSync(claims(home))) return []
  return readdirSync(claims(home)).flatMap((name): Claim[] => {
    const [, kind, id] = /^(datasets|runs|embeddings|experiments)-(.+)$/.exec(name) ?? []
    return kind === undefined || id === undefined ? [] : [{ kind: kind as Claim['kind'], id }]
  })
}
export function unclaim(home: Home, one: Claim): void {
  rmSync(fileOf(home, one), { force: true })
  try {
    rmdirSync(claims(home))
  } catch {
    // Others are claimed still.
  }
}

/** Puts a folder in the place of another, which is deleted. */
export function moveFolder(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  rmSync(to, { recursive: true, force: true })
  renameSync(from, to)
}

/** The end of the name of a folder that is to be deleted for good. */
export const discardedEnding = '.removing'

/**
 * Takes folders out of use, has their rows deleted, and deletes the folders. Where the rows stay, as on a full disk, so do the folders.
 * @param folders may be missing
 */
export function discard(folders: readonly string[], deleteRows: () => void): void {
  const there = folders.filter((folder) => existsSync(folder))
  const renamed: string[] = []
  try {
    for (const folder of there) {
      rmSync(`${folder}${discardedEnding}`, { recursive: true, force: true })
      renameSync(folder, `${folder}${discardedEnding}`)
      renamed.push(folder)
    }
    deleteRows()
  } catch (thrown) {
    for (const folder of renamed) renameSync(`${folder}${discardedEnding}`, folder)
    throw thrown
  }
  for (const folder of renamed) rmSync(`${folder}${discardedEnding}`, { recursive: true, force: true })
}
