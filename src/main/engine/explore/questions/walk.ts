import { tf, type Tensor2D } from '../../trace/tensorflow.ts'
import { imageOf } from '../images.ts'
import { picturesOf, read } from '../pictures.ts'
import { unsuitable, type Answer } from '../question.ts'
import { spectrumAt } from '../tangent.ts'

/**
 * An image moved along one of the leading directions of df/dx there: what it becomes, what the network makes of it, and how far
 * the code moves.
 */
export const walk: Answer<'walk'> = async ({ image, direction, range, steps }, { subject, drawing }) => {
  const { network } = subject
  const { inputs } = await imageOf(subject, image)
  const { values, directions } = spectrumAt(subject, inputs, direction + 1)
  if (direction >= values.length)
    throw unsuitable(`There are ${values.length} directions here; choose one from 0 to ${values.length - 1}.`, 'question.direction')
  const distances = Float32Array.from({ length: steps }, (_, i) => range * ((2 * i) / (steps - 1) - 1))
  const moved = tf
    .matMul(tf.tensor2d(distances.slice(), [steps, 1]), directions.slice([direction, 0], [1, -1]))
    .add<Tensor2D>(inputs)
  const codeDistances = network.encode(moved).sub(network.encode(inputs)).square().sum(1).sqrt()
  return {
    kind: 'walk',
    singularValue: values[direction]!,
    distances,
    inputs: picturesOf(moved, drawing),
    reconstructions: network.classifies ? null : picturesOf(network.reconstruct(moved), drawing),
    codeDistances: read(codeDistances),
  }
}
