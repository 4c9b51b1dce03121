import { readAugmentation, writtenAugmentation } from '../../../../shared/augmentation.ts'
import { configSchema, pretrainingSchema, type Config, type Field } from '../../../../shared/config.ts'
import type { ErrorInfo } from '../../../../shared/errors.ts'
import { fixedOf, type Variant } from '../variant.ts'
import type { Sections } from './sections.ts'
import { expected, shown } from './expected.ts'

/** Made once of each pair of variants. */
const schemas = new Map<string, ReturnType<typeof makeSchema>>()

function schemaOf(variant: Variant, layers: Variant | null): ReturnType<typeof makeSchema> {
  const key = `${variant.id} ${layers?.id ?? ''}`
  const schema = schemas.get(key) ?? makeSchema(variant, layers)
  schemas.set(key, schema)
  return schema
}

const makeSchema = (variant: Variant, layers: Variant | null) =>
  configSchema.extend({
    regularizer: variant.settings,
    pretraining: pretrainingSchema.extend(layers ? { regularizer: layers.settings } : {}),
  })

/**
 * The config that sections hold, with what the variant determines; null where a value is not in its range.
 * @param problems gets what is wrong
 */
export function parse(
  variant: Variant,
  layers: Variant | null,
  fields: readonly Field[],
  sections: Sections,
  problems: ErrorInfo[],
): Config | null {
  const checked = schemaOf(variant, layers).safeParse(sections)
  const invalid = (field: string, title: string, what: string, value: unknown) =>
    problems.push({
      code: 'SETTING_INVALID',
      field,
      message: `${title} must be ${what}, not ${shown(value)}; change ${field}.`,
    })
  const choice = fields.find(({ key }) => key === 'pretraining.variant')
  if (checked.success && choice && !choice.choices!.includes(checked.data.pretraining.variant)) {
    invalid(choice.key, choice.title, expected(choice), checked.data.pretraining.variant)
    return null
  }
  if (checked.success) {
    const config = checked.data as Config
    // What its own settings determine may differ from what their defaults do.
    const fixed = fixedOf(variant, config.regularizer)
    return {
      ...config,
      data: written(config.data),
      network: { ...config.network, ...fixed.network },
      training: { ...config.training, ...fixed.training },
      reconstruction: fixed.reconstruction ?? config.reconstruction,
    }
  }
  const seen = new Set<string>()
  for (const issue of checked.error.issues) {
    const key = issue.path.slice(0, issue.path[1] === 'regularizer' ? 3 : 2).join('.')
    if (seen.has(key)) continue
    seen.add(key)
    const field = fields.find((candidate) => candidate.key === key)
    const value = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], sections)
    invalid(key, field?.title ?? key, field ? expected(field) : 'valid', value)
  }
  return null
}

/** What is written in several ways is stored in one. */
function written(data: Config['data']): Config['data'] {
  const augmentation = readAugmentation(data.augment)
  return typeof augmentation === 'string' ? data : { ...data, augment: writtenAugmentation(augmentation) }
}
