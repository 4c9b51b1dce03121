import { sizeOf } from '../../../../shared/shape.ts'
import { tf } from '../../trace/tensorflow.ts'
import { imageOf } from '../images.ts'
import { read, signedPictures, picturesOf } from '../pictures.ts'
import { unsuitable, type Answer } from '../question.ts'
import { sampleRows } from '../rows.ts'
import { spectrumAt } from '../tangent.ts'

/** Entries of a Jacobian whose singular values take about a second. */
const mostEntries = 4e6

/** How much the code answers to a step in each direction: few large singular values are the tangents of what the code holds on to. */
export const tangents: Answer<'tangents'> = async ({ image, average, count }, { subject, drawing, report }) => {
  const { network } = subject
  if (network.codeSize * sizeOf(network.input) > 4 * mostEntries)
    throw unsuitable(
      `The derivative of ${network.codeSize} code units by ${sizeOf(network.input)} values ` +
        'is too large to decompose; choose a run with a smaller code or smaller images.',
    )
  const rows =
    average > 0 || !image ? sampleRows(subject.dataset.test, subject.dataset.labels, Math.max(1, average), 1) : new Uint32Array()
  const given = image ? await imageOf(subject, image) : await imageOf(subject, { row: rows[0]! })
  const { values, directions } = spectrumAt(subject, given.inputs, count)
  let mean: Float32Array<ArrayBuffer> = values
  if (average > 0) {
    const sum = new Float64Array(values.length)
    for (const [index, row] of rows.entries()) {
      const inputs = subject.inputs([row])
      const spectrum = spectrumAt(subject, inputs, 1)
      tf.dispose([inputs, spectrum.directions])
      spectrum.values.forEach((value, at) => {
        sum[at]! += value / rows.length
      })
      await report((index + 1) / rows.length)
    }
    mean = Float32Array.from(sum)
  }
  return {
    kind: 'tangents',
    image: picturesOf(given.inputs, drawing),
    row: given.row,
    label: given.label,
    averaged: average > 0 ? rows.length : 0,
    singularValues: mean,
    norm: Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0)),
    directions: signedPictures(directions, drawing),
    directionValues: read(directions),
  }
}
