import { NearestList } from '../../evaluate/nearestList.ts'
import { leadingDirections, References, type Projection } from '../../evaluate/neighbourSearch.ts'
import type { Report } from '../../evaluate/report.ts'
import { forEachBatch } from '../../evaluate/samples.ts'
import { tf, type Tensor1D, type Tensor2D } from '../../trace/tensorflow.ts'
import type { Blocks } from '../blocks.ts'
import { part, unsuitable, type Answer } from '../question.ts'
import type { Subject } from '../subject.ts'

/** Of the labelled test images: the mean share of their nearest that are of their class; in the code, in the pixels, and by chance. */
export const agreement: Answer<'agreement'> = async ({ count, metric, among }, { subject, report }) => {
  const { dataset, network } = subject
  const { labels } = dataset
  const labelled = (rows: Uint32Array) => rows.filter((row) => labels![row]! >= 0)
  const queries = labels ? labelled(dataset.test) : new Uint32Array()
  if (!labels || queries.length === 0)
    throw unsuitable(
      'No test image has a class, so neighbours cannot agree with it; import the images from one folder for each class.',
    )
  const allowed = new Uint8Array(dataset.count)
  for (const row of labelled(among === 'all' ? Uint32Array.from({ length: dataset.count }, (_, row) => row) : dataset[among]))
    allowed[row] = 1
  const rows = Uint32Array.from({ length: dataset.count }, (_, row) => row).filter((row) => allowed[row] === 1)
  const perClass = new Float64Array(dataset.classes.length)
  allowed.forEach((one, row) => {
    if (one) perClass[labels[row]!]!++
  })
  const all = perClass.reduce((sum, each) => sum + each, 0)
  const chance =
    queries.reduce((sum, row) => sum + (perClass[labels[row]!]! - allowed[row]!) / Math.max(1, all - allowed[row]!), 0) /
    queries.length

  const shareIn = async (blocks: Blocks, encode: (inputs: Tensor2D) => Tensor2D, report: Report): Promise<number> => {
    // One more than is asked for: an image among those that are searched finds itself.
    const nearest = new NearestList(queries.length, count + 1)
    await search(subject, queries, blocks, encode, metric === 'cosine', allowed, nearest, report)
    let total = 0
    queries.forEach((row, query) => {
      const found = nearest
        .of(query)
        .filter((place) => place >= 0)
        .map((place) => rows[place]!)
        .filter((each) => each !== row)
        .subarray(0, count)
      total += found.length === 0 ? 0 : found.filter((each) => labels[each] === labels[row]).length / found.length
    })
    return total / queries.length
  }
  const { codes, pixels } = subject.blocks
  const code = await shareIn(codes, (inputs) => network.encode(inputs), part(report, 0, 0.3))
  return {
    kind: 'agreement',
    count,
    queries: queries.length,
    code,
    pixels: await shareIn(pixels, (inputs) => inputs.clone(), part(report, 0.3, 1)),
    chance,
  }
}

/** Enters what is near to each query; references are counted among the allowed rows, ascending. */
async function search(
  { dataset }: Subject,
  queries: Uint32Array,
  blocks: Blocks,
  encode: (inputs: Tensor2D) => Tensor2D,
  unit: boolean,
  allowed: Uint8Array,
  nearest: NearestList,
  report: Report,
): Promise<void> {
  const prepared = (values: Tensor2D): Tensor2D =>
    unit ? values.div(values.square().sum(1, true).sqrt().maximum(1e-30)) : values.clone()
  let searched = 0
  let centre: Tensor1D | undefined, projection: Projection | null | undefined
  await blocks.forEach(
    async ({ start, values }) => {
      const rows = Array.from({ length: values.shape[0] }, (_, at) => start + at).filter((row) => allowed[row] === 1)
      if (rows.length === 0) return
      const block = tf.tidy(() =>
        prepared(
          tf.gather(
            values,
            tf.tensor1d(
              rows.map((row) => row - start),
              'int32',
            ),
          ),
        ),
      )
      centre ??= tf.tidy(() => block.mean(0) as Tensor1D)
      projection ??= leadingDirections(block, centre)
      const references = new References(block, searched, centre, projection)
      try {
        await forEachBatch(dataset, queries, async ({ start: first, inputs }) => {
          const encoded = tf.tidy(() => prepared(encode(inputs)))
          for (let from = 0; from < encoded.shape[0]; from += references.queriesAtOnce) {
            const some = encoded.slice([from, 0], [Math.min(references.queriesAtOnce, encoded.shape[0] - from), -1])
            references.search(some, first + from, nearest)
            some.dispose()
            await report((start + (rows.length * (first + from)) / queries.length) / blocks.count)
          }
          encoded.dispose()
        })
      } finally {
        references.dispose()
        block.dispose()
      }
      searched += rows.length
    },
    async () => {},
  )
  tf.dispose([centre, ...(projection ? [projection] : [])].filter((tensor) => tensor !== undefined))
}
