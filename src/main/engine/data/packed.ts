/**
 * What the rest of the engine sees of an imported dataset. The rows live in one packed file; only the index (labels, split)
 * is in memory, and never the whole set in the JavaScript heap.
 */
export interface PackedDataset {
  readonly kind: 'image' | 'vector'
  readonly count: number
  readonly width: number
  readonly height: number
  readonly channels: number
  /** Values of one row: width x height x channels. */
  readonly rowSize: number
  readonly classes: readonly string[]
  /** Label index of every row, -1 where it has none; null for a dataset without labels. */
  readonly labels: Int32Array | null
  /** The number of every row's group, which no split divides, -1 where it is in none; left out where there are none. */
  readonly groups?: Int32Array
  /** For every row the first one that is identical; left out where none of those for training are. */
  readonly copies?: Uint32Array
  /** Of patches whose contrast the import normalised: the greatest deviation from a patch's mean that was kept, in levels. */
  readonly contrastLimit?: number
  /** Rows of the fixed test split, ascending. */
  readonly test: Uint32Array
  /** All other rows, ascending: for training and validation. */
  readonly train: Uint32Array
  /** Those of `train` that are the validation part which the dataset brings, ascending; empty where each run's seed draws its own. */
  readonly validation: Uint32Array
  /** Copies rows into `out` ([indices.length, rowSize]): uint8 for images, float32 for vectors. Any order, repeats allowed. */
  gather(indices: ArrayLike<number>, out: Uint8Array | Float32Array): void
  close(): void
}

/** Whether the rows are points of the plane, which can be drawn. */
export const isPlane = ({ kind, rowSize }: Pick<PackedDataset, 'kind' | 'rowSize'>): boolean => kind === 'vector' && rowSize === 2
