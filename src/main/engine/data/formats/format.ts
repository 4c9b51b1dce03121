import type { NpzArray } from '../npz.ts'
import type { StoredArray } from '../numbers.ts'

/** Images, or vectors, as an array, with the array of their labels. */
export interface Labelled { images: StoredArray; labels: NpzArray | null }
/** They belong to this part (`trainPart` and the others). */
export interface ArrayPart extends Labelled { part: number }

/** What a file of arrays holds, before values are read. */
export interface Arrays {
  parts: ArrayPart[]
  /** Names of arrays that are not used. */
  unused: string[]
}

/** A kind of file that holds data as arrays. A new one is one file in this folder and a line in index.ts. */
export interface Format {
  /** As `datasets inspect` says it. */
  name: 'idx' | 'npz'
  /** As people say it, in a list of what can be imported. */
  title: string
  /** Names of files that promise to be of it. */
  named: RegExp
  /** Names that are offered where somebody types a path: those of images, not of what belongs to them. */
  offered: RegExp
  /** Whether a file is of it, by its first bytes. @param start at most 8 of them, at least one */
  recognise(path: string, start: Buffer): boolean | Promise<boolean>
  /**
   * Finds the arrays of a file; headers are read and checked, values are not.
   * @param alone it is to be one part: what lies beside it is not looked for
   * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED
   */
  open(path: string, alone: boolean): Promise<Arrays>
}
