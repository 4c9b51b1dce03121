import type { Config } from '../../../shared/config.ts'
import { likelihoodOf, type Variant } from './variant.ts'

/**
 * Settings that other ones leave without a use in a config, by dotted key, and why, as the end of a sentence about the setting: beside
 * those whose field says so itself (`when`). Two runs that differ in nothing else are trained alike.
 */
export function inertSettings(variant: Variant, config: Config): Map<string, string> {
  const { network, fineTuning, pretraining, regularizer } = config
  const found = new Map<string, string>()
  if (network.layers.length === 1 && network.convolutions.length === 0)
    for (const key of ['network.activation', 'network.normalisation'])
      found.set(key, 'with one layer, which is the code, there is no hidden one')
  if (network.convolutions.length === 0) found.set('network.upsampling', 'there are no convolutions to go back through')
  if (likelihoodOf(variant, config) !== null)
    found.set('reconstruction', 'the likelihood of the decoder is the reconstruction term')
  if (pretraining.kind === 'rbm') found.set('training.outputBias', 'the output begins with what the machines came to')
  if (fineTuning.kind !== 'classification') return found
  const why = 'the network is trained to tell classes apart'
  // What of the code is let through is the same for classes.
  if (!variant.gate) for (const key of Object.keys(regularizer)) found.set(`regularizer.${key}`, why)
  // Layers that are pretrained rebuild their inputs, the first one the images.
  if (pretraining.kind === 'none')
    for (const key of ['reconstruction', 'network.outputActivation', 'network.tied', 'network.upsampling', 'training.outputBias'])
      found.set(key, why)
  return found
}
