import type { DatasetNote, Skipped } from '../../../../shared/domain.ts'
import type { ProgressReporter } from '../progress.ts'
import type { CutOptions, Wanted } from './cut.ts'
import type { Sizes } from './draws.ts'
import type { Measured } from '../request.ts'
import type { Ranges } from '../values/range.ts'

export interface ImageLabels {
  classes: readonly string[]
  /** Of every image, -1 where it has none; null where none has. */
  labels: Int32Array | null
}

/** Images, each of its own size, that patches can be cut from. They are read one at a time. */
export interface PatchSource extends Sizes {
  /** As `Plan.from`. */
  kind: string
  channels: 1 | 3
  /** What a reader needs to know to find the images again. */
  from: string
  /** The part of every image, as the source brings them; null where it brings none. */
  parts: Uint8Array | null
  /** What was left out, with the reasons. */
  skipped: Skipped[]
  /** What was guessed of the source. */
  notes?: DatasetNote[]
  labels(): Promise<ImageLabels>
  /** Names of images, for people. */
  namesOf(images: Uint32Array): string[]
  /** Writes the wanted patches, image by image. */
  cut(wanted: Wanted, options: CutOptions): Promise<void>
  /** What is to be said of the values, once patches were cut. */
  said?(): { notes: DatasetNote[]; ranges: Ranges | null }
  /** Looks at the values; `said` tells of them then. */
  measure?(signal?: AbortSignal): Promise<Measured>
  close(): void
}

export interface OpenOptions {
  signal?: AbortSignal | undefined
  progress: ProgressReporter
  /** So many files of a folder are looked at; where there are more, the answer is null. */
  limit?: number | undefined
}
