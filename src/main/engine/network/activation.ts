import type { Activation } from '../../../shared/config.ts'

/** The values that an activation can take. */
export const activationRange: Record<Activation, readonly [number, number]> = {
  linear: [-Infinity, Infinity],
  sigmoid: [0, 1],
  tanh: [-1, 1],
  relu: [0, Infinity],
  elu: [-1, Infinity],
  softplus: [0, Infinity],
}
