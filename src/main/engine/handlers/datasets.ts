import { rmSync } from 'node:fs'
import { completePath } from '../data/complete.ts'
import { inspectPath } from '../data/inspect.ts'
import { rowPaths } from '../data/open.ts'
import type { Context, Handlers } from './context.ts'
import { importInto } from './importing.ts'
import { imagesOf, withDataset } from './images.ts'

export const datasetHandlers = (context: Context) => {
  const { home, store, emit } = context
  return {
    'datasets.list': () => ({ datasets: store.datasets.list() }),
    'datasets.import': (input) => ({ task: importInto(context, input) }),
    'datasets.inspect': ({ path }) => inspectPath(path),
    'datasets.skipped': ({ dataset }) => ({ skipped: store.datasets.skipped(store.datasets.get(dataset).id) }),
    'datasets.images': ({ dataset: reference, offset, count, split, label }) => {
      const folder = home.dataset(store.datasets.get(reference).id)
      return withDataset(folder, (dataset) => {
        const candidates = split === undefined ? null : dataset[split]
        const total = candidates?.length ?? dataset.count
        const { labels } = dataset
        const rows: number[] = []
        let matching = 0
        for (let index = 0; index < total; index += 1) {
          const row = candidates === null ? index : candidates[index]!
          if (label !== undefined && labels?.[row] !== label) continue
          if (matching >= offset && rows.length < count) rows.push(row)
          matching += 1
        }
        return {
          total: matching, images: imagesOf(dataset, rows), labels: labels === null ? [] : rows.map((row) => labels[row]!), paths: rowPaths(folder, rows),
        }
      })
    },
    'datasets.rename': ({ dataset: reference, name }) => {
      const { id } = store.datasets.get(reference)
      store.datasets.requireFreeName(name, id)
      store.datasets.rename(id, name)
      const dataset = store.datasets.get(id)
      emit({ type: 'dataset', dataset })
      return { dataset }
    },
    'datasets.remove': ({ dataset: reference }) => {
      const { id, name } = store.datasets.get(reference)
      store.datasets.remove(id, name)
      rmSync(home.dataset(id), { recursive: true, force: true })
      emit({ type: 'datasetRemoved', dataset: id })
      return {}
    },
    'paths.complete': async ({ prefix }) => ({ paths: await completePath(prefix) }),
  } satisfies Partial<Handlers>
}
