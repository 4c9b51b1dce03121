import { rmSync } from 'node:fs'
import type { CallArguments, CallOutput } from '../../../shared/calls.ts'
import type { Task } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { datasetReference } from '../../../shared/patches.ts'
import { claim } from '../claims.ts'
import { importDataset, type ImportRequest } from '../data/import.ts'
import { inspectPath, suggestName } from '../data/inspect.ts'
import { checkPatches } from '../data/patches/pack.ts'
import { newId } from '../store/ids.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'

/** Datasets that patches are being taken from, by id; one may be there several times. */
const sources: string[] = []

/** Error: DATASET_IN_USE while patches are taken from it. */
export function requireNoPatches(dataset: { id: string; name: string }): void {
  if (sources.includes(dataset.id)) {
    throw new WorkbenchError('DATASET_IN_USE', `Patches are being taken from the dataset “${dataset.name}”; wait for that import or cancel it.`)
  }
}

/**
 * Starts an import. What can be told in a moment is refused at once. Its task fails with DATASET_DUPLICATE, DATASET_NAME_TAKEN or what
 * `importDataset` throws; then nothing is left behind.
 */
export async function importInto({ home, store, tasks, emit }: Context, input: CallArguments<'datasets.import'>): Promise<Task> {
  const name = input.name ?? freeName(store, input)
  store.datasets.requireFreeName(name)
  const id = newId(), folder = home.dataset(id), source = sourceOf(store, input.path)
  const request: ImportRequest = { ...input, id, name, folder, ...(source && { dataset: { name: source.name, folder: home.dataset(source.id) } }) }
  if (request.patches) await checkPatches(request)
  return tasks.start('import', name, async (signal, onProgress, keep) => {
    if (source) sources.push(source.id)
    const claimed = claim(home, { kind: 'datasets', id })
    try {
      const { skipped, ...dataset } = await importDataset(request, { signal, onProgress })
      try {
        signal.throwIfAborted()
        const same = store.datasets.findByFingerprint(dataset.sha256)
        if (same !== null) {
          const message = `These images are here already, as the dataset “${same.name}”; use that one, or remove it `
            + '(aebench datasets remove) and import them again.'
          throw new WorkbenchError('DATASET_DUPLICATE', message)
        }
        store.datasets.requireFreeName(name)
        await keep(() => store.datasets.insert(dataset, skipped))
      } catch (thrown) {
        rmSync(folder, { recursive: true, force: true })
        throw thrown
      }
    } finally {
      claimed.release()
      if (source) sources.splice(sources.indexOf(source.id), 1)
    }
    emit({ type: 'dataset', dataset: store.datasets.get(id) })
    return id
  })
}

/** What a path holds, for the form; `dataset:NAME` too. */
export async function inspect({ store }: Context, path: string): Promise<CallOutput<'datasets.inspect'>> {
  const source = sourceOf(store, path)
  if (source === null) return inspectPath(path)
  const { kind, count, classes, width, height, channels } = source
  return { kind: 'dataset', images: kind === 'image', files: count, truncated: false, classes, width, height, channels, sizes: null, suggestedName: suggestName(path) }
}

/** The dataset that `dataset:NAME` stands for; null for any other path. Error: DATASET_UNKNOWN. */
export function sourceOf(store: Store, path: string) {
  const reference = datasetReference(path)
  if (reference === null) return null
  try {
    return store.datasets.get(reference)
  } catch (thrown) {
    throw thrown instanceof WorkbenchError ? new WorkbenchError(thrown.code, thrown.message, { field: 'path', cause: thrown }) : thrown
  }
}

/** The folder's or file's name, with a number where that is taken. */
function freeName(store: Store, { path, patches }: CallArguments<'datasets.import'>): string {
  const plain = patches ? `${suggestName(path).slice(0, 180)}-patches` : suggestName(path)
  let name = plain
  for (let number = 2; store.datasets.isTaken(name); number += 1) name = `${plain}-${number}`
  return name
}
