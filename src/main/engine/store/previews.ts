import { decode, encode } from '../../../shared/codec.ts'
import { previewSchema, type Preview } from '../../../shared/domain.ts'
import type { Database } from './database.ts'

/** Rows of the table `previews`: what a run looked like at a moment, packed with the shared codec. */
export function previewStore(database: Database) {
  const insert = database.prepare<[string, number, number, Uint8Array]>(
    'INSERT OR REPLACE INTO previews (run, step, epoch, packed) VALUES (?, ?, ?, ?)',
  )
  const moments = database.prepare<[string], { step: number; epoch: number }>(
    'SELECT step, epoch FROM previews WHERE run = ? ORDER BY step',
  )
  const one = database.prepare<[string, number], { packed: Uint8Array }>('SELECT packed FROM previews WHERE run = ? AND step = ?')
  const truncate = database.prepare<[string, number]>('DELETE FROM previews WHERE run = ? AND step > ?')
  return {
    insert: (run: string, preview: Preview): void => void insert.run(run, preview.step, preview.epoch, encode(preview)),
    /** Oldest first. */
    moments: (run: string): { step: number; epoch: number }[] => moments.all(run),
    get(run: string, step: number): Preview | null {
      const row = one.get(run, step)
      return row === undefined ? null : previewSchema.parse(decode(row.packed))
    },
    truncate: (run: string, step: number): void => void truncate.run(run, step),
  }
}
export type PreviewStore = ReturnType<typeof previewStore>
