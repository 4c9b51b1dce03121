import { stemOf } from '../layout/words.ts'
import type { ImageList } from '../layout.ts'

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
/** Whether one path of folders ends with the other. */
const agree = (a: string, b: string): boolean => a === b || a === '' || b === '' || a.endsWith(`/${b}`) || b.endsWith(`/${a}`)

/** Images of one name, on average, from which on they are found by their whole paths alone. */
const manyAlike = 8

/** Finds images by what a table calls them: with or without ending, with or without folders, those of another place too. */
export class FileFinder {
  private readonly list: ImageList
  private readonly first = new Map<string, number>()
  /** The next image of the same name; -1 after the last. */
  private readonly next: Int32Array
  /** By path without ending, where so many images are called the same that going through them would take long. */
  private readonly byPath: Map<string, number> | null

  constructor(list: ImageList) {
    this.list = list
    this.next = new Int32Array(list.names.count).fill(-1)
    for (let image = list.names.count - 1; image >= 0; image--) {
      const stem = stemOf(lastOf(this.nameOf(image)))
      this.next[image] = this.first.get(stem) ?? -1
      this.first.set(stem, image)
    }
    this.byPath = list.names.count > this.first.size * manyAlike ? new Map() : null
    if (this.byPath) for (let image = 0; image < list.names.count; image++) this.byPath.set(stemOf(this.nameOf(image)), image)
  }

  /** The image of a path, with or without folders before it. */
  private byWholePath(wanted: string): number {
    for (let path = wanted; path.includes('/'); path = path.slice(path.indexOf('/') + 1)) {
      for (const key of [path, stemOf(path)]) {
        const image = this.byPath!.get(key)
        if (image !== undefined && (key === path || this.nameOf(image).toLowerCase().endsWith(path.toLowerCase()))) return image
      }
    }
    return -1
  }

  private nameOf(image: number): string {
    return this.list.names.at(image).normalize('NFC')
  }

  /** @returns the image; -1: there is none; -2: there are several */
  find(cell: string): number {
    const wanted = cell
      .trim()
      .replaceAll('\\', '/')
      .replace(/^(\.\/)+/, '')
      .normalize('NFC')
    if (wanted === '' || wanted.endsWith('/')) return -1
    if (this.byPath) {
      return wanted.includes('/') ? this.byWholePath(wanted) : this.first.has(wanted) || this.first.has(stemOf(wanted)) ? -2 : -1
    }
    const last = lastOf(wanted),
      folder = folderOf(wanted)
    let found = -1,
      several = false
    for (const whole of [true, false]) {
      const stem = whole ? last : stemOf(last)
      if (!whole && stem === last) continue
      for (let image = this.first.get(stem) ?? -1; image >= 0; image = this.next[image]!) {
        const name = this.nameOf(image)
        if (!whole && lastOf(name).toLowerCase() !== last.toLowerCase()) continue
        if (name === wanted) return image
        if (!agree(folderOf(name), folder)) continue
        if (found >= 0) several = true
        found = image
      }
    }
    return several ? -2 : found
  }
}
