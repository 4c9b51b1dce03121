import { hash } from 'node:crypto'

/** Rows are compared by the first 16 bytes of their SHA-256. */
export const hashBytes = 16

/** Hashes `count` rows of `rowBytes` bytes each into `out` at `offset`. */
export function hashRows(rows: Uint8Array, rowBytes: number, count: number, out: Uint8Array, offset: number): void {
  for (let i = 0; i < count; i++) {
    const digest = hash('sha256', rows.subarray(i * rowBytes, (i + 1) * rowBytes), 'buffer')
    out.set(digest.subarray(0, hashBytes), offset + i * hashBytes)
  }
}
