import type { DatasetNote } from '../../../../shared/domain.ts'
import type { RowShape } from '../array-shape.ts'
import type { NpzArray } from '../npy.ts'
import type { StoredArray } from '../numbers.ts'

/** Images, or vectors, as an array, with the array of their labels. */
export interface Labelled {
  images: StoredArray
  labels: NpzArray | null
}
/** They belong to this part (`trainPart` and the others). */
export interface ArrayPart extends Labelled {
  part: number
}

/** With `part`, it is void where another path takes the place of that part. */
interface ArrayNote extends DatasetNote {
  part?: number
}

/** What a file of arrays holds, before values are read. */
export interface Arrays {
  parts: ArrayPart[]
  /** Names of arrays that are not used. */
  unused: string[]
  /** What was guessed or turned around. */
  notes?: ArrayNote[]
  /** What the numbers of labels stand for. */
  classNames?: ReadonlyMap<number, string>
}

/** What is to be taken of a file or folder that holds more than one thing. */
export interface Choice {
  /** A set, where there are several (`--set`). */
  set?: string | undefined
  /** The array of the images, by its name (`--array`). */
  array?: string | undefined
  rowShape?: RowShape | undefined
  signal?: AbortSignal | undefined
}

/** Files of one set in a folder: the one that stands for it is opened, and finds the others. */
export interface FoundSet {
  set: string
  file: string
}

/** A kind of file that holds data as arrays. A new one is one file in this folder and a line in index.ts. */
export interface Format {
  /** As `datasets inspect` says it. */
  name: 'idx' | 'npz' | 'npy' | 'hdf5' | 'csv' | 'cifar'
  /** As people say it, in a list of what can be imported. */
  title: string
  /** Names of files that promise to be of it. */
  named: RegExp
  /** Names that are offered where somebody types a path, of images and not of what belongs to them; where not given, all of them. */
  offered?: RegExp
  /** Whether a file is of it, by its first bytes. @param start at most 8 of them, at least one */
  recognise(path: string, start: Buffer): boolean | Promise<boolean>
  /** The sets of a folder. @param names of its files */
  inFolder(folder: string, names: readonly string[]): FoundSet[] | Promise<FoundSet[]>
  /**
   * Finds the arrays of a file; headers are read and checked, values are not.
   * @param alone it is to be one part: what lies beside it is not looked for
   * @throws WorkbenchError FILE_DAMAGED, FILE_UNSUPPORTED
   */
  open(path: string, alone: boolean, choice?: Choice): Promise<Arrays>
}
