import { tf } from '../../trace/tensorflow.ts'
import { withinRange } from '../decoding.ts'
import { codesOfPlaces, manifoldFor } from '../manifold.ts'
import { picturesInParts } from '../pictures.ts'
import { unsuitable, type Answer } from '../question.ts'

/** Images of given codes, or of places on the manifold's axes. */
export const decode: Answer<'decode'> = async ({ coordinates, space }, { subject, drawing, report }) => {
  const { network } = subject
  const found = space === 'manifold' ? await manifoldFor(subject, report) : null
  const width = found?.dimensions ?? network.codeSize,
    count = coordinates.length / width
  if (coordinates.length === 0 || !Number.isInteger(count) || count > 1000) {
    throw unsuitable(
      `${coordinates.length} numbers are not codes of ${width} each (at most 1,000 of them); give ${width} for each code.`,
      'question.coordinates',
    )
  }
  if (!coordinates.every(Number.isFinite))
    throw unsuitable('Some coordinates are not finite numbers; correct them.', 'question.coordinates')
  const places = tf.tensor2d(coordinates.slice(), [count, width])
  const codes = found ? withinRange(subject, codesOfPlaces(found, places, network.codeSize)) : places
  return {
    kind: 'decode',
    pictures: picturesInParts(count, drawing, (start, some) => network.decode(codes.slice([start, 0], [some, -1]))),
  }
}
