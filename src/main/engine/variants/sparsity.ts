import { z } from 'zod'
import type { Activation, Config } from '../../../shared/config.ts'
import { activationRange } from '../network/activation.ts'
import type { Problem } from './variant.ts'

/** What the two variants that hold mean activations at a target share. */

export const rho = (value: number) =>
  z.number().min(-1).max(1e6).default(value).meta({ title: 'Rho', description: 'Target of each code unit’s mean activation.' })

export const decay = z
  .number()
  .min(0)
  .max(1)
  .default(0.9)
  .meta({ title: 'Decay', description: 'Weight of the past in the running mean of activations.' })

/** Rho must lie inside what the code activation can give. */
export function checkRho(config: Config, activation: Activation = config.network.codeActivation): Problem[] {
  const [low, high] = activationRange[activation]
  const target = config.regularizer['rho'] as number
  if (target > low && target < high) return []
  const range = Number.isFinite(high) ? `between ${low} and ${high}` : `above ${low}`
  return [
    {
      field: 'regularizer.rho',
      message: `Rho must lie ${range}, the range of the code activation ${activation}, not ${target}; change regularizer.rho.`,
    },
  ]
}

/** A running mean in which nothing new has any weight stays what it was in the beginning: the target itself. */
export const decayWarnings = (decay: number): string[] =>
  decay < 1
    ? []
    : ['With a decay of 1 the running mean never moves from rho, so nothing is ever made sparser; set regularizer.decay to less.']
