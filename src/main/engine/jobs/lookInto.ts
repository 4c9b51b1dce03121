import { WorkbenchError } from '../../../shared/errors.ts'
import type { Result } from '../../../shared/answers.ts'
import type { Question } from '../../../shared/questions.ts'
import { openDataset } from '../data/open.ts'
import { validationSplit } from '../data/split.ts'
import { codesDataset } from '../embed/codes.ts'
import { readKept } from '../embed/keptCodes.ts'
import { answer } from '../explore/answer.ts'
import { Blocks } from '../explore/blocks.ts'
import type { Target } from '../checkpoint/target.ts'
import type { Subject } from '../explore/subject.ts'
import { inputTensor } from '../network/inputs.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Port } from '../training/port.ts'
import { reporting } from './share.ts'

/** Asks something of kept codes. */
export interface LookIntoJob {
  kind: 'lookInto'
  /** The folder of the codes of every row, and the size of one. */
  codes: string
  codeSize: number
  /** What to do where they are damaged; a sentence. */
  again: string
  dataset: Target['dataset']
  question: Question
  side: number | undefined
}

/** As an explorer has it for a run with the usual seed: the same rows are chosen for both. */
const seed = 1

type Asked = Pick<
  Subject,
  'dataset' | 'target' | 'trainRows' | 'labelOf' | 'labelsOf' | 'inputs' | 'blocks' | 'drawing' | 'remember' | 'rememberLater'
>

/**
 * Kept codes of a dataset as what a question is asked about. What encodes is the place in the dataset: the rows of `dataset`
 * are the codes, and the network gives them as they are; `inputs` and pictures are those of the images.
 */
async function subjectOf(job: LookIntoJob): Promise<{ subject: Subject; close(): void }> {
  const { codes: folder, codeSize, dataset: shape, question, again } = job
  const images = openDataset(shape.folder)
  const values = await readKept(folder, codeSize, images.count, again).catch((thrown: unknown) => {
    images.close()
    throw thrown
  })
  const dataset = codesDataset(values, codeSize, images)
  const matrix = (start: number, count: number): Tensor2D =>
    tf.tensor2d(values.slice(start * codeSize, (start + count) * codeSize), [count, codeSize])
  const blocks = {
    codes: new Blocks(images.count, codeSize, matrix),
    pixels: new Blocks(images.count, images.rowSize, (start, count) =>
      inputTensor(
        images,
        Uint32Array.from({ length: count }, (_, i) => start + i),
      ),
    ),
  }
  const asked = question.kind === 'neighbours' && 'row' in question.image ? question.image.row : null
  const labelOf = (row: number | null): number => (row === null ? -1 : (images.labels?.[row] ?? -1))
  const context = {
    dataset,
    blocks,
    target: { runName: '', collapsed: null, dataset: shape },
    trainRows: validationSplit(images, seed).train,
    labelOf,
    labelsOf: (rows) => Int32Array.from(rows, labelOf),
    inputs: (rows) => inputTensor(images, Uint32Array.from(rows)),
    drawing: (side) => ({ shape, side, range: shape.kind === 'image' ? [0, 1] : [-3, 3] }),
    remember: (_, make) => make(),
    rememberLater: (_, make) => make(),
  } satisfies Asked
  // Only these of a network are used by the questions above.
  const network = {
    codeSize,
    classifies: true,
    encode: (inputs: Tensor2D): Tensor2D => (asked === null ? inputs.clone() : matrix(asked, 1)),
  }
  return {
    subject: { ...context, network } as unknown as Subject,
    close() {
      blocks.codes.dispose()
      blocks.pixels.dispose()
      images.close()
    },
  }
}

/** Answers a question about kept codes. @throws WorkbenchError as the question's answer does; CANCELLED */
export async function lookInto(job: LookIntoJob, port: Port): Promise<{ result: Result }> {
  const { question, side } = job
  if (question.kind === 'neighbours' && !('row' in question.image)) {
    throw new WorkbenchError(
      'QUESTION_UNSUITABLE',
      'Of kept codes only images of their dataset can be asked for; choose a row of it.',
      { field: 'question.image' },
    )
  }
  const { subject, close } = await subjectOf(job)
  try {
    return { result: await answer(subject, { question, side, other: null }, reporting(port, 'Looking')) }
  } finally {
    close()
  }
}
