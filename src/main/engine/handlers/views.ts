import { WorkbenchError } from '../../../shared/errors.ts'
import { basisOf } from '../compare/basis.ts'
import { differenceImages } from '../compare/differenceImages.ts'
import { isPlane } from '../data/packed.ts'
import { previewRows } from '../data/split.ts'
import type { Context, Handlers } from './context.ts'
import { imagesOf, pointsOf, withDataset } from './images.ts'

/** What the views of runs show: curves, pictures over time. */
export const viewHandlers = ({ home, store }: Context) =>
  ({
    'runs.series': ({ run: reference, keys, afterStep }) => {
      const run = store.runs.resolve(reference)
      const series = store.points.series(run.id, keys, afterStep)
      const words = series.flatMap(({ key }) => {
        const said = basisOf(run, key).words
        return said === '' ? [] : [[key, said] as const]
      })
      return { series, measuredOn: Object.fromEntries(words) }
    },
    'runs.moments': ({ run: reference }) => {
      const run = store.runs.resolve(reference)
      const shown = withDataset(home.dataset(run.datasetId), (dataset) => {
        const rows = previewRows(dataset)
        return {
          originals: dataset.kind === 'image' ? imagesOf(dataset, rows) : null,
          points: isPlane(dataset) ? pointsOf(dataset, rows) : null,
          labels: dataset.labels === null ? [] : Array.from(rows, (row) => dataset.classes[dataset.labels![row]!] ?? ''),
        }
      })
      return { moments: store.previews.moments(run.id), ...shown }
    },
    'runs.preview': ({ run: reference, step }) => {
      const run = store.runs.resolve(reference)
      const preview = store.previews.get(run.id, step)
      if (preview === null)
        throw new WorkbenchError(
          'CALL_INVALID',
          `The run “${run.name}” has no pictures of step ${step}; runs.moments lists the steps that have.`,
          { field: 'step' },
        )
      if (preview.reconstructions === null) return { preview }
      const originals = withDataset(home.dataset(run.datasetId), (dataset) => imagesOf(dataset, previewRows(dataset)))
      return {
        preview: {
          ...preview,
          differences: {
            reconstructions: differenceImages(preview.reconstructions, originals),
            denoised: differenceImages(preview.denoised, originals),
          },
        },
      }
    },
  }) satisfies Partial<Handlers>
