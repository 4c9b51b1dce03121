import { WorkbenchError } from '../../../shared/errors.ts'
import type { ImageRef } from '../../../shared/questions.ts'
import { sizeOf } from '../../../shared/shape.ts'
import { decodeFile } from '../data/decode-file.ts'
import { readFormats } from '../data/header.ts'
import { packRow } from '../data/pixels.ts'
import { resolvePath } from '../data/source.ts'
import { fitPicture, rangesOf } from '../data/values/fit.ts'
import { scaledBytes } from '../trace/native.ts'
import { tf, type Tensor2D } from '../trace/tensorflow.ts'
import type { Subject } from './subject.ts'

export interface Given {
  /** [1, D]; the caller disposes of it. */
  inputs: Tensor2D
  row: number | null
  label: number
  /** How a file of another size was made to fit. */
  fitted: string | null
}

/**
 * The image that a question is about, as the network takes it.
 * @throws WorkbenchError CALL_INVALID for a row that does not exist, PATH_MISSING, FILE_UNSUPPORTED, IMAGE_SIZE for values of
 * another number
 */
export async function imageOf(subject: Subject, ref: ImageRef): Promise<Given> {
  const shape = subject.target.dataset,
    size = sizeOf(shape)
  if ('row' in ref) {
    requireRows(subject, [ref.row])
    return { inputs: subject.inputs([ref.row]), row: ref.row, label: subject.labelOf(ref.row), fitted: null }
  }
  if ('values' in ref) {
    const { length } = ref.values
    if (length !== size)
      throw new WorkbenchError(
        'IMAGE_SIZE',
        `The run takes ${size} values, and ${length} were given; give as many as an image of “${shape.name}” has.`,
        { field: 'image' },
      )
    if (!ref.values.every(Number.isFinite))
      throw new WorkbenchError('CALL_INVALID', 'Some of the given values are not finite numbers; correct them.', { field: 'image' })
    return { inputs: tf.tensor2d(ref.values.slice(), [1, size]), row: null, label: -1, fitted: null }
  }
  if (shape.kind !== 'image') {
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `The dataset “${shape.name}” is of numbers and not of images, so no file can be compared with it; choose one of its rows.`,
      { field: 'image' },
    )
  }
  const path = resolvePath(ref.file)
  const decoded = await decodeFile(path)
  if ('reason' in decoded) {
    const missing = decoded.reason.startsWith('missing')
    throw new WorkbenchError(
      missing ? 'PATH_MISSING' : 'FILE_UNSUPPORTED',
      `${path} cannot be used as an image: ${decoded.reason}. Choose a ${readFormats} file.`,
      { field: 'image' },
    )
  }
  const { picture, said } = fitPicture(decoded, rangesOf(shape.folder))
  const { width, height, channels } = shape
  const pixels = new Uint8Array(size)
  packRow(picture, { width, height, channels: channels === 3 ? 3 : 1, fit: shape.fit }, pixels, 0)
  const same = picture.width === width && picture.height === height
  const resized = same
    ? null
    : `The file has ${picture.width} × ${picture.height} pixels and was made ${width} × ${height} as the ` +
      `dataset’s images were (${shape.fit}).`
  const fitted = [resized, said].filter((sentence) => sentence !== null).join(' ') || null
  return { inputs: scaledBytes(pixels, [1, size], 255) as Tensor2D, row: null, label: -1, fitted }
}

/** @throws WorkbenchError CALL_INVALID */
export function requireRows(subject: Subject, rows: ArrayLike<number>): void {
  const { count } = subject.dataset
  const wrong = Array.from(rows).find((row) => row >= count)
  if (wrong !== undefined)
    throw new WorkbenchError(
      'CALL_INVALID',
      `There is no row ${wrong} in “${subject.target.dataset.name}”, which has ${count} (0 to ${count - 1}); choose another one.`,
      { field: 'row' },
    )
}
