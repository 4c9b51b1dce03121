import { z } from 'zod'
import {
  dataSchema,
  fineTuningSchema,
  networkSchema,
  pretrainingSchema,
  reconstructionSchema,
  trainingSchema,
  type Field,
} from '../../../../shared/config.ts'
import { auto } from '../../../../shared/convolutions.ts'
import { autoFor, reasonFor } from '../fromData.ts'
import { layerVariantsOf, takesPretraining } from '../layers.ts'
import { fixedOf, type Facts, type Variant } from '../variant.ts'
import { asSeen, nothingChosen, type Chosen } from './chosen.ts'
import { defaultsOf, type Defaults } from './defaults.ts'
import type { Section, Sections } from './sections.ts'

/** The parts of a JSON Schema that describe one of our settings. */
interface Described {
  title?: string
  description?: string
  type?: string
  enum?: string[]
  /** Not `examples`, which zod leaves out where a text becomes something else. */
  suchAs?: string[]
  expects?: string
  items?: Described
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  when?: Field['when']
}

/**
 * Every setting that a user of this variant may choose, in the order of the form. Closed-form variants have no training settings.
 * @param defaults of these facts and choices, where they are known already
 */
export function fieldsOf(
  variant: Variant,
  facts: Facts = {},
  chosen: Chosen = nothingChosen,
  { sections, from }: Defaults = defaultsOf(variant, facts, chosen),
): Field[] {
  const fixed = fixedOf(variant, sections.regularizer)
  const known = asSeen(facts, chosen)
  const field = (key: string, described: Described, value: unknown): Field => ({
    ...fieldOf(key, described, value, reasonFor(key, value, known)),
    ...(value === auto ? { stands: autoFor(known) } : {}),
    from: from.get(key) ?? 'shared',
  })
  const section = (
    name: keyof Omit<Sections, 'reconstruction'>,
    schema: z.ZodObject,
    without: object = {},
    under: string = name,
    values: Section = sections[name],
  ) =>
    Object.entries(propertiesOf(schema))
      .filter(([key]) => !(key in without))
      .map(([key, described]) => field(`${under}.${key}`, described, values[key]))
  /** What depends on another setting of the layers' variant depends on it there, and all of them on there being such layers. */
  const ofLayers = ({ settings, asLayer }: Variant, kind: Chosen['kind']) => {
    const { regularizer } = sections.pretraining
    const determined = asLayer?.({ inputActivation: null, activation: 'sigmoid' }, regularizer as never).regularizer
    return section('pretraining', settings, determined, 'pretraining.regularizer', regularizer).map((each) => ({
      ...each,
      when: each.when ? { ...each.when, key: `pretraining.${each.when.key}` } : { key: 'pretraining.kind', in: [kind] },
    }))
  }
  return [
    ...section('regularizer', variant.settings),
    ...section('network', networkSchema, fixed.network),
    ...(fixed.reconstruction
      ? []
      : [field('reconstruction', z.toJSONSchema(reconstructionSchema) as Described, sections.reconstruction)]),
    ...(variant.objective ? section('data', dataSchema, { statistics: true }) : []),
    ...(variant.fit ? [] : section('training', trainingSchema, fixed.training)),
    ...(takesPretraining(variant)
      ? [
          ...section('pretraining', pretrainingSchema, { regularizer: true }).map((each) =>
            each.key === 'pretraining.variant' ? { ...each, kind: 'choice' as const, choices: layerVariantsOf(variant) } : each,
          ),
          ...(chosen.layers ? ofLayers(chosen.layers, chosen.kind) : []),
          ...section('fineTuning', fineTuningSchema),
        ]
      : []),
  ]
}

/** Made once of each schema: settings are checked at every key that is pressed. */
const described = new WeakMap<z.ZodObject, Record<string, Described>>()

function propertiesOf(schema: z.ZodObject): Record<string, Described> {
  const known = described.get(schema) ?? ((z.toJSONSchema(schema, { io: 'input' }).properties ?? {}) as Record<string, Described>)
  described.set(schema, known)
  return known
}

const kinds: Record<string, Field['kind']> = { array: 'integers', boolean: 'boolean', integer: 'integer', string: 'text' }

function fieldOf(key: string, described: Described, value: unknown, because: string | undefined): Field {
  const kind = described.enum ? 'choice' : (kinds[described.type ?? ''] ?? 'number')
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = described.items ?? described
  const [least, most] = [exclusiveMinimum ?? minimum, exclusiveMaximum ?? maximum]
  return {
    key,
    title: described.title ?? key,
    description: described.description ?? '',
    kind,
    ...(described.enum ? { choices: described.enum } : {}),
    ...(kind === 'text' && described.suchAs ? { examples: described.suchAs } : {}),
    ...(described.expects ? { expects: described.expects } : {}),
    ...(least === undefined ? {} : { minimum: least }),
    ...(exclusiveMinimum === undefined ? {} : { exclusiveMinimum: true }),
    ...(most === undefined ? {} : { maximum: most }),
    ...(exclusiveMaximum === undefined ? {} : { exclusiveMaximum: true }),
    default: value,
    ...(because === undefined ? {} : { because }),
    ...(described.when ? { when: described.when } : {}),
  }
}
