import type { Dataset, DatasetNote, Progress, Skipped } from '../../../shared/domain.ts'
import type { ErrorInfo } from '../../../shared/errors.ts'
import type { Depth, Inspection, Several } from '../../../shared/inspection.ts'
import type { SizeReason } from '../../../shared/fitting.ts'
import type { Contrast } from '../../../shared/patches.ts'
import type { RowShape } from './array-shape.ts'
import type { SizeCount } from './fitting.ts'
import type { Size } from './pixels.ts'
import type { ProgressReporter } from './progress.ts'
import type { Ranges } from './values/range.ts'

/** Columns of a table, as a user names them. */
export interface NamedColumns {
  fileColumn?: string | undefined
  labelColumn?: string | undefined
  partColumn?: string | undefined
  groupColumn?: string | undefined
}

/** How labels and groups are found where folders do not say it. */
export interface LabelRequest extends NamedColumns {
  /** `folders`, `names`, `none`, or the path of a table; undefined: folders. */
  labels?: string | undefined
  /** What is taken of a name as its label; see table/pattern.ts. */
  labelPattern?: string | undefined
  /** A column of the table, or a pattern in names. */
  group?: string | undefined
}

/** What is drawn where the source brings no parts. */
export interface SplitRequest {
  /** `70/15/15`: training, validation, testing; `80/20`: training and testing, each run's seed choosing its validation images. */
  split?: string | undefined
  /** What these are drawn from; by default the same for every import. */
  splitSeed?: number | undefined
  /**
   * How parts are drawn: groups so that classes come near to their shares, and only of what no part of the source has, too. Every import
   * asks for it; left out in datasets of before, whose repair draws as then.
   */
  groupDraw?: 'balanced' | undefined
}

/** What is to be imported, and how; checked against the contract's schema before it comes here. */
export interface SourceRequest extends LabelRequest, SplitRequest {
  /** A folder, an IDX images file, a `.npz`, the name of a set that comes with the workbench, or (for patches) `dataset:NAME`. */
  path: string
  valPath?: string | undefined
  testPath?: string | undefined
  width?: number | undefined
  height?: number | undefined
  channels?: 1 | 3 | undefined
  /** Channels of the source to take, counted from 0: one as gray, or three as red, green and blue. */
  pick?: number[] | undefined
  /** What becomes 0 to 255, where it is not for the import to decide; see shared/valueRange.ts. */
  range?: string | undefined
  /** `all`: every page or frame of a file is an image; else the first. */
  pages?: 'first' | 'all' | undefined
  /** Rows and seed of a synthetic set or of patches. */
  count?: number | undefined
  seed?: number | undefined
  /** Windows of this size instead of whole images. */
  patches?: { width: number; height: number } | undefined
  contrast?: Contrast | undefined
  /** What `dataset:NAME` stands for. */
  dataset?: { name: string; folder: string } | undefined
  fit: 'crop' | 'pad' | 'stretch'
  /** Which set, where the source holds several; which of its arrays the images are; how rows of arrays are to be read. */
  set?: string | undefined
  array?: string | undefined
  rowShape?: RowShape | undefined
}
export interface ImportRequest extends SourceRequest {
  id: string
  name: string
  /** Where the dataset is to lie; must not exist yet. */
  folder: string
}
export interface ImportOptions {
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}
export type Imported = Dataset & { skipped: Skipped[] }

/** The part that a row belongs to. */
export const trainPart = 0,
  validationPart = 1,
  testPart = 2

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
  /** The number of every row's group (-1: none), which no split divides; null or left out: there are none. */
  groups?: Int32Array | null
  /**
   * `train`: of images that are in two of these parts, training keeps all, as with patches, of which many are alike; else they
   * stay where they are.
   */
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
  progress: ProgressReporter
  signal?: AbortSignal | undefined
  /** So many files of a folder are found at most; an import finds all. */
  limit?: number | undefined
}

/** Which rows there are, of which classes and parts. */
export type Rows = Pick<Packed, 'count' | 'labels' | 'classes' | 'parts' | 'groups'>

/** What a request comes to, before anything is decoded or written: an import packs it, an inspection tells of it. */
export interface Plan extends Rows, Pick<Packed, 'kind' | 'width' | 'height' | 'channels' | 'skipped'> {
  /** `folder`, `sample`, `synthetic`, `dataset`, or the format of a file. */
  from: string
  /** Where labels come from, for people; null where there are none. */
  labelsFrom: string | null
  notes: DatasetNote[]
  /** Why packing will be refused, where that is known before anything is read. */
  problem?: ErrorInfo
  /** Of a folder whose files were found only in part. */
  truncated?: boolean
  /** Of a folder, what some headers say; null where no image is among them. */
  sizes?: Inspection['sizes']
  /** Sizes of the images, as far as they are known, and why they become `width` and `height`. */
  counts?: readonly SizeCount[]
  sizedBy?: SizeReason
  /** How deep the values are, the deepest first; left out where they are those of a dataset here. */
  depths?: Depth[]
  /** Files of several pages or frames, among those that are looked at. */
  countPages?(options: PlanOptions): Promise<Several>
  /** What values the source holds and which range of them becomes 0 to 255: may read all of it, once. */
  measure?(signal?: AbortSignal): Promise<Measured>
  /** Writes the rows into the folder `partial`. @param room free bytes on its disk */
  pack(partial: string, room: number, progress: ProgressReporter, signal?: AbortSignal): Promise<Packed>
  /** The same plan with some of its rows alone (given ascending), whose packing writes just those; as another fit makes them. */
  only(rows: readonly number[], fit?: SourceRequest['fit']): Plan
  /** Whether a row is an image as far as its header, where that is easily told. */
  isImage?(row: number): boolean
  /** The size of a row's image before it is fitted, where that is easily told; left out where nothing is fitted. */
  sizeOf?(row: number): Size | null
  /** Whether much has to be read through before a row is reached. */
  isFar?(row: number): boolean
  /** Looks closer than an import does before it begins: opens files as far as their headers, many of them. */
  check?(options: PlanOptions): Promise<Checked>
  close?(): void
}

/** How a plan of one kind is packed, as its `pack` says. */
export type Packing<P> = (plan: P, request: SourceRequest, ...how: Parameters<Plan['pack']>) => Promise<Packed>

/** The ranges of values of a whole source, and what is to be said of them. */
export interface Measured {
  ranges: Ranges
  notes: DatasetNote[]
  /** The same as it is said before an import. */
  ahead: DatasetNote[]
}

/** What headers say about a plan. */
export interface Checked {
  /** How many files were opened. */
  files: number
  /** Of every row of the plan: 0 where it is known not to become one. */
  good: Uint8Array
  /** The rows that are left. */
  rows: Rows
  skipped: Skipped[]
  notes: DatasetNote[]
  /** Their sizes. */
  counts: readonly SizeCount[]
}
