import type { Activation, NetworkConfig } from '../../../../shared/config.ts'
import { activationRange } from '../../network/activation.ts'
import { fixedOf, type Facts, type Variant } from '../variant.ts'
import { isConvolved } from '../fromData.ts'
import type { Chosen } from './chosen.ts'
import type { Layer, Sections } from './sections.ts'

/**
 * What of the defaults has to be another, so that it goes with what was chosen: defaults never refuse themselves. One layer of them
 * after another, each of which sees what those before it have made of `now`.
 */
export const fitting: ((variant: Variant, now: Sections, chosen: Chosen, facts: Facts) => Layer)[] = [
  // A layer that enlarges maps and convolves them has no kernel that its encoder could share.
  (_, { network }, { layers, resizes }, facts) => ({
    from: 'layers',
    values: { pretraining: layers && resizes && isConvolved(network['convolutions'], facts) ? { tied: false } : {} },
  }),
  (variant, now, chosen) => ({ from: 'layers', values: ofFirstAndLast(variant, now, chosen) }),
  (variant, { network }, { layers, given }) => {
    const code = given.codeActivation ?? (network['codeActivation'] as Activation)
    const hidden = given.activation ?? (network['activation'] as Activation)
    // Of all layers one setting: that of those which allow less.
    const narrower = activationRange[hidden][0] > activationRange[code][0] ? hidden : code
    return {
      from: 'variant',
      values: { regularizer: variant.defaultsAt?.(code), pretraining: { regularizer: layers?.defaultsAt?.(narrower) } },
    }
  },
]

/** A code and an output that the layers' variant can have, where nobody wants others. */
function ofFirstAndLast(variant: Variant, now: Sections, { layers, layerSettings, given }: Chosen): Layer['values'] {
  if (!layers?.asLayer) return {}
  const settings = { ...now.pretraining.regularizer, ...layerSettings }
  const activation = given.codeActivation ?? (now.network['codeActivation'] as Activation)
  const own = layers.asLayer({ inputActivation: null, activation }, settings as never).regularizer
  const made = fixedOf(layers, { ...settings, ...own }).network
  const determined = fixedOf(variant, now.regularizer).network
  const changed = (key: 'codeActivation' | 'outputActivation'): Partial<NetworkConfig> => {
    const value = made?.[key]
    return value === undefined || value === now.network[key] || given[key] || determined?.[key] ? {} : { [key]: value }
  }
  const output = changed('outputActivation')
  return {
    network: { ...changed('codeActivation'), ...output },
    ...(output.outputActivation && output.outputActivation !== 'sigmoid' ? { reconstruction: 'squaredError' } : {}),
  }
}
