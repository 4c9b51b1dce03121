import { imageOf } from '../images.ts'
import { nearestTo } from '../nearest.ts'
import { picturesOf } from '../pictures.ts'
import { part, type Answer, type Asking } from '../question.ts'
import type { Blocks } from '../blocks.ts'
import type { ResultOf } from '../../../../shared/answers.ts'
import type { QuestionOf } from '../../../../shared/questions.ts'
import type { Tensor2D } from '../../trace/tensorflow.ts'

/** What lies nearest to an image in the code, and what in the pixels; the image itself left out where it is a row of the dataset. */
export const neighbours: Answer<'neighbours'> = async (question, asking) => {
  const { subject, drawing, report } = asking
  const { inputs, row, label, fitted } = await imageOf(subject, question.image)
  const { network } = subject
  const { codes, pixels } = subject.blocks
  const allowed = allowedRows(subject, question.among, row)
  const find = (query: Tensor2D, blocks: Blocks, from: number) =>
    nearest(query, blocks, { ...question, allowed, label }, { ...asking, report: part(report, from, from + 0.5) })
  return {
    kind: 'neighbours',
    metric: question.metric,
    row,
    label,
    fitted,
    query: picturesOf(inputs, drawing),
    reconstruction: network.classifies ? null : picturesOf(network.reconstruct(inputs), drawing),
    code: await find(network.encode(inputs), codes, 0),
    pixels: await find(inputs, pixels, 0.5),
  }
}

/** 1 for the rows among which is searched. */
function allowedRows({ dataset }: Asking['subject'], among: 'all' | 'train' | 'test', row: number | null): Uint8Array {
  const allowed = new Uint8Array(dataset.count)
  if (among === 'all') allowed.fill(1)
  else for (const each of dataset[among]) allowed[each] = 1
  if (row !== null) allowed[row] = 0
  return allowed
}

async function nearest(
  query: Tensor2D,
  blocks: Blocks,
  { count, metric, allowed, label }: Pick<QuestionOf<'neighbours'>, 'count' | 'metric'> & { allowed: Uint8Array; label: number },
  { subject, drawing, report }: Asking,
): Promise<ResultOf<'neighbours'>['code']> {
  const { rows, distances } = await nearestTo(query, blocks, count, metric, allowed, report)
  const labels = subject.labelsOf(rows)
  return {
    rows,
    distances,
    labels,
    pictures: picturesOf(subject.inputs(rows), drawing),
    sameClass: label < 0 || rows.length === 0 ? null : labels.filter((each) => each === label).length / rows.length,
  }
}
