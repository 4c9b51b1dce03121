import type { Encoded } from '../folder.ts'

export type Format = 'npz' | 'csv' | 'parquet'

/** Codes and what belongs to them, as they go into a file. */
export interface Source extends Pick<Encoded, 'pathAt' | 'labels' | 'classes'> {
  count: number
  codeSize: number
  /** The `.npy` file that holds the codes. */
  codes: string
  /** Of CSV: with a byte order mark. */
  bom?: boolean
  /** Words about where the codes are from, by name. */
  about: Record<string, string>
}

/** Called with the rows done so far; gives others a turn, and throws what a cancelled task throws. */
export type OnRows = (rows: number) => Promise<void>

/** Writes a file that does not exist yet, whole and synced. */
export type Write = (path: string, source: Source, onRows: OnRows) => Promise<void>

/** So many rows at a time that their codes take a few megabytes. */
export const rowsAtOnce = ({ codeSize }: Source): number => Math.max(1, Math.min(16_384, Math.floor(2 ** 20 / codeSize)))

/** The class of a row by its name; null where it has none. */
export const labelAt = ({ labels, classes }: Source, row: number): string | null =>
  labels && labels[row]! >= 0 ? classes[labels[row]!]! : null
