import { rmSync } from 'node:fs'
import type { CallArguments, CallOutput } from '../../../shared/calls.ts'
import type { Progress, Task } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { datasetReference } from '../../../shared/patches.ts'
import { claim } from '../claims.ts'
import { importDataset, type ImportRequest } from '../data/import.ts'
import { inspectDataset, inspectImport, suggestName } from '../data/inspect.ts'
import { previewImport } from '../data/preview.ts'
import type { SourceRequest } from '../data/request.ts'
import { newId } from '../store/ids.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { reduced } from './images.ts'

/** Datasets that patches are being taken from, by id; one may be there several times. */
const sources: string[] = []

/** Error: DATASET_IN_USE while patches are taken from it. */
export function requireNoPatches(dataset: { id: string; name: string }): void {
  if (sources.includes(dataset.id)) {
    throw new WorkbenchError(
      'DATASET_IN_USE',
      `Patches are being taken from the dataset “${dataset.name}”; wait for that import or cancel it.`,
    )
  }
}

/**
 * Starts an import. What can be told in a moment is refused at once. Its task fails with DATASET_DUPLICATE, DATASET_NAME_TAKEN or what
 * `importDataset` throws; then nothing is left behind.
 */
export async function importInto(context: Context, input: CallArguments<'datasets.import'>): Promise<Task> {
  const { home, store, tasks, emit } = context
  const name = input.name ?? freeName(store, input)
  store.datasets.requireFreeName(name)
  const id = newId(),
    folder = home.dataset(id),
    source = sourceOf(store, input.path)
  const request: ImportRequest = { ...requestOf(context, input), id, name, folder }
  if (request.patches) await (await import('../data/patches/pack.ts')).checkPatches(request)
  return tasks.start('import', name, async (signal, onProgress, keep) => {
    if (source) sources.push(source.id)
    const claimed = claim(home, { kind: 'datasets', id })
    try {
      const { skipped, ...dataset } = await importDataset(request, { signal, onProgress })
      try {
        signal.throwIfAborted()
        const same = store.datasets.findByFingerprint(dataset.sha256)
        if (same !== null) {
          const message =
            `These images are here already, as the dataset “${same.name}”; use that one, or remove it ` +
            '(aebench datasets remove) and import them again.'
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

/** What each view has asked last. */
const asked = new Map<string, AbortController>()

/** Answers one question of a view, in place of an older one of the same kind. Error: CANCELLED. */
async function inPlaceOf<T>(key: string | undefined, answer: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController(),
    { signal } = controller
  if (key !== undefined) {
    asked.get(key)?.abort(new WorkbenchError('CANCELLED', 'Something newer was asked in its place.'))
    asked.set(key, controller)
  }
  try {
    return await answer(signal)
  } catch (thrown) {
    throw signal.aborted ? signal.reason : thrown
  } finally {
    if (key !== undefined && asked.get(key) === controller) asked.delete(key)
  }
}

export function stopInspecting({ view }: CallArguments<'datasets.stopInspecting'>): CallOutput<'datasets.stopInspecting'> {
  for (const key of [`inspect ${view}`, `preview ${view}`])
    asked.get(key)?.abort(new WorkbenchError('CANCELLED', 'It was cancelled.'))
  return {}
}

/** What an import would make of a source; of `dataset:NAME` without patches, what that dataset is. */
export async function inspect(
  context: Context,
  { view, ...input }: CallArguments<'datasets.inspect'>,
): Promise<CallOutput<'datasets.inspect'>> {
  const source = sourceOf(context.store, input.path),
    request = requestOf(context, input)
  if (source !== null && input.patches === undefined) return inspectDataset(source, context.home.dataset(source.id))
  const tell = (progress: Progress | null) => {
    if (view !== undefined) context.emit({ type: 'inspection', view, progress })
  }
  return inPlaceOf(view && `inspect ${view}`, async (signal) => {
    try {
      return await inspectImport(request, {
        signal,
        onProgress: (progress) => {
          if (!signal.aborted) tell(progress)
        },
      })
    } finally {
      if (!signal.aborted) tell(null)
    }
  })
}

/** Some images as the import would store them; of `dataset:NAME` without patches, as they are stored. */
export async function preview(context: Context, input: CallArguments<'datasets.preview'>): Promise<CallOutput<'datasets.preview'>> {
  const { view, draw, images, fitted, side, ...rest } = input,
    request = requestOf(context, rest)
  const found = await inPlaceOf(view && `preview ${view}`, (signal) => previewImport(request, { images, draw, fitted, signal }))
  return {
    ...found,
    images: reduced(found.images, side),
    fitted: found.fitted.map((one) => ({ ...one, images: one.images && reduced(one.images, side) })),
  }
}

const requestOf = ({ home, store }: Context, input: Omit<CallArguments<'datasets.inspect'>, 'view'>): SourceRequest => {
  const source = sourceOf(store, input.path)
  return {
    ...input,
    groupDraw: 'balanced',
    ...(source && { dataset: { name: source.name, folder: home.dataset(source.id) } }),
  }
}

/** The dataset that `dataset:NAME` stands for; null for any other path. Error: DATASET_UNKNOWN. */
export function sourceOf(store: Store, path: string) {
  const reference = datasetReference(path)
  if (reference === null) return null
  try {
    return store.datasets.get(reference)
  } catch (thrown) {
    throw thrown instanceof WorkbenchError
      ? new WorkbenchError(thrown.code, thrown.message, { field: 'path', cause: thrown })
      : thrown
  }
}

/** The folder's or file's name, with a number where that is taken. */
function freeName(store: Store, { path, patches }: CallArguments<'datasets.import'>): string {
  const plain = patches ? `${suggestName(path).slice(0, 180)}-patches` : suggestName(path)
  let name = plain
  for (let number = 2; store.datasets.isTaken(name); number += 1) name = `${plain}-${number}`
  return name
}
