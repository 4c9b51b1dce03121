import type { TrainingConfig } from '../../../shared/config.ts'

/**
 * Names of the tensors that each optimizer keeps beside a weight, each of the weight's shape. Here so that what it costs can be
 * told without loading TensorFlow.
 */
export const optimizerSlots: Record<TrainingConfig['optimizer'], readonly string[]> = {
  adam: ['m', 'v'],
  sgd: [],
  momentum: ['velocity'],
  rmsprop: ['meanSquare', 'velocity'],
}
