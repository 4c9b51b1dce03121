import { rmSync } from 'node:fs'
import type { CallArguments } from '../../../shared/calls.ts'
import type { Task } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { importDataset } from '../data/import.ts'
import { suggestName } from '../data/inspect.ts'
import { newId } from '../store/ids.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'

/** Starts an import. Its task fails with DATASET_DUPLICATE, DATASET_NAME_TAKEN or what `importDataset` throws; then nothing is left behind. */
export function importInto({ home, store, tasks, emit }: Context, input: CallArguments<'datasets.import'>): Task {
  const name = input.name ?? freeName(store, input.path)
  store.datasets.requireFreeName(name)
  return tasks.start('import', name, async (signal, onProgress) => {
    const id = newId()
    const folder = home.dataset(id)
    const { skipped, ...dataset } = await importDataset({ ...input, id, name, folder }, { signal, onProgress })
    try {
      signal.throwIfAborted()
      const same = store.datasets.findByFingerprint(dataset.sha256)
      if (same !== null) {
        throw new WorkbenchError('DATASET_DUPLICATE', `These images are here already, as the dataset "${same.name}"; use that one, or remove it and import them again.`)
      }
      store.datasets.requireFreeName(name)
      store.datasets.insert(dataset, skipped)
    } catch (thrown) {
      rmSync(folder, { recursive: true, force: true })
      throw thrown
    }
    emit({ type: 'dataset', dataset: store.datasets.get(id) })
    return id
  })
}

/** The folder's or file's name, with a number where that is taken. */
function freeName(store: Store, path: string): string {
  const plain = suggestName(path)
  let name = plain
  for (let number = 2; store.datasets.isTaken(name); number += 1) name = `${plain}-${number}`
  return name
}
