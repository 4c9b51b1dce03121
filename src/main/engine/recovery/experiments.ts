import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { counted } from '../../../shared/words.ts'
import type { Home } from '../home.ts'
import type { Store } from '../store/store.ts'
import { freeName } from './datasets.ts'
import { experimentRecord } from './records.ts'

/** Puts back experiments from their records. `place`: their runs, once these are there; `count`: of all that there are. */
export function adoptExperiments(home: Home, store: Store): { count: number; place(notes: string[]): void } {
  const folder = join(home.folder, 'experiments')
  const records = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const record = experimentRecord(join(folder, name))
      return record === null || store.experiments.find(record.id) !== null || store.datasets.find(record.datasetId) === null
        ? []
        : [record]
    })
  for (const { members: _, ...record } of records) {
    // Nothing begins to train by itself after a loss.
    store.experiments.insert({ ...record, name: freeName(record.name, store.experiments.isTaken), wanted: 'paused', endedAt: null })
  }
  return {
    count: store.experiments.list().length,
    place(notes) {
      for (const { id, members } of records) {
        const gone = members.filter(({ run }) => run !== null && store.runs.find(run) === null).length
        if (gone === 0) continue
        const { name } = store.experiments.get(id)
        const [they, them] = gone === 1 ? ['it counts', 'it'] : ['they count', 'them']
        notes.push(
          `Of the experiment “${name}” ${counted(gone, 'run')} left no folder, as those that had not begun: ` +
            `${they} as removed, and “experiment resume ${id} --retry” makes ${them} again.`,
        )
      }
      const isThere = (run: string | null): boolean => run !== null && store.runs.find(run) !== null
      store.transaction(() => {
        for (const { id, members } of records) {
          store.experiments.place(
            id,
            members.map((member) => ({ ...member, run: isThere(member.run) ? member.run : null })),
          )
        }
      })
    },
  }
}
