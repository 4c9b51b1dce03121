import type { Config } from '../../../shared/config.ts'
import { fixedOf, areMeasured, likelihoodOf, type Facts, type Variant } from './variant.ts'

/** What is known of the data here. */
type Pixels = Pick<Facts, 'pixels'>

/**
 * What is to be said of an objective that takes pixels for probabilities of ink where they are measured values, as those of
 * photographs are: it can be minimised, and its value is no likelihood. Empty where there is nothing to be said. @param remedy
 * whether the settings can still be changed
 */
export function likelihoodNotes(config: Config, variant: Variant, facts: Pixels, remedy = true): string[] {
  if (!areMeasured(facts) || config.data.binarise !== 'none' || config.fineTuning.kind === 'classification') return []
  const these = imagesOf(facts)
  const instead = (key: string, value: string) => (remedy ? `; set ${key} to ${value}, or data.binarise to fixed` : '')
  if (likelihoodOf(variant, config) === 'bernoulli') {
    // As the default is for measured values.
    const gaussian = config.network.convolutions.length > 0 ? 'sharedGaussian' : 'gaussian'
    return [
      `A Bernoulli likelihood is one of pixels that are 0 or 1, and these are ${these}: ` +
        `its bound is not a likelihood of them${instead('regularizer.decoder', gaussian)}.`,
    ]
  }
  if (variant.machine?.(config.regularizer as never).visible === 'bernoulli') {
    return [
      `Bernoulli units are 0 or 1, and these are ${these}, whose values are taken ` +
        'for probabilities: what the machine learns is not a likelihood of them.',
    ]
  }
  if (config.reconstruction === 'crossEntropy' && !fixedOf(variant, config.regularizer).reconstruction) {
    return [
      `Cross-entropy is the likelihood of pixels that are 0 or 1, and these are ${these}: of them it is ` +
        `none, and it is not 0 for a perfect reconstruction${instead('reconstruction', 'squaredError')}.`,
    ]
  }
  return []
}

/**
 * That the figure cross-entropy, whatever was trained for, is no likelihood of photographs; null where pixels are 0 or 1, or drawn so.
 */
export function crossEntropyNote(config: Config, facts: Pixels): string | null {
  if (!areMeasured(facts) || config.data.binarise !== 'none') return null
  return (
    `Cross-entropy is the likelihood of pixels that are 0 or 1, and these are ${imagesOf(facts)}: of them it is none, it is not 0 ` +
    'for a perfect reconstruction, and who is ahead by it does not rebuild them better for that; the squared error says who does.'
  )
}

const imagesOf = ({ pixels }: Pixels): string =>
  pixels === 'colour' ? 'colour images' : `${pixels === 'glowing' ? 'nearly black ' : ''}images of many shades of gray`
