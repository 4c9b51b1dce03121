import { setImmediate } from 'node:timers/promises'
import type { CallArguments } from '../../../shared/calls.ts'
import type { Comparison } from '../../../shared/comparison.ts'
import type { CompareLine } from '../../../shared/comparisonLines.ts'
import type { Images } from '../../../shared/domain.ts'
import { cleanKey } from '../compare/basis.ts'
import { curveTitles } from '../compare/curveKinds.ts'
import { reportPage, type Pictures, type ReportFacts } from '../compare/report/page.ts'
import { previewRows } from '../data/split.ts'
import { version } from '../version.ts'
import type { Context } from './context.ts'
import { imagesOf, reduced, withDataset } from './images.ts'

/** Curves in a report: with a point of each column that can be told apart on paper. */
const curveKeys = [cleanKey, 'validation/loss', 'train/loss']
/** Charts of one series at most. */
const mostKinds = 8
const columns = 500
/** Groups of which a report shows pictures. */
const mostPictures = 24
/** Pixels of the longer side of a picture in a report: enough to be printed. */
const longest = 256
const small = (images: Images | null): Images | null => images && reduced(images, longest)

/** A chart for all lines of a series that are measured on the same. */
const chartsOf = ({ curves, groups }: Comparison, lines: readonly CompareLine[]): ReportFacts['curves'] =>
  curveKeys.flatMap((key) =>
    (curves.series.find((one) => one.key === key)?.kinds ?? []).slice(0, mostKinds).map(({ words, unit, groups: indices }) => {
      const ids = new Set(indices.map((index) => groups[index]!.id))
      const title = words === '' ? curveTitles[key]! : `${curveTitles[key]!}, ${words}`
      return { title, unit, lines: lines.filter((line) => line.key === key && ids.has(line.id)) }
    }),
  )

/** The report of a comparison, as one HTML file. */
export async function reportOf(
  { home, store, log }: Context,
  comparison: Comparison,
  linesOf: (input: CallArguments<'compare.series'>) => Promise<CompareLine[]>,
): Promise<string> {
  const { runs, groups } = comparison
  const lines = await linesOf({
    runs: runs.map(({ id }) => id),
    keys: curveKeys,
    by: 'group',
    smoothing: 0,
    smooth: 'all',
    band: 'seeds',
    axis: 'epoch',
    columns,
    logarithmic: false,
  })
  const pictures: Pictures[] = []
  for (const [group, { counted, runs: all }] of groups.entries()) {
    if (pictures.length === mostPictures) break
    const id = counted[0]?.run ?? all[0]!
    const moment = store.previews.moments(id).at(-1)
    const preview = moment && store.previews.get(id, moment.step)
    if (!preview) continue
    const { reconstructions, corrupted, denoised, filters } = preview
    pictures.push({
      group,
      seed: runs.find((run) => run.id === id)!.seed,
      epoch: preview.epoch,
      reconstructions: small(reconstructions),
      corrupted: small(corrupted),
      denoised: small(denoised),
      filters: small(filters),
    })
    await setImmediate()
  }
  const datasets = [...new Set(runs.map(({ datasetId }) => datasetId))].map((id) => store.datasets.get(id))
  const originals = datasets.flatMap(({ id, name, kind }): ReportFacts['originals'] => {
    if (kind !== 'image') return []
    try {
      return [
        {
          dataset: name,
          images: withDataset(home.dataset(id), (dataset) => reduced(imagesOf(dataset, previewRows(dataset)), longest)),
        },
      ]
    } catch (thrown) {
      // A report without the originals is still one.
      log(`The images of “${name}” cannot be read for a report.`, thrown)
      return []
    }
  })
  return reportPage({
    comparison,
    curves: chartsOf(comparison, lines),
    pictures,
    originals,
    datasets,
    version,
    createdAt: new Date().toISOString(),
  })
}
