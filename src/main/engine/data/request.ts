import type { Dataset, DatasetNote, Progress, Skipped } from '../../../shared/domain.ts'
import type { Contrast } from '../../../shared/patches.ts'
import type { Meter } from './progress.ts'
import type { Ranges } from './values/range.ts'

/** What is to be imported; checked against the contract's schema before it comes here. */
export interface ImportRequest {
  id: string
  name: string
  /** A folder, an IDX images file, a `.npz`, the word `mnist`, the name of a synthetic set, or (for patches) `dataset:NAME`. */
  path: string
  testPath?: string | undefined
  width?: number | undefined
  height?: number | undefined
  channels?: 1 | 3 | undefined
  /** Channels of the source to take, counted from 0: one as gray, or three as red, green and blue. */
  pick?: number[] | undefined
  /** What becomes 0 to 255, where it is not for the import to decide; see shared/valueRange.ts. */
  range?: string | undefined
  /** Rows and seed of a synthetic set or of patches. */
  count?: number | undefined
  seed?: number | undefined
  /** Windows of this size instead of whole images. */
  patches?: { width: number; height: number } | undefined
  contrast?: Contrast | undefined
  /** What `dataset:NAME` stands for. */
  dataset?: { name: string; folder: string } | undefined
  fit: 'crop' | 'pad' | 'stretch'
  /** Where the dataset is to lie; must not exist yet. */
  folder: string
}
export interface ImportOptions {
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}
export type Imported = Dataset & { skipped: Skipped[] }

/** The part that a row belongs to. */
export const trainPart = 0, validationPart = 1, testPart = 2

/** Rows that lie in the packed file, before the split is decided. */
export interface Packed {
  kind: 'image' | 'vector'
  width: number
  height: number
  channels: number
  count: number
  /** 16 bytes a row. */
  hashes: Uint8Array
  labels: Int32Array | null
  classes: string[]
  /** The part of every row (`trainPart` and the others), as the source brings them; null where it brings none. */
  parts: Uint8Array | null
  /** `train`: of images that are in two of these parts, training keeps all, as with patches, of which many are alike; else they stay where they are. */
  copies?: 'train'
  skipped: Skipped[]
  /** What was guessed, dropped or scaled. */
  notes?: DatasetNote[]
  /** What became 0 to 255. */
  ranges?: Ranges
  /** Of patches whose contrast was normalised: the greatest deviation from a patch's mean that was kept, in levels. */
  contrastLimit?: number
  /** What is kept as where it came from, if not the path as given. */
  source?: string
  /** The bytes of `paths.bin`, or where the rows come from. */
  paths: Buffer | { path: string; count: number }[]
}

export interface PlanOptions {
  meter: Meter
  signal?: AbortSignal | undefined
  /** So many files of a folder are found at most; an import finds all. */
  limit?: number | undefined
}

/** What a request comes to, before anything is decoded or written: an import packs it, an inspection tells of it. */
export interface Plan extends Pick<Packed, 'kind' | 'width' | 'height' | 'channels' | 'count' | 'labels' | 'classes' | 'parts' | 'skipped'> {
  notes: DatasetNote[]
  /** Writes the rows into the folder `partial`. @param room free bytes on its disk */
  pack(partial: string, room: number, meter: Meter, signal?: AbortSignal): Promise<Packed>
  close?(): void
}
