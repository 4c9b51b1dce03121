import type { Dataset, Split } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { discard } from '../claims.ts'
import { tableOf } from '../data/class-table.ts'
import { completePath } from '../data/complete.ts'
import { listFolder } from '../data/listFolder.ts'
import { rowPaths } from '../data/open.ts'
import { isPlane, type PackedDataset } from '../data/packed.ts'
import { offeredSets } from '../data/sets/registry.ts'
import { previewRows } from '../data/split.ts'
import type { Context, Handlers } from './context.ts'
import { importInto, inspect, preview, requireNoPatches, stopInspecting } from './importing.ts'
import { repair, requireNoRepair } from './repairing.ts'
import { duringDataset, pointsOf, thumbnailsOf, withDataset } from './images.ts'

/** Datasets: their list, import, pictures, names and removal. */
export const datasetHandlers = (context: Context) => {
  const { home, store, trash, emit } = context
  return {
    'datasets.offered': () => ({ sets: offeredSets() }),
    'datasets.list': () => ({ datasets: store.datasets.list() }),
    'datasets.import': async (input) => ({ task: await importInto(context, input) }),
    'datasets.repair': ({ dataset, path }) => ({ task: repair(context, store.datasets.get(dataset), path) }),
    'datasets.inspect': (input) => inspect(context, input),
    'datasets.preview': (input) => preview(context, input),
    'datasets.stopInspecting': stopInspecting,
    'datasets.classes': ({ dataset }) => withDataset(home.dataset(store.datasets.get(dataset).id), tableOf),
    'datasets.skipped': ({ dataset }) => ({ skipped: store.datasets.skipped(store.datasets.get(dataset).id) }),
    'datasets.images': ({ dataset: reference, offset, count, split, label, only, preview, side }) => {
      const { id, name } = store.datasets.get(reference),
        folder = home.dataset(id)
      return duringDataset(folder, async (dataset) => {
        const unknown = only?.find((row) => row >= dataset.count)
        if (unknown !== undefined)
          throw new WorkbenchError(
            'CALL_INVALID',
            `There is no row ${unknown} in “${name}”, which has ${dataset.count} (0 to ${dataset.count - 1}); choose another one.`,
            { field: 'only' },
          )
        const matching = rowsWhere(dataset, split, label, preview ? [...previewRows(dataset)] : only)
        const rows = matching.slice(offset, offset + count),
          paths = rowPaths(folder, rows)
        return {
          total: matching.length,
          rows: [...rows],
          images: await thumbnailsOf(dataset, rows, side),
          labels: labelsOf(dataset, rows),
          paths,
        }
      })
    },
    'datasets.points': ({ dataset: reference, count, split, label }) => {
      const { id, name } = store.datasets.get(reference)
      return withDataset(home.dataset(id), (dataset) => {
        if (!isPlane(dataset))
          throw new WorkbenchError(
            'CALL_INVALID',
            `The rows of “${name}” are not two numbers each, so they are not points; use datasets.images.`,
            { field: 'dataset' },
          )
        const matching = rowsWhere(dataset, split, label),
          shown = Math.min(count, matching.length)
        const rows = Uint32Array.from({ length: shown }, (_, i) => matching[Math.floor((i * matching.length) / shown)]!)
        return { total: matching.length, rows: [...rows], points: pointsOf(dataset, rows), labels: labelsOf(dataset, rows) }
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
    'datasets.remove': async ({ dataset: reference }) => {
      const { id, name } = store.datasets.get(reference)
      requireNoPatches({ id, name })
      requireNoRepair({ id, name })
      store.datasets.requireUnused(id, name)
      // What was removed before cannot be restored without its data.
      const { runs: trashed } = await trash.purgeDataset(id)
      const codes = store.embeddings.ofDataset(id)
      discard([home.dataset(id), ...codes.map(home.embedding)], () => store.datasets.remove(id, name))
      emit({ type: 'datasetRemoved', dataset: id })
      for (const embedding of codes) emit({ type: 'embeddingRemoved', embedding })
      return { trashed, codes: codes.length }
    },
    'paths.complete': async ({ prefix, endings }) => ({
      paths: [
        ...(endings === undefined ? sourcesLike(store.datasets.list(), prefix) : []),
        ...(await completePath(prefix, endings)),
      ],
    }),
    'paths.list': ({ folder, endings }) => listFolder(folder, endings),
  } satisfies Partial<Handlers>
}

/** `dataset:NAME` of the datasets that patches can be taken from, once a typed path begins like that. */
const sourcesLike = (datasets: readonly Dataset[], prefix: string): string[] =>
  /^\s*dataset:/i.test(prefix)
    ? datasets
        .filter(({ kind }) => kind === 'image')
        .map(({ name }) => `dataset:${name}`)
        .filter((word) => word.toLowerCase().startsWith(prefix.trim().toLowerCase()))
        .slice(0, 50)
    : []

/** Rows of one part or of all, of one class or of all, ascending; or those among `only`, in their order. */
function rowsWhere(
  dataset: PackedDataset,
  split: Split | undefined,
  label: number | undefined,
  only?: readonly number[],
): Uint32Array {
  const all =
    split === undefined
      ? Uint32Array.from({ length: only ? 0 : dataset.count }, (_, row) => row)
      : split === 'train'
        ? ownTraining(dataset)
        : dataset[split]
  const inside = only && split !== undefined ? new Set(all) : null
  const candidates = only ? Uint32Array.from(inside ? only.filter((row) => inside.has(row)) : only) : all
  return label === undefined ? candidates : candidates.filter((row) => dataset.labels?.[row] === label)
}

/** Those for training, without a validation part that the dataset brings. */
function ownTraining({ train, validation }: PackedDataset): Uint32Array {
  const kept = new Set(validation)
  return kept.size === 0 ? train : train.filter((row) => !kept.has(row))
}

const labelsOf = ({ labels }: PackedDataset, rows: Uint32Array): number[] =>
  labels === null ? [] : Array.from(rows, (row) => labels[row]!)
