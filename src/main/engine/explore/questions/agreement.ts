import { NearestList } from '../../evaluate/nearestList.ts'
import type { Metric } from '../../evaluate/distance.ts'
import { References, Space } from '../../evaluate/neighbourSearch.ts'
import type { Report } from '../../evaluate/report.ts'
import { batchSize } from '../../evaluate/samples.ts'
import { inputTensor } from '../../network/inputs.ts'
import { tf, type Tensor2D } from '../../trace/tensorflow.ts'
import { Blocks, type Block } from '../blocks.ts'
import { part, unsuitable, type Answer } from '../question.ts'
import type { Subject } from '../subject.ts'

/** Of the labelled test images: the mean share of their nearest that are of their class; in the code, in the pixels, and by chance. */
export const agreement: Answer<'agreement'> = async ({ count: wanted, metric, among }, { subject, report }) => {
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
  // An image is not among its own neighbours.
  const count = Math.min(wanted, Math.max(1, rows.length - (queries.some((row) => allowed[row] === 1) ? 1 : 0)))
  const chance =
    queries.reduce((sum, row) => sum + (perClass[labels[row]!]! - allowed[row]!) / Math.max(1, all - allowed[row]!), 0) /
    queries.length

  const shareIn = async (blocks: Blocks, encode: (inputs: Tensor2D) => Tensor2D, report: Report): Promise<number> => {
    // One more than is asked for: an image among those that are searched finds itself.
    const nearest = new NearestList(queries.length, count + 1)
    await search(subject, queries, blocks, encode, metric, allowed, nearest, report)
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
  metric: Metric,
  allowed: Uint8Array,
  nearest: NearestList,
  report: Report,
): Promise<void> {
  // Encoded once, as far as they can be kept, not once a block of references.
  const rowsAtOnce = batchSize(dataset.rowSize)
  const queried = new Blocks(
    queries.length,
    blocks.width,
    (start, count) => tf.tidy(() => encode(inputTensor(dataset, queries.subarray(start, start + count)))),
    { blockValues: rowsAtOnce * blocks.width },
  )
  let searched = 0
  let space: Space | undefined
  const searchBlock = async (codes: Tensor2D, share: (done: number) => number) => {
    const references = new References(codes, searched, (space ??= new Space(codes, metric)))
    try {
      await queried.forEach(
        async ({ start: first, values }) => {
          for (let from = 0; from < values.shape[0]; from += references.queriesAtOnce) {
            const some = values.slice([from, 0], [Math.min(references.queriesAtOnce, values.shape[0] - from), -1])
            references.search(some, first + from, nearest)
            some.dispose()
            await report(share((first + from) / queries.length))
          }
        },
        async () => {},
      )
    } finally {
      references.dispose()
    }
  }
  const visit = async ({ start, values }: Block) => {
    const places = Array.from({ length: values.shape[0] }, (_, at) => at).filter((at) => allowed[start + at] === 1)
    if (places.length === 0) return
    const all = places.length === values.shape[0]
    const codes = all ? values.clone() : tf.tidy(() => tf.gather(values, tf.tensor1d(places, 'int32')))
    try {
      await searchBlock(codes, (done) => (start + places.length * done) / blocks.count)
    } finally {
      codes.dispose()
    }
    searched += places.length
  }
  try {
    await blocks.forEach(visit, async () => {})
  } finally {
    space?.dispose()
    queried.dispose()
  }
}
