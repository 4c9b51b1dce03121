import type { Config, Field } from '../../../../shared/config.ts'
import { fieldsThatApply, switchedOff, type FieldsByKey } from '../../../../shared/settings/applies.ts'
import { valueAt } from '../../../../shared/settings/nested.ts'
import { seenOf, validatedOf } from '../fromData.ts'
import { inertSettings } from '../inert.ts'
import { plainest } from '../registry.ts'
import type { Facts, Variant } from '../variant.ts'
import { rangeWarnings } from './dataRules.ts'
import { lengthWarnings } from './lengthRules.ts'
import { skippedWarnings } from './networkRules.ts'

/** Defaults that follow from the data and that nobody gave, each in words. @param given by dotted key */
export function fromData(fields: readonly Field[], given: ReadonlyMap<string, unknown>, config: Config): string[] {
  return fieldsThatApply(fields, ({ key }) => valueAt(config, key)).flatMap(({ key, title, because }) => {
    if (because === undefined || given.has(key)) return []
    return [
      `${key.startsWith('pretraining.') ? `Pretraining, ${title.toLowerCase()}` : title}: ` +
        `${because.replace(/^(?!Gaussian)./, (letter) => letter.toLowerCase())}`,
    ]
  })
}

/** Settings that were given although another one switches them off: nobody shall think that they were compared. */
export function withoutEffect(
  fields: FieldsByKey,
  given: ReadonlyMap<string, unknown>,
  config: Config,
  variant: Variant,
): string[] {
  const inert = inertSettings(variant, config)
  return [...given].flatMap(([key, value]) => {
    const field = fields.get(key)
    if (!field || String(value) === String(field.default)) return []
    // Two sections have a learning rate.
    const name = [...fields.values()].some(({ key: other, title }) => other !== key && title === field.title) ? key : field.title
    // One activation for all layers, of which there is one.
    if (key === 'network.activation' && value === config.network.codeActivation) return []
    if (inert.has(key)) return [`${name} has no effect: ${inert.get(key)!}.`]
    const off = switchedOff(field, fields, (owner) => valueAt(config, owner.key))
    return off
      ? [`${name} has no effect while ${off.key} is ${String(valueAt(config, off.key))}; it needs ${off.in.join(' or ')}.`]
      : []
  })
}

/** What of a config that is allowed cannot be what was meant. */
export function warningsFor(config: Config, variant: Variant, facts: Facts): string[] {
  const { network, fineTuning, pretraining } = config
  const linear = [network.activation, network.codeActivation].every((activation) => activation === 'linear')
  return [
    ...rangeWarnings(config, facts, variant),
    ...lengthWarnings(config, variant, seenOf(facts) ?? Infinity, validatedOf(facts)),
    ...skippedWarnings(network),
    ...(network.layers.length > 1 && linear
      ? ['Every layer of this encoder is linear, so its depth adds nothing: one linear layer can do the same.']
      : []),
    ...(fineTuning.kind === 'classification' && pretraining.kind === 'none' && variant !== plainest
      ? [
          'Without pretraining a network that is trained for classification never ' +
            `meets the objective of ${variant.title}; set pretraining.kind to greedy.`,
        ]
      : []),
  ]
}
