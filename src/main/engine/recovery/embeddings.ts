import { counted } from '../../../shared/words.ts'
import type { Home } from '../home.ts'
import type { Store } from '../store/store.ts'
import { foldersOf } from './missing.ts'
import { embeddingRecord } from './records.ts'

/**
 * Puts kept codes back from their records, behind their datasets and runs; says of how many nothing tells.
 * @returns how many there are now
 */
export function adoptEmbeddings(home: Home, store: Store, notes: string[]): number {
  let lost = 0
  for (const id of foldersOf(home).embeddings) {
    if (store.embeddings.find(id) !== null) continue
    const record = embeddingRecord(home.embedding(id))
    const recorded = record?.embedding
    const dataset =
      recorded?.datasetId == null
        ? null
        : (store.datasets.find(recorded.datasetId) ?? store.datasets.findByFingerprint(record!.dataset))
    if (recorded === undefined || recorded.id !== id || dataset === null) {
      lost += 1
      continue
    }
    const { runName: _, dataset: __, ...codes } = recorded
    store.embeddings.insert({
      ...codes,
      datasetId: dataset.id,
      run: codes.run !== null && store.runs.has(codes.run) ? codes.run : null,
    })
  }
  if (lost > 0) {
    notes.push(
      `What ${counted(lost, 'set')} of kept codes ${lost === 1 ? 'is' : 'are'} of was in the lost database only: ` +
        `${lost === 1 ? 'it is' : 'they are'} in no list any more. Embed again (aebench embed); ` +
        `${home.folder}/embeddings still holds the old ones, as codes.npy.`,
    )
  }
  return store.embeddings.list().length
}
