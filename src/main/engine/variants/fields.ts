import { z } from 'zod'
import {
  dataSchema,
  fineTuningSchema,
  networkSchema,
  pretrainingSchema,
  reconstructionSchema,
  trainingSchema,
  type Field,
  type NetworkConfig,
} from '../../../shared/config.ts'
import { usualBatch } from '../../../shared/usualSizes.ts'
import { layerVariantOf, layerVariants, takesPretraining } from './layers.ts'
import { variantOf, variants } from './registry.ts'
import { reasonFor, seenOf, sizesFor } from './fromData.ts'
import { fixedOf, isContinuous, type Facts, type Variant } from './variant.ts'

/** The parts of a JSON Schema that describe one of our settings. */
interface Described {
  title?: string
  description?: string
  type?: string
  enum?: string[]
  examples?: string[]
  items?: Described
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  when?: Field['when']
}

/** Values of one config section, key by key. */
type Section = Record<string, unknown>
export interface Sections {
  network: Section
  reconstruction: unknown
  training: Section
  regularizer: Section
  data: Section
  pretraining: Section & { regularizer: Section }
  fineTuning: Section
}

/** Settings on which other settings' defaults depend: as the user gave them, unchecked. */
export interface Chosen {
  layers: Variant | null
  classification: boolean
  labelled: number
  /** Units of the code; null where the default is to be taken. */
  codeSize: number | null
  binarised: boolean
}

const nothingChosen: Chosen = { layers: null, classification: false, labelled: 0, codeSize: null, binarised: false }

/** What pretraining and fine-tuning a user asked for, by dotted keys. */
export function chosenOf(variant: Variant, given: ReadonlyMap<string, unknown>): Chosen {
  const kind = given.get('pretraining.kind') ?? 'none'
  const wanted =
    kind === 'rbm'
      ? layerVariantOf({ pretraining: { kind: 'rbm' } as never })
      : variants.find(({ id }) => id === (given.get('pretraining.variant') ?? defaultLayerVariant(variant)))
  const layers =
    takesPretraining(variant) && (kind === 'greedy' || kind === 'rbm') ? (wanted ?? variantOf(defaultLayerVariant(variant))) : null
  const labelled = Number(given.get('fineTuning.labelled') ?? 0)
  const sizes = given.get('network.layers'),
    code: unknown = Array.isArray(sizes) ? sizes.at(-1) : undefined
  return {
    layers,
    classification: given.get('fineTuning.kind') === 'classification',
    labelled: Number.isFinite(labelled) ? labelled : 0,
    codeSize: typeof code === 'number' && Number.isInteger(code) && code > 0 ? code : null,
    binarised: (given.get('data.binarise') ?? 'none') !== 'none',
  }
}

/** Layers are pretrained as the whole network is trained, where that is possible. */
const defaultLayerVariant = (variant: Variant): string => (layerVariants().includes(variant.id) ? variant.id : layerVariants()[0]!)

/** Few labels: many passes over them, in small steps. */
const fewLabels = { count: 5000, epochs: 100, batchSize: 20 }

/**
 * What a config holds before the user says anything: the shared defaults, those of vector data (a linear output and the squared
 * error, because standardised reals leave [0, 1]), those of the layers' variant where there is pretraining (and weights that
 * fine-tuning unties), the variant's own (but what Boltzmann machines are made of they are made of), and what the variant
 * determines, the later winning.
 */
export function defaultsOf(
  variant: Variant,
  given: Facts = {},
  { layers, classification, labelled, codeSize, binarised }: Chosen = nothingChosen,
): Sections {
  // What is drawn as 0 or 1 is no photograph any more.
  const facts = binarised && given.pixels ? { ...given, pixels: 'nearlyBinary' as const } : given
  const sizes = sizesFor(facts)
  const usualLayers = [variant.defaultsFor?.(facts, 1).network, variant.defaults?.network, sizes.network, networkSchema.parse({})]
  const code = codeSize ?? usualLayers.reduce<number | undefined>((size, network) => size ?? network?.layers?.at(-1), undefined)!
  const ofData = variant.defaultsFor?.(facts, code)
  const vector = facts.kind === 'vector' ? { outputActivation: 'linear' } : {}
  const own = { ...(variant.settings.parse({}) as Section), ...ofData?.regularizer }
  const fixed = fixedOf(variant, own)
  const ofLayers: Partial<NetworkConfig> = layers
    ? { ...fixedOf(layers, layers.settings.parse({})).network, ...layers.defaults?.network }
    : {}
  const { outputActivation: _, codeActivation, layers: __, ...shared } = ofLayers
  const few = classification && labelled > 0 && labelled <= fewLabels.count
  return {
    network: {
      ...networkSchema.parse({}),
      ...sizes.network,
      ...vector,
      ...shared,
      ...(codeActivation && !layers?.asLayer ? { codeActivation } : {}),
      ...variant.defaults?.network,
      ...ofData?.network,
      ...(layers?.asLayer ? shared : {}),
      ...fixed.network,
      ...(layers ? { tied: false } : {}),
    },
    reconstruction:
      fixed.reconstruction ??
      variant.defaults?.reconstruction ??
      (facts.kind === 'vector' || isContinuous(facts) ? 'squaredError' : reconstructionSchema.parse(undefined)),
    training: {
      ...trainingSchema.parse({}),
      ...sizes.training,
      ...variant.defaults?.training,
      ...ofData?.training,
      ...fixed.training,
      ...(few ? { epochs: fewLabels.epochs, batchSize: usualBatch(seenOf(facts) ?? Infinity, fewLabels.batchSize) } : {}),
    },
    regularizer: own,
    data: dataSchema.parse({}),
    pretraining: {
      ...pretrainingSchema.parse({}),
      ...sizes.pretraining,
      ...(takesPretraining(variant) ? { variant: defaultLayerVariant(variant) } : {}),
      ...pick(layers?.defaults?.training ?? {}, ['epochs', 'learningRate', 'weightDecay', 'batchSize']),
      regularizer: layers ? { ...(layers.settings.parse({}) as Section), ...layers.defaultsFor?.(facts, code).regularizer } : {},
    },
    fineTuning: fineTuningSchema.parse({}),
  }
}

const pick = (section: Section, keys: readonly string[]): Section =>
  Object.fromEntries(keys.filter((key) => section[key] !== undefined).map((key) => [key, section[key]]))

/** Every setting that a user of this variant may choose, in the order of the form. Closed-form variants have no training settings. */
export function fieldsOf(variant: Variant, facts: Facts = {}, chosen?: Chosen): Field[] {
  const defaults = defaultsOf(variant, facts, chosen)
  const fixed = fixedOf(variant, defaults.regularizer)
  const known = chosen?.binarised && facts.pixels ? { ...facts, pixels: 'nearlyBinary' as const } : facts
  const section = (
    name: keyof Omit<Sections, 'reconstruction'>,
    schema: z.ZodObject,
    without: object = {},
    under: string = name,
    values: Section = defaults[name],
  ) =>
    Object.entries(propertiesOf(schema))
      .filter(([key]) => !(key in without))
      .map(([key, described]) => toField(`${under}.${key}`, described, values[key], known))
  const deep = takesPretraining(variant)
  return [
    ...section('regularizer', variant.settings),
    ...section('network', networkSchema, fixed.network),
    ...(fixed.reconstruction
      ? []
      : [toField('reconstruction', z.toJSONSchema(reconstructionSchema) as Described, defaults.reconstruction, known)]),
    ...(variant.objective ? section('data', dataSchema, { statistics: true }) : []),
    ...(variant.fit ? [] : section('training', trainingSchema, fixed.training)),
    ...(deep
      ? section('pretraining', pretrainingSchema, { regularizer: true }).map((field) =>
          field.key === 'pretraining.variant' ? { ...field, kind: 'choice' as const, choices: layerVariants() } : field,
        )
      : []),
    ...(deep && chosen?.layers
      ? layerFields(
          section(
            'pretraining',
            chosen.layers.settings,
            chosen.layers.asLayer?.({ inputActivation: null, activation: 'sigmoid' }, defaults.pretraining.regularizer as never)
              .regularizer ?? {},
            'pretraining.regularizer',
            defaults.pretraining.regularizer,
          ),
        )
      : []),
    ...(deep ? section('fineTuning', fineTuningSchema) : []),
  ]
}

/** Settings of the layers' variant: what depends on another one of them depends on it there. */
const layerFields = (fields: Field[]): Field[] =>
  fields.map((field) => ({ ...field, ...(field.when ? { when: { ...field.when, key: `pretraining.${field.when.key}` } } : {}) }))

/** Made once of each schema: settings are checked at every key that is pressed. */
const described = new WeakMap<z.ZodObject, Record<string, Described>>()

function propertiesOf(schema: z.ZodObject): Record<string, Described> {
  const known = described.get(schema) ?? ((z.toJSONSchema(schema, { io: 'input' }).properties ?? {}) as Record<string, Described>)
  described.set(schema, known)
  return known
}

function toField(key: string, described: Described, value: unknown, facts: Facts): Field {
  const because = reasonFor(key, value, facts)
  const kind = described.enum
    ? 'choice'
    : described.type === 'array'
      ? 'integers'
      : described.type === 'boolean'
        ? 'boolean'
        : described.type === 'integer'
          ? 'integer'
          : described.type === 'string'
            ? 'text'
            : 'number'
  const range = described.items ?? described
  return {
    key,
    title: described.title ?? key,
    description: described.description ?? '',
    kind,
    ...(described.enum ? { choices: described.enum } : {}),
    ...(kind === 'text' && described.examples ? { examples: described.examples } : {}),
    ...(range.exclusiveMinimum !== undefined
      ? { minimum: range.exclusiveMinimum, exclusiveMinimum: true }
      : range.minimum === undefined
        ? {}
        : { minimum: range.minimum }),
    ...(range.exclusiveMaximum !== undefined
      ? { maximum: range.exclusiveMaximum, exclusiveMaximum: true }
      : range.maximum === undefined
        ? {}
        : { maximum: range.maximum }),
    default: value,
    ...(because === undefined ? {} : { because }),
    ...(described.when ? { when: described.when } : {}),
  }
}
