import { embeddingSchema, type Embedding } from '../../../shared/embeddings.ts'
import type { Database } from './database.ts'
import { said, understood } from './lenient.ts'

type Row = Omit<Embedding, 'skipped'> & { skipped: string }
type Stored = Omit<Embedding, 'runName' | 'dataset'>
const selected = `SELECT embeddings.id, embeddings.name, run, runs.name AS runName, model, modelSha256,
  embeddings.dataset AS datasetId, datasets.name AS dataset, folder, output,
  embeddings.count, codeSize, skipped, file, embeddings.bytes AS bytes, linearProbeAccuracy, knnAccuracy,
    embeddings.seconds AS seconds, embeddings.createdAt AS createdAt
  FROM embeddings LEFT JOIN runs ON runs.id = embeddings.run LEFT JOIN datasets ON datasets.id = embeddings.dataset`

/** Rows of the table `embeddings` as domain types. */
export function embeddingStore(database: Database) {
  const all = database.prepare<[], Row>(`${selected} ORDER BY embeddings.createdAt DESC, embeddings.rowid DESC`)
  const one = database.prepare<[string], Row>(`${selected} WHERE embeddings.id = ?`)
  const insert = database.prepare(`INSERT INTO embeddings (id, name, run, model, modelSha256, dataset, folder, output, count,
      codeSize, skipped, file, bytes, linearProbeAccuracy, knnAccuracy, seconds, createdAt)
    VALUES (@id, @name, @run, @model, @modelSha256, @datasetId, @folder, @output, @count, @codeSize, @skipped, @file,
      @bytes, @linearProbeAccuracy, @knnAccuracy, @seconds, @createdAt)`)
  const stored = database.prepare<[string], { id: string }>('SELECT id FROM embeddings WHERE id = ?')
  const ids = database.prepare<[], { id: string }>('SELECT id FROM embeddings')
  const ofDataset = database.prepare<[string], { id: string }>('SELECT id FROM embeddings WHERE dataset = ?')
  const remove = database.prepare<[string]>('DELETE FROM embeddings WHERE id = ?')
  const parsed = (row: Row): Embedding | null => understood(embeddingSchema, { ...row, skipped: said(row.skipped) }, null)
  return {
    /** Newest first; those that a newer version wrote are left out. */
    list: (): Embedding[] =>
      all
        .all()
        .map(parsed)
        .filter((each) => each !== null),
    /** Null where it is not there, or cannot be understood. */
    find: (id: string): Embedding | null => {
      const row = one.get(id)
      return row === undefined ? null : parsed(row)
    },
    /** Whether there is a row, also of what cannot be understood. */
    has: (id: string): boolean => stored.get(id) !== undefined,
    /** Of all there are, also of those. */
    ids: (): string[] => ids.all().map(({ id }) => id),
    /** Of all codes of a dataset, also of those. */
    ofDataset: (dataset: string): string[] => ofDataset.all(dataset).map(({ id }) => id),
    insert: (embedding: Stored): void => void insert.run({ ...embedding, skipped: JSON.stringify(embedding.skipped) }),
    remove: (id: string): void => void remove.run(id),
  }
}
export type EmbeddingStore = ReturnType<typeof embeddingStore>
