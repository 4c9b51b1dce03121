/** What lies between the engine and the thread that reads an HDF5 file (reader.ts). */

/** A dataset of a file as its header describes it. */
export interface Hdf5Dataset {
  /** From the root of the file, without the slash at its beginning. */
  path: string
  shape: number[]
  /** Sides of its chunks; null where it lies in one piece. */
  chunks: number[] | null
  /** What one value is: as NumPy names it, `text`, or in words why it is not read. */
  type: { number: string } | { text: number | 'variable' } | { unread: string }
}

export interface Listing {
  datasets: Hdf5Dataset[]
  /** Links that lead into other files, which are not followed. */
  external: string[]
  /** Links that lead nowhere. */
  lost: string[]
  /** There are more datasets than were listed. */
  truncated: boolean
}

export type Question = { type: 'list' } | { type: 'read'; path: string; offset: number[]; count: number[] }
/** `unreadable`: what HDF5 could not do. */
export type Answer =
  | { type: 'listing'; listing: Listing }
  | { type: 'bytes'; bytes: ArrayBuffer }
  | { type: 'texts'; texts: string[] }
  | { type: 'unreadable'; message: string }
