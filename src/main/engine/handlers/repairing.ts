import { thousands } from '../../../shared/words.ts'
import { readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset, Task } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { importDataset, type Imported, type ImportRequest } from '../data/import.ts'
import { files, indexSchema } from '../data/index-file.ts'
import { computedSet } from '../data/sets/registry.ts'
import { syncFolder } from '../files/durable.ts'
import type { Context } from './context.ts'
import { sourceOf } from './importing.ts'

/** Datasets that are being repaired, by id. */
const repairing = new Set<string>()

/** Error: DATASET_IN_USE while it is being repaired. */
export function requireNoRepair({ id, name }: Pick<Dataset, 'id' | 'name'>): void {
  if (repairing.has(id))
    throw new WorkbenchError('DATASET_IN_USE', `The dataset “${name}” is being repaired; wait for that or cancel it.`)
}

/**
 * Imports a dataset's source again and puts the files in place of those that are there. Runs keep their dataset: nothing is
 * replaced unless the same images, labels and split come out. The task fails with DATASET_DIFFERS, or with what `importDataset`
 * throws; then all is as before.
 * @param path where the source lies now, if it is not where it was; it is the dataset's source from then on
 */
export function repair({ home, store, tasks, emit }: Context, dataset: Dataset, path: string | undefined): Task {
  requireNoRepair(dataset)
  const folder = home.dataset(dataset.id)
  // What an interrupted repair leaves ends with the engine.
  const beside = `${folder}.repair.partial`
  const asked = { ...optionsOf(folder, dataset), ...(path === undefined ? {} : { path }) }
  const source = sourceOf(store, asked.path)
  const request: ImportRequest = {
    ...asked,
    id: dataset.id,
    name: dataset.name,
    folder: beside,
    ...(source && { dataset: { name: source.name, folder: home.dataset(source.id) } }),
  }
  return tasks.start('import', `Repair of ${dataset.name}`, async (signal, onProgress) => {
    requireNoRepair(dataset)
    repairing.add(dataset.id)
    try {
      rmSync(beside, { recursive: true, force: true })
      const found = await importDataset(request, { signal, onProgress }).catch((thrown: unknown) => {
        throw elsewhere(thrown, dataset, asked.path, path)
      })
      signal.throwIfAborted()
      if (found.sha256 !== dataset.sha256) throw differs(dataset, found, asked.groupDraw === undefined)
      replaceFiles(beside, folder)
      // The new index says so, too: the next repair begins there.
      if (found.source !== dataset.source) store.datasets.moveSource(dataset.id, found.source)
    } finally {
      rmSync(beside, { recursive: true, force: true })
      repairing.delete(dataset.id)
    }
    emit({ type: 'dataset', dataset: store.datasets.get(dataset.id) })
    return dataset.id
  })
}

type Options = Omit<ImportRequest, 'id' | 'name' | 'folder' | 'dataset'>

/** How the dataset was imported: as its index says, or, of an earlier version's, as far as what came out tells. */
function optionsOf(folder: string, { source, kind, fit, width, height, channels, count }: Dataset): Options {
  try {
    const { options } = indexSchema.parse(JSON.parse(readFileSync(join(folder, files.index), 'utf8')))
    if (options !== undefined) return options as unknown as Options
  } catch {
    // The index may be what is damaged.
  }
  if (computedSet(source) !== null) return { path: source, fit, count }
  return { path: source, fit, ...(kind === 'image' ? { width, height, channels: channels === 1 ? 1 : 3 } : {}) }
}

/** Each file takes its place at once; what says what the others come to is the last. */
function replaceFiles(from: string, to: string): void {
  const last: string[] = [files.index, files.checksums]
  const names = readdirSync(from).sort((a, b) => last.indexOf(a) - last.indexOf(b))
  // A mixture of old and new files holds the same images; only the old checksums would not fit all of them.
  rmSync(join(to, files.checksums), { force: true })
  for (const name of names) renameSync(join(from, name), join(to, name))
  syncFolder(to)
}

/** A source that is not where it was: how to say where it is. */
function elsewhere(thrown: unknown, { name, id }: Dataset, asked: string, given: string | undefined): unknown {
  if (given !== undefined || !(thrown instanceof WorkbenchError) || !thrown.code.startsWith('PATH_')) return thrown
  const what = thrown.code === 'PATH_MISSING' ? 'is not there any more' : 'cannot be read'
  const message =
    `“${name}” was made of ${asked}, which ${what}; say where that lies now, on the dataset's page or by ` +
    `“datasets repair ${id} --path P”.`
  return new WorkbenchError(thrown.code, message, { field: 'path', cause: thrown })
}

/** @param earlier whether the dataset was imported before the import drew as it does now, and read some sources otherwise, too */
function differs(dataset: Dataset, found: Imported, earlier: boolean): WorkbenchError {
  const parts = [
    found.count === dataset.count ? null : `${thousands(found.count)} images instead of ${thousands(dataset.count)}`,
    found.width === dataset.width && found.height === dataset.height && found.channels === dataset.channels
      ? null
      : `${found.width} x ${found.height} x ${found.channels} instead of ${dataset.width} x ${dataset.height} x ${dataset.channels}`,
    found.classes.join('\n') === dataset.classes.join('\n') ? null : 'other classes',
    found.testCount === dataset.testCount ? null : 'another test split',
  ].filter((part) => part !== null)
  const what = parts.length > 0 ? parts.join(', ') : 'the same number of images, with other pixels, labels or order'
  const message =
    `What is there now is not what “${dataset.name}” was made of (${what}), so nothing was replaced; ` +
    'name the folder or file that it was imported from (--path).' +
    (earlier
      ? ' If this is that, unchanged, an earlier version may have read or divided it otherwise; then import it as a new dataset.'
      : '')
  return new WorkbenchError('DATASET_DIFFERS', message, { field: 'path' })
}
