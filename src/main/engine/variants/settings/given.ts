import type { ErrorInfo } from '../../../../shared/errors.ts'
import { layerPrefix } from '../../../../shared/ownedKeys.ts'
import type { FieldsByKey } from '../../../../shared/settings/applies.ts'
import { valueAt } from '../../../../shared/settings/nested.ts'
import { textOf } from '../../../../shared/settings/text.ts'
import { nearest } from '../../suggestion.ts'
import { takesPretraining } from '../layers.ts'
import { fixedOf, type Variant } from '../variant.ts'
import type { Chosen } from './chosen.ts'
import type { Sections } from './sections.ts'

/** What is wrong with giving a setting of which the variant has no field; null where it says what is so anyway. */
export function problemWithoutField(
  variant: Variant,
  { layers }: Chosen,
  fields: FieldsByKey,
  sections: Sections,
  key: string,
  value: unknown,
): ErrorInfo | null {
  const invalid = (message: string): ErrorInfo => ({ code: 'SETTING_INVALID', field: key, message })
  // As a word, too: the command line has no field that would say how to read it.
  const is = (other: unknown): boolean => textOf(other) === textOf(value)
  const fixed = valueAt(fixedOf(variant, sections.regularizer), key)
  if (fixed !== undefined && is(fixed)) return null
  if (fixed !== undefined && (typeof fixed !== 'object' || Array.isArray(fixed)))
    return invalid(`${variant.title} determines ${key} (${textOf(fixed)}); leave it out.`)
  // A run's stored config names every setting, those too that mean nothing to its variant.
  const now = valueAt(sections, key)
  const ofLayers = key.startsWith(layerPrefix) && takesPretraining(variant)
  if (ofLayers && !layers)
    return invalid(`Without pretraining, ${key} has no meaning; set pretraining.kind to greedy or rbm, or leave it out.`)
  if (ofLayers && layers && Object.hasOwn(layers.settings.shape, key.slice(layerPrefix.length))) {
    return is(now)
      ? null
      : invalid(
          `The activations of the layers determine ${key}; leave it out, and set network.activation or network.codeActivation.`,
        )
  }
  if (!ofLayers && now !== undefined && (now === null || typeof now !== 'object' || Array.isArray(now)) && is(now)) return null
  const near = nearest(key, [...fields.keys()])
  return {
    code: 'SETTING_UNKNOWN',
    field: key,
    message:
      `${(ofLayers && layers ? layers : variant).title} has no setting ` +
      `“${key}”; ${near ? `did you mean ${near}?` : 'leave it out.'}`,
  }
}
