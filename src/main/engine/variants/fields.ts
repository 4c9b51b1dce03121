import { z } from 'zod'
import { networkSchema, reconstructionSchema, trainingSchema, type Field } from '../../../shared/config.ts'
import type { Facts, Variant } from './variant.ts'

/** The parts of a JSON Schema that describe one of our settings. */
interface Described {
  title?: string
  description?: string
  type?: string
  enum?: string[]
  items?: Described
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  when?: Field['when']
}

/** Values of one config section, key by key. */
type Section = Record<string, unknown>
export interface Sections { network: Section; reconstruction: unknown; training: Section; regularizer: Section }

/**
 * What a config holds before the user says anything: the shared defaults, those of vector data (a linear output and the squared error,
 * because standardised reals leave [0, 1]), the variant's own, and what the variant determines, the later winning.
 */
export function defaultsOf(variant: Variant, facts: Facts = {}): Sections {
  const vector = facts.kind === 'vector' ? { outputActivation: 'linear' } : {}
  return {
    network: { ...networkSchema.parse({}), ...vector, ...variant.defaults?.network, ...variant.defaultsFor?.(facts).network, ...variant.fixed?.network },
    reconstruction: variant.fixed?.reconstruction ?? variant.defaults?.reconstruction ?? (facts.kind === 'vector' ? 'squaredError' : reconstructionSchema.parse(undefined)),
    training: { ...trainingSchema.parse({}), ...variant.defaults?.training },
    regularizer: { ...variant.settings.parse({}) as Section, ...variant.defaultsFor?.(facts).regularizer },
  }
}

/** Every setting that a user of this variant may choose, in the order of the form. Closed-form variants have no training settings. */
export function fieldsOf(variant: Variant, facts: Facts = {}): Field[] {
  const defaults = defaultsOf(variant, facts)
  const fixedNetwork = variant.fixed?.network ?? {}
  const section = (name: 'network' | 'training' | 'regularizer', schema: z.ZodObject) =>
    Object.entries(propertiesOf(schema))
      .filter(([key]) => !(name === 'network' && key in fixedNetwork))
      .map(([key, described]) => toField(`${name}.${key}`, described, defaults[name][key]))
  return [
    ...section('regularizer', variant.settings),
    ...section('network', networkSchema),
    ...(variant.fixed?.reconstruction ? [] : [toField('reconstruction', z.toJSONSchema(reconstructionSchema) as Described, defaults.reconstruction)]),
    ...(variant.fit ? [] : section('training', trainingSchema)),
  ]
}

const propertiesOf = (schema: z.ZodObject): Record<string, Described> =>
  (z.toJSONSchema(schema, { io: 'input' }).properties ?? {}) as Record<string, Described>

function toField(key: string, described: Described, value: unknown): Field {
  const kind = described.enum ? 'choice'
    : described.type === 'array' ? 'integers'
    : described.type === 'boolean' ? 'boolean'
    : described.type === 'integer' ? 'integer'
    : 'number'
  const range = described.items ?? described
  return {
    key,
    title: described.title ?? key,
    description: described.description ?? '',
    kind,
    ...(described.enum ? { choices: described.enum } : {}),
    ...(range.exclusiveMinimum !== undefined ? { minimum: range.exclusiveMinimum, exclusiveMinimum: true } : range.minimum === undefined ? {} : { minimum: range.minimum }),
    ...(range.exclusiveMaximum !== undefined ? { maximum: range.exclusiveMaximum, exclusiveMaximum: true } : range.maximum === undefined ? {} : { maximum: range.maximum }),
    default: value,
    ...(described.when ? { when: described.when } : {}),
  }
}
