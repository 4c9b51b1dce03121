import type { Dirent } from 'node:fs'
import type { Skipped } from '../../../../shared/domain.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import { unsupportedFile } from '../byte-stream.ts'
import { onlyFiles, listFolder, type FileList } from '../layout.ts'
import type { Names } from '../names.ts'
import type { SourceRequest } from '../request.ts'
import { labelling } from '../table/request.ts'
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

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** What lies in a folder: the names of folders, and which of the archive's files, whose names are made when they are asked for. */
interface Folder {
  folders: Set<string>
  files: number[]
}

/** The folders that an archive's names make. */
class Folders {
  private readonly names: Names
  private readonly archive: string
  private readonly all = new Map<string, Folder>([['', { folders: new Set(), files: [] }]])
  /** By their names the last files of the folder that was asked for last, and of those around it. */
  private readonly asked = new Map<string, ReadonlyMap<string, number>>()

  constructor(names: Names, archive: string) {
    this.names = names
    this.archive = archive
    for (let file = 0; file < names.count; file++) this.folder(folderOf(names.at(file))).files.push(file)
  }

  private folder(path: string): Folder {
    let folder = this.all.get(path)
    if (folder) return folder
    if (this.all.size >= mostFolders)
      throw unsupportedFile(this.archive, `holds more than ${thousands(mostFolders)} folders; divide it.`)
    this.all.set(path, (folder = { folders: new Set(), files: [] }))
    this.folder(folderOf(path)).folders.add(baseOf(path))
    return folder
  }

  /** What lies in a folder, each name once. */
  entries(path: string): Dirent[] {
    const folder = this.all.get(path)
    if (!folder) return []
    const entries = Array.from(folder.folders, (name) => new Entry(name, true))
    for (const name of this.lastOf(path).keys()) if (!folder.folders.has(name)) entries.push(new Entry(name, false))
    return entries as unknown as Dirent[]
  }

  /** Which of the archive's files has a name: the last one. */
  place(name: string): number {
    return this.lastOf(folderOf(name)).get(baseOf(name))!
  }

  /** How many files have the name of a later one. */
  get repeated(): number {
    let repeated = 0
    for (const { files } of this.all.values())
      repeated += files.length - new Set(files.map((file) => baseOf(this.names.at(file)))).size
    return repeated
  }

  /** Files that cannot be there, since a folder has their name. */
  hidden(): Skipped[] {
    const hidden: Skipped[] = []
    for (let file = 0; file < this.names.count; file++) {
      const path = this.names.at(file)
      if (this.all.has(path)) hidden.push({ path, reason: 'a folder of the archive has the same name' })
    }
    return hidden
  }

  private lastOf(path: string): ReadonlyMap<string, number> {
    const known = this.asked.get(path)
    if (known) return known
    // Names come folder by folder, depth first.
    for (const other of this.asked.keys()) if (other !== '' && !path.startsWith(`${other}/`)) this.asked.delete(other)
    const last = new Map<string, number>()
    for (const file of this.all.get(path)?.files ?? []) last.set(baseOf(this.names.at(file)), file)
    this.asked.set(path, last)
    return last
  }
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
  const folders = new Folders(inner, source.path)
  const list = await listFolder(
    { root: source.path, valRoot: null, testRoot: null, tree: folders },
    { signal, labels: labelling(request) },
  )
  const places = new Uint32Array(list.names.count),
    { repeated } = folders
  for (let file = 0; file < places.length; file++) places[file] = folders.place(list.names.at(file))
  if (repeated > 0)
    notes.push({
      code: 'sameNames',
      message: `${counted(repeated, 'file of the archive has', 'files of the archive have')} the name of a later one, which counts.`,
    })
  const whole: FileList = {
    ...list,
    skipped: [...skipped, ...folders.hidden(), ...list.skipped],
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
