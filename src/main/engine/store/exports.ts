import { isDownloaded } from '../../../shared/downloads.ts'
import { exportSchema, type Export } from '../../../shared/domain.ts'
import type { Database } from './database.ts'
import { itemsOf, said } from './lenient.ts'

type Row = Omit<Export, 'inputs' | 'outputs' | 'reduction'> & { inputs: string; outputs: string; reduction: string | null }
const selected = `SELECT exports.id, run AS runId, runs.name AS runName, part, input, precision, file, sha256,
  exports.bytes AS bytes, opset, maxAbsDiff, reduction, inputs, outputs,
  exports.createdAt AS createdAt FROM exports JOIN runs ON runs.id = exports.run AND runs.removedAt IS NULL`

/** Rows of the table `exports` as domain types. */
export function exportStore(database: Database) {
  const all = database.prepare<[], Row>(`${selected} ORDER BY exports.createdAt DESC, exports.rowid DESC`)
  const insert = database.prepare(`INSERT INTO exports (id, run, part, input, precision, file, sha256, bytes, opset, maxAbsDiff,
      reduction, inputs, outputs, createdAt)
    VALUES (@id, @runId, @part, @input, @precision, @file, @sha256, @bytes, @opset, @maxAbsDiff, @reduction, @inputs,
      @outputs, @createdAt)`)
  const replaced = database.prepare('DELETE FROM exports WHERE file = ?')
  return {
    /** Newest first; those that a newer version wrote are left out. */
    list: (): Export[] =>
      itemsOf(
        exportSchema,
        all.all().map((row) => ({ ...row, inputs: said(row.inputs), outputs: said(row.outputs), reduction: said(row.reduction) })),
      ),
    /** What was under that name is no more: its checksum is of nothing that is there. */
    insert(item: Export): void {
      if (!isDownloaded(item.file)) replaced.run(item.file)
      insert.run({
        ...item,
        inputs: JSON.stringify(item.inputs),
        outputs: JSON.stringify(item.outputs),
        reduction: item.reduction === null ? null : JSON.stringify(item.reduction),
      })
    },
  }
}
export type ExportStore = ReturnType<typeof exportStore>
