import type { Dirent } from 'node:fs'
import type { Skipped } from '../../../../shared/domain.ts'
import { thousands } from '../../../../shared/words.ts'
import { unsupportedFile } from '../byte-stream.ts'
import { onlyFiles, listFolder, type FileList } from '../layout.ts'
import type { Names } from '../names.ts'
import type { SourceRequest } from '../request.ts'
import { labelling } from '../table/request.ts'
import type { Tree } from '../walk.ts'
import type { ListOptions } from './archive.ts'
import type { Contents } from './collect.ts'
import { isStreamed } from './inside.ts'
import type { ContainerSource } from './shards.ts'

class Entry {
  readonly name: string
  private readonly folder: boolean
  constructor(name: string, folder: boolean) {
    this.name = name
    this.folder = folder
  }
  isFile(): boolean {
    return !this.folder
  }
  isDirectory(): boolean {
    return this.folder
  }
  isFIFO(): boolean {
    return false
  }
  isSocket(): boolean {
    return false
  }
  isBlockDevice(): boolean {
    return false
  }
  isCharacterDevice(): boolean {
    return false
  }
}

/** Of the folders in one archive: a long name can make thousands of them. */
const mostFolders = 1_000_000

/** The folders that an archive's names make, and the files that cannot be there because a folder has their name. */
function treeOf(names: Names, archive: string): { tree: Tree; skipped: Skipped[] } {
  /** Of each folder what lies in it, and whether that is a folder. */
  const folders = new Map<string, Map<string, boolean>>([['', new Map()]])
  const folderOf = (path: string): Map<string, boolean> => {
    let folder = folders.get(path)
    if (folder) return folder
    if (folders.size >= mostFolders) throw unsupportedFile(archive, `holds more than ${thousands(mostFolders)} folders; divide it.`)
    folders.set(path, (folder = new Map()))
    const slash = path.lastIndexOf('/'),
      name = path.slice(slash + 1)
    folderOf(slash < 0 ? '' : path.slice(0, slash)).set(name, true)
    return folder
  }
  for (let i = 0; i < names.count; i++) {
    const path = names.at(i),
      slash = path.lastIndexOf('/'),
      name = path.slice(slash + 1)
    const folder = folderOf(slash < 0 ? '' : path.slice(0, slash))
    if (!folder.has(name)) folder.set(name, false)
  }
  const skipped: Skipped[] = []
  for (let i = 0; i < names.count; i++) {
    const path = names.at(i)
    if (folders.has(path)) skipped.push({ path, reason: 'a folder of the archive has the same name' })
  }
  const tree = {
    entries: (path: string) =>
      Array.from(folders.get(path) ?? [], ([name, folder]) => new Entry(name, folder) as unknown as Dirent),
  }
  return { tree, skipped }
}

/** Where the files of a list lie among an archive's; what finds them is forgotten, which matters where there are very many. */
function placesOf(names: Names, inner: Names): { places: Uint32Array; repeated: number } {
  const at = new Map<string, number>(),
    places = new Uint32Array(names.count)
  for (let i = 0; i < inner.count; i++) at.set(inner.at(i), i)
  for (let file = 0; file < places.length; file++) places[file] = at.get(names.at(file))!
  return { places, repeated: inner.count - at.size }
}

/**
 * One archive, understood as the folder would be that it unpacks to. Of members with one name the last counts, as when it is
 * unpacked.
 */
export async function listTree(
  source: ContainerSource,
  contents: Contents,
  request: SourceRequest,
  { signal }: ListOptions,
): Promise<FileList> {
  const { members, inner, skipped, notes, truncated, tally, sampled } = contents
  const { tree, skipped: hidden } = treeOf(inner, source.path)
  const list = await listFolder({ root: source.path, valRoot: null, testRoot: null, tree }, { signal, labels: labelling(request) })
  const { places, repeated } = placesOf(list.names, inner)
  if (repeated > 0)
    notes.push({
      code: 'sameNames',
      message: `${thousands(repeated)} files of the archive have the name of a later one, which counts.`,
    })
  const whole: FileList = {
    ...list,
    skipped: [...skipped, ...hidden, ...list.skipped],
    notes: [...notes, ...list.notes],
    truncated,
    from: source.container,
    sample: tally?.result(sampled === members.count),
    insideOf: (file) => members.insideOf(places[file]!),
  }
  if (places.length === 0 || !isStreamed(members.insideOf(places[0]!))) return whole
  // What comes one after another is taken as it comes.
  const order = Uint32Array.from(places.keys()).sort((a, b) => places[a]! - places[b]!)
  return { ...onlyFiles(whole, [...order]), skipped: whole.skipped }
}
