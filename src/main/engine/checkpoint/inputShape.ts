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

/** What is said where a run's checkpoint takes more or fewer values than the samples of its dataset have. */
export const trainAgain = (takes: number, has: number): WorkbenchError =>
  new WorkbenchError(
    'RUN_MISMATCH',
    `The checkpoint takes ${takes} values and the dataset's samples have ${has}; train the run again.`,
  )
