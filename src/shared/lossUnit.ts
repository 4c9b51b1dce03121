import type { Config } from './config.ts'

/** All terms of one objective are summed, so they share the unit of its reconstruction term; that of a classification is in nats. */
export function lossUnit(configs: readonly Pick<Config, 'reconstruction' | 'fineTuning'>[]): string {
  const kinds = new Set(
    configs.map((config) => (config.fineTuning.kind === 'classification' ? 'crossEntropy' : config.reconstruction)),
  )
  if (kinds.size !== 1) return 'per sample'
  return kinds.has('crossEntropy') ? 'nats per sample' : 'squared error per sample'
}
