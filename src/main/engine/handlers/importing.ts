import type { CallArguments } from '../../../shared/calls.ts'
import type { Task } from '../../../shared/domain.ts'
import { newId } from '../store/ids.ts'
import type { Context } from './context.ts'

export function importInto({ home, store, tasks, emit }: Context, input: CallArguments<'datasets.import'>): Task {
  if (input.name !== undefined) store.datasets.requireFreeName(input.name)
  return tasks.start('import', input.path, async (signal, onProgress) => {
    const id = newId()
    const { importDataset } = await import('../data/import.ts')
    const made = await importDataset({ ...input, folder: home.dataset(id) }, { signal, onProgress })
    emit({ type: 'dataset', dataset: made })
    return id
  })
}
