import type { Span } from './image-file.ts'
import type { Shape } from './pixels.ts'
import type { Binning } from './values/histogram.ts'
import type { Ranges } from './values/range.ts'
import type { Seen } from './values/seen.ts'

/** Patches of one file: the size that its header promises, and where they come from and go (three numbers each, see patches/cut.ts). */
export interface Cut {
  width: number
  height: number
  windows: Uint32Array
}

/**
 * A run of images to decode into the rows from `start` on, or, with `cuts`, to cut patches out of into the rows that the
 * windows name. They are the files `paths` below `root`, or, where they are no files of their own, lie at `places`, or are here
 * as `bytes` (null: nothing is where an image should be).
 */
export interface Batch {
  start: number
  root: string
  paths: string[]
  places?: Span[]
  bytes?: (Uint8Array | null)[]
  cuts?: Cut[]
}

/** What decoders do with the values of images. */
export interface Handling {
  /** `store` makes rows; `measure` finds out which values there are; `count` how often each occurs. */
  task: 'store' | 'measure' | 'count'
  /** What becomes 0 to 255. Where that is not known of wide values, they are measured, and their rows are left out. */
  ranges: Ranges
  /** Channels to take, counted from 0. */
  pick?: readonly number[] | undefined
  /** Of `count`. */
  binnings?: { bytes: Binning | null; wide: Binning | null }
}

/** What the import and its decoder processes say to each other (Node's channel, `advanced` serialization). */
export type ToDecoder =
  /** First message: the file that rows are written into, each at its own place; null where none are. */
  | { type: 'open'; pixels: string | null; shape: Shape; handling: Handling }
  /** Decode these images; rows of those that cannot be read are left out, the others move up. */
  | ({ type: 'batch'; id: number } & Batch)

export type FromDecoder =
  /** The decoder has started; one that ends before this cannot be helped by another try. */
  | { type: 'ready' }
  /** Sent while a batch takes long: images finished since the last message. */
  | { type: 'tick'; images: number }
  /**
   * Sent once a batch's rows are in the file. `hashes`: 16 bytes for every row (with `cuts`: for every image that could be
   * read), in order. `skipped`: positions in the batch, ascending.
   */
  | { type: 'batch'; id: number; images: number; hashes: Uint8Array; skipped: { index: number; reason: string }[]; seen: Seen }
  /** The packed file cannot be written. */
  | { type: 'failed'; code: string; message: string }
