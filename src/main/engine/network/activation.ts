import type { Activation } from '../../../shared/config.ts'

/** What a unit gives that is not active; one that a gate has closed gives 0. */
export const inactiveState = (activation: Activation, gated: boolean): number => (activation === 'tanh' && !gated ? -1 : 0)

/** The values that an activation can take. */
export const activationRange: Record<Activation, readonly [number, number]> = {
  linear: [-Infinity, Infinity],
  sigmoid: [0, 1],
  tanh: [-1, 1],
  relu: [0, Infinity],
  elu: [-1, Infinity],
  softplus: [0, Infinity],
}
