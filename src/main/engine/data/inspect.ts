import { basename } from 'node:path'
import type { CallOutput } from '../../../shared/calls.ts'
import { datasetReference } from '../../../shared/patches.ts'
import { syntheticImages, syntheticName, syntheticSets } from '../../../shared/synthetic.ts'
import { describeArray } from './array-rows.ts'
import { indexLabels, readLabels } from './labels.ts'
import { listFolder } from './layout.ts'
import { byCodePoint } from './walk.ts'
import { defaultShape, sampleHeaders, type Sample } from './sample.ts'
import { findSource, resolvePath, sampleName } from './source.ts'
import { syntheticShape } from './synthetic.ts'

/** Enough to know what a folder is, without making anyone wait for it. */
const fileLimit = 20_000
const headerLimit = 200

/**
 * What a path holds, before it is imported: kind, number of files or rows, classes, sizes, and the size that an import makes of them. Reads names and
 * some headers only; of a folder with very many files, the first 20,000 (`truncated`).
 * @throws WorkbenchError as `importDataset` would for a path that cannot be imported
 */
export async function inspectPath(path: string): Promise<CallOutput<'datasets.inspect'>> {
  const suggestedName = suggestName(path)
  const synthetic = syntheticName(path)
  if (synthetic !== null) {
    const { count, classes } = syntheticSets[synthetic], images = syntheticImages(synthetic)
    const shape = images !== null ? syntheticShape(images, {}) : { width: 2, height: 1, channels: 1 }
    return { kind: 'synthetic', images: images !== null, files: count, truncated: false, classes: [...classes], ...shape, sizes: null, suggestedName }
  }
  const source = await findSource(path)
  if (source.kind !== 'folder') {
    const { parts } = source
    const described = parts.map((part) => describeArray(part.images))
    const files = described.reduce((sum, part) => sum + part.count, 0)
    const values = await Promise.all(parts.map((part, i) => (part.labels ? readLabels(part.labels, described[i]!.count) : null)))
    const { classes } = indexLabels(values.map((value, i) => ({ values: value, count: described[i]!.count })))
    const { kind, width, height, channels } = described[0]!
    return { kind: source.kind, images: kind === 'image', files, truncated: false, classes, width, height, channels, sizes: null, suggestedName }
  }
  const list = await listFolder(source.root, null, { limit: fileLimit })
  const classes = new Set<string>()
  if (list.labelled) for (let file = 0; file < list.names.count; file++) classes.add(list.labelOf(file) ?? '')
  classes.delete('')
  const sample = await sampleHeaders(list, { limit: headerLimit })
  return {
    kind: 'folder', images: true, files: list.names.count, truncated: list.truncated, classes: [...classes].sort(byCodePoint),
    ...(sample ? defaultShape(sample, {}) : { width: null, height: null, channels: null }), sizes: sample && sizesOf(sample), suggestedName,
  }
}

const sizesOf = ({ agree, width, height, smallest, largest }: Sample) => ({ agree, width, height, smallest, largest })

/** A dataset's name from where it comes: the folder's or file's name without its ending. */
export function suggestName(path: string): string {
  if (path.trim() === sampleName || syntheticName(path) !== null) return path.trim()
  const reference = datasetReference(path)
  if (reference !== null) return reference.slice(0, 200).trim()
  const name = basename(resolvePath(path)).replace(/\.(npz|gz)$/i, '').slice(0, 200).trim()
  return name === '' ? 'images' : name
}
