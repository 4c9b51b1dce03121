import { openDatabase, type Database } from './database.ts'
import { datasetStore, type DatasetStore } from './datasets.ts'
import { embeddingStore, type EmbeddingStore } from './embeddings.ts'
import { experimentStore, type ExperimentStore } from './experiments.ts'
import { exportStore, type ExportStore } from './exports.ts'
import { migrations } from './migrations/index.ts'
import { pointStore, type PointStore } from './points.ts'
import { previewStore, type PreviewStore } from './previews.ts'
import { runStore, type RunStore } from './runs.ts'
import { tableRunStore, type TableRunStore } from './tableRuns.ts'
import { valueStore, type ValueStore } from './values.ts'

export interface Store {
  readonly datasets: DatasetStore
  readonly runs: RunStore
  readonly tableRuns: TableRunStore
  readonly points: PointStore
  readonly previews: PreviewStore
  readonly exports: ExportStore
  readonly embeddings: EmbeddingStore
  readonly experiments: ExperimentStore
  readonly timings: ValueStore
  readonly preferences: ValueStore
  /** Everything in `work` is committed together, or nothing is. */
  transaction<T>(work: () => T): T
  /** Moves what the database's log holds into the database, so that the log takes no space. */
  foldLog(): void
  /** How the database is kept on its disk, and why; in words. */
  readonly keeping: string
  /** Whether other programs may read it meanwhile, as on an ordinary disk. */
  readonly isShared: boolean
  /** For tests that simulate a full disk. */
  readonly database: Database
  close(): void
  /**
   * Refuses every change from here on (SQLITE_READONLY) and is never closed: closing folds the log into a database that is somebody
   * else's by now. The process is to end by `process.exit`.
   */
  abandon(): void
}

/** Kept from being collected, which would close them. */
const abandoned: Database[] = []

/** Opens the home folder's database. Errors as of `openDatabase`. */
export function openStore(file: string): Store {
  let keeping = ''
  let isShared = true
  const database = openDatabase(file, migrations, (text, way) => {
    keeping = text
    isShared = !way.exclusive
  })
  const runs = runStore(database)
  return {
    datasets: datasetStore(database),
    runs,
    tableRuns: tableRunStore(database),
    points: pointStore(database),
    previews: previewStore(database),
    exports: exportStore(database),
    embeddings: embeddingStore(database),
    experiments: experimentStore(database, runs),
    timings: valueStore(database, 'timings'),
    preferences: valueStore(database, 'preferences'),
    transaction: (work) => database.transaction(work)(),
    foldLog: () => void database.pragma('wal_checkpoint(TRUNCATE)'),
    keeping,
    isShared,
    database,
    close: () => void database.close(),
    abandon: () => {
      abandoned.push(database)
      database.pragma('query_only = ON')
    },
  }
}
