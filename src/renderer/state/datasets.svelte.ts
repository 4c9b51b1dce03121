import type { Dataset } from '../../shared/domain.ts'
import { Collection, newest } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

class Datasets extends Collection<Dataset> {
  /** Newest first. */
  readonly list = $derived(newest(this.byId.values(), (dataset) => dataset.createdAt))

  constructor() {
    super(
      async () => (await call('datasets.list', {})).datasets,
      (event, datasets) => {
        if (event.type === 'dataset') datasets.put(event.dataset)
        else if (event.type === 'datasetRemoved') datasets.drop(event.dataset)
      },
    )
  }
}

export const datasets = new Datasets()
