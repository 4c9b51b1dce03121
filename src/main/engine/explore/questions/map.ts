import { thousands } from '../../../../shared/words.ts'
import { placeOn, planeThrough } from '../manifold.ts'
import { picturesInParts } from '../pictures.ts'
import { part, unsuitable, type Answer } from '../question.ts'
import { codesOf, sampleRows } from '../rows.ts'
import { perplexityOf, tsne } from '../tsne.ts'
import { neighboursOf, umap } from '../umap.ts'

/** Codes of which every pair is looked at, and whose neighbours are. */
const most = { tsne: 3000, umap: 10_000 } as const
/** t-SNE and UMAP read codes of more units by so many principal components (van der Maaten and Hinton 2008, section 4.2, take 30). */
const readUnits = 50

/** Numbers of codes that are held at once: 256 MB. */
const mostValues = 2 ** 26

/** Codes where they can be seen. */
export const map: Answer<'map'> = async (
  { method, count, seed, dimensions: wanted, split, perplexity, neighbours, side },
  { subject, drawing, report },
) => {
  const { dataset, network } = subject
  const { codeSize } = network
  const dimensions = method === 'units' || method === 'pca' ? Math.min(wanted, codeSize) : wanted
  const every =
    split === 'all'
      ? Uint32Array.from({ length: dataset.count }, (_, row) => row)
      : split === 'test'
        ? dataset.test
        : subject.trainRows
  const rows = sampleRows(every, dataset.labels, count, seed)
  if ((method === 'tsne' || method === 'umap') && rows.length > most[method]) {
    throw unsuitable(
      `${method === 'tsne' ? 't-SNE' : 'UMAP'} is computed of up to ${thousands(most[method])} codes, ` +
        `and ${thousands(rows.length)} were asked for; ask for fewer, or choose principal components.`,
      'question.count',
    )
  }
  if (rows.length * codeSize > mostValues) {
    throw unsuitable(
      `${thousands(rows.length)} codes of ${codeSize} units are more than can be held ` +
        `at once; ask for up to ${thousands(Math.floor(mostValues / codeSize))}.`,
      'question.count',
    )
  }
  if (rows.length < 3) throw unsuitable('A map needs at least three images; choose another split or another dataset.')
  const codes = await codesOf(subject, rows, part(report, 0, method === 'pca' || method === 'units' ? 1 : 0.1))
  if (!codes.every(Number.isFinite))
    throw unsuitable(
      'The codes are not finite numbers, so they cannot be placed; train the run again with a smaller training.learningRate.',
    )
  const rest = part(report, 0.1, 1)
  let explained: number[] | null = null
  const place = async () => {
    if (method === 'units')
      return Float32Array.from(
        { length: rows.length * dimensions },
        (_, i) => codes[Math.floor(i / dimensions) * codeSize + (i % dimensions)]!,
      )
    const leading = async (components: number) => {
      const plane = await planeThrough(codes, codeSize, Math.min(components, codeSize), async () => {})
      return { placed: placeOn(plane, codes, codeSize), plane }
    }
    if (method === 'pca') {
      const { placed, plane } = await leading(dimensions)
      explained = plane.explained
      return placed
    }
    const width = Math.min(readUnits, codeSize),
      read = codeSize > readUnits ? (await leading(readUnits)).placed : codes
    if (method === 'umap') return umap(read, width, { neighbours, seed, dimensions, report: rest })
    const { placed, plane } = await leading(dimensions)
    // A code of fewer units than places have dimensions begins with 0 in the others.
    const start = Float32Array.from({ length: rows.length * dimensions }, (_, i) =>
      i % dimensions < plane.dimensions ? placed[Math.floor(i / dimensions) * plane.dimensions + (i % dimensions)]! : 0,
    )
    return tsne(read, width, start, { perplexity, seed, dimensions, report: rest })
  }
  const coordinates = await place()
  return {
    kind: 'map',
    method,
    dimensions,
    coordinates,
    rows: Int32Array.from(rows),
    labels: subject.labelsOf(rows),
    of: every.length,
    explained,
    note: loweredNote(method, { perplexity, neighbours }, rows.length),
    pictures:
      side > 0
        ? picturesInParts(rows.length, { ...drawing, side }, (start, some) => subject.inputs(rows.subarray(start, start + some)))
        : null,
  }
}

/** What so few codes cannot have as it was asked for; null where they can. */
function loweredNote(method: string, asked: { perplexity: number; neighbours: number }, count: number): string | null {
  const [what, wanted, had] =
    method === 'tsne'
      ? ['A perplexity', asked.perplexity, perplexityOf(asked.perplexity, count)]
      : ['A neighbourhood', asked.neighbours, neighboursOf(asked.neighbours, count)]
  return (method !== 'tsne' && method !== 'umap') || had === wanted
    ? null
    : `${what} of ${wanted} is more than ${thousands(count)} codes can have; it was lowered to ${Number(had.toPrecision(4))}.`
}
