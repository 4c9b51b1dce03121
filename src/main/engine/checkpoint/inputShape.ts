import type { NetworkConfig } from '../../../shared/config.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { shapeSchema, sizeOf, vectorOf, type Shape } from '../../../shared/shape.ts'

/** What a checkpoint says of its network's inputs, their number for readers of before there were shapes. */
export const inputMetadata = (shape: Shape): Record<string, string> => ({
  inputSize: String(sizeOf(shape)),
  inputShape: JSON.stringify(shapeSchema.parse(shape)),
})

/** Reads that again. Checkpoints of before there were shapes say only how many values there are. @throws where it is neither */
export const inputShapeIn = ({ inputShape, inputSize }: Record<string, string>): Shape =>
  shapeSchema.parse(inputShape === undefined ? vectorOf(Number(inputSize)) : JSON.parse(inputShape))

type Reading = Pick<NetworkConfig, 'convolutions'>

/**
 * Whether a network made for inputs of one shape can be given those of another: to a dense one a value is a value, and convolutions read
 * what lies beside each other.
 */
export const takesShape = ({ convolutions }: Reading, made: Shape, given: Shape): boolean =>
  sizeOf(made) === sizeOf(given) &&
  (convolutions.length === 0 || (made.width === given.width && made.height === given.height && made.channels === given.channels))

/** What such a network is told apart by: `351 values`, or `9 x 13 x 3 values` of images that it convolves. */
export const valuesText = ({ convolutions }: Reading, shape: Shape): string =>
  `${convolutions.length === 0 ? sizeOf(shape) : `${shape.width} x ${shape.height} x ${shape.channels}`} values`

/** What is said where a run's checkpoint takes other values than the samples of its dataset have. */
export const trainAgain = (network: Reading, made: Shape, given: Shape): WorkbenchError =>
  new WorkbenchError(
    'RUN_MISMATCH',
    `The checkpoint takes ${valuesText(network, made)} and the dataset's samples have ` +
      `${valuesText(network, given).replace(/ values$/, '')}; train the run again.`,
  )
