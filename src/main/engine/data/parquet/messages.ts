/** What lies between the engine and the thread that reads a Parquet file (reader.ts). */
import type { ErrorInfo } from '../../../../shared/errors.ts'

/** A column of plain values: the path of its names, and how often its values may be missing. */
export interface ParquetColumn {
  index: number
  path: readonly string[]
  type: string
  /** Whether a row may have several values. */
  repeated: boolean
  /** Whether its numbers are whole ones without a sign. */
  unsigned: boolean
  /** Whether its bytes are text, and whether that is JSON. */
  text: boolean
  json: boolean
}
export type ParquetValue = Uint8Array | number | bigint | boolean | null

export interface Description {
  rows: number
  /** Rows of each group. */
  groups: readonly number[]
  columns: readonly ParquetColumn[]
  /** What writers added, by name. */
  notes: ReadonlyMap<string, string>
}

/** `values`: the next of a column in a group; from its first on where `begin` is set. */
export type Question = { type: 'open' } | { type: 'values'; column: number; group: number; begin: boolean }
/**
 * `bytes`: values one after another, with the length of each, -1 for null. `refused`: an error for users; `failed`: one of the
 * system, as where there is no such file.
 */
export type Answer =
  | { type: 'description'; description: Description }
  | { type: 'values'; values: Exclude<ParquetValue, Uint8Array>[] }
  | { type: 'bytes'; bytes: ArrayBuffer; lengths: Int32Array }
  | { type: 'end' }
  | { type: 'refused'; error: ErrorInfo }
  | { type: 'failed'; code: string | undefined; message: string }
