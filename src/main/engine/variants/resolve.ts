import { z } from 'zod'
import {
  dataSchema,
  fineTuningSchema,
  networkSchema,
  pretrainingSchema,
  reconstructionSchema,
  trainingSchema,
  type Config,
  type Field,
  type Settings,
} from '../../../shared/config.ts'
import type { ErrorInfo } from '../../../shared/errors.ts'
import { trainingRows } from '../../../shared/split.ts'
import { augmentationProblem, readAugmentation, writtenAugmentation } from '../../../shared/augmentation.ts'
import { vectorOf } from '../../../shared/shape.ts'
import { nearest } from '../suggestion.ts'
import { countParameters } from '../network/weights.ts'
import { chosenOf, defaultsOf, fieldsOf, type Chosen, type Sections } from './fields.ts'
import { checkLayers, layerVariantOf, layerVariants, takesPretraining } from './layers.ts'
import { inertSettings } from './inert.ts'
import { likelihoodNotes } from './likelihoodNotes.ts'
import { variantOf } from './registry.ts'
import { fixedOf, weightsOf, type Facts, type Problem, type Variant } from './variant.ts'

export interface Resolved {
  /** Null while there are problems. */
  config: Config | null
  fields: Field[]
  problems: ErrorInfo[]
  warnings: string[]
  /**
   * Defaults that are what they are because of the data, where nothing else was said: `Reconstruction: squared error, because
   * these are colour images.`
   */
  fromData: string[]
  /** Number of trained values; null without a config or without knowing the data. */
  parameters: number | null
}

/**
 * A user's settings (nested, or with dotted keys) on top of the variant's defaults, checked. Every problem names its field and the
 * allowed range; nothing is silently ignored: an unknown key is a problem too. Throws VARIANT_UNKNOWN.
 */
export function resolveConfig(variantId: string, settings: Settings, facts: Facts = {}): Resolved {
  const variant = variantOf(variantId)
  const given = flatten(settings)
  const chosen = chosenOf(variant, new Map(given))
  const fields = fieldsOf(variant, facts, chosen)
  const problems: ErrorInfo[] = []
  const sections = defaultsOf(variant, facts, chosen)
  // What a variant determines follows from its own settings: these first.
  const own = ([key]: [string, unknown]) => key.startsWith('regularizer.')
  for (const [key, value] of [...given.filter(own), ...given.filter((each) => !own(each))]) {
    const problem = place(variant, chosen, fields, sections, key, value)
    if (problem) problems.push(problem)
  }
  const config = problems.length === 0 ? parse(variant, chosen, fields, sections, problems) : null
  if (config) {
    const rules = [...sharedRules(config, facts, variant), ...(variant.check?.(config, facts) ?? [])]
    for (const { field, message } of [
      ...rules,
      ...(config.pretraining.kind !== 'none' && rules.length === 0 ? checkLayers(config, facts) : []),
    ]) {
      problems.push({ code: 'SETTING_INVALID', field, message })
    }
  }
  const sound = problems.length === 0 ? config : null
  return {
    config: sound,
    fields,
    problems,
    warnings: sound
      ? [
          ...withoutEffect(fields, settings, sound, variant),
          ...warningsFor(sound, variant),
          ...likelihoodNotes(sound, variant, facts),
          ...(variant.warnings?.(sound, facts) ?? []),
        ]
      : [],
    fromData: sound ? fromData(fields, new Set(given.map(([key]) => key)), sound) : [],
    parameters:
      sound && facts.rowSize !== undefined
        ? countParameters(weightsOf(variant, sound, facts.size ?? vectorOf(facts.rowSize), facts.classes))
        : null,
  }
}

/** Nested settings as dotted keys; lists and scalars are values. */
export function flatten(settings: Settings, prefix = ''): [string, unknown][] {
  return Object.entries(settings).flatMap(([key, value]): [string, unknown][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? flatten(value as Settings, `${prefix}${key}.`)
      : [[prefix + key, value]],
  )
}

/** What the keys of settings of the layers' variant begin with. */
const layerSettings = 'pretraining.regularizer.'

function place(
  variant: Variant,
  { layers }: Chosen,
  fields: Field[],
  sections: Sections,
  key: string,
  value: unknown,
): ErrorInfo | null {
  if (!fields.some((field) => field.key === key)) {
    const fixed = valueAt(fixedOf(variant, sections.regularizer), key)
    // As a word, too: the command line has no field that would say how to read it.
    if (fixed !== undefined && String(fixed) === String(value)) return null
    if (fixed !== undefined && typeof fixed !== 'object')
      return {
        code: 'SETTING_INVALID',
        field: key,
        message: `${variant.title} determines ${key} (${String(fixed)}); leave it out.`,
      }
    const ofLayers = key.startsWith(layerSettings) && takesPretraining(variant)
    if (ofLayers && !layers)
      return {
        code: 'SETTING_INVALID',
        field: key,
        message: `Without pretraining, ${key} has no meaning; set pretraining.kind to greedy or rbm, or leave it out.`,
      }
    if (ofLayers && layers && Object.hasOwn(layers.settings.shape, key.slice(layerSettings.length))) {
      // A run's stored config names it, too.
      return String(valueAt(sections, key)) === String(value)
        ? null
        : {
            code: 'SETTING_INVALID',
            field: key,
            message:
              `The activations of the layers determine ${key}; leave it ` +
              'out, and set network.activation or network.codeActivation.',
          }
    }
    // A run's stored config names every setting, those too that mean nothing to its variant.
    if (!ofLayers && isUsual(valueAt(sections, key), value)) return null
    const near = nearest(
      key,
      fields.map((field) => field.key),
    )
    return {
      code: 'SETTING_UNKNOWN',
      field: key,
      message:
        `${(ofLayers && layers ? layers : variant).title} has no setting ` +
        `“${key}”; ${near ? `did you mean ${near}?` : 'leave it out.'}`,
    }
  }
  const path = key.split('.')
  const last = path.pop()!
  const section = path.reduce((at, part) => at[part] as Record<string, unknown>, sections as unknown as Record<string, unknown>)
  section[last] = value
  return null
}

const isUsual = (usual: unknown, value: unknown): boolean =>
  usual !== undefined && (usual === null || typeof usual !== 'object') && String(usual) === String(value)

/** Of its own: what every object inherits is no setting. */
const valueAt = (nested: unknown, key: string): unknown =>
  key
    .split('.')
    .reduce<unknown>(
      (at, part) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, part) ? (at as Record<string, unknown>)[part] : undefined,
      nested,
    )

/** Made once of each pair of variants. */
const schemas = new Map<string, ReturnType<typeof makeSchema>>()

function schemaOf(variant: Variant, layers: Variant | null): ReturnType<typeof makeSchema> {
  const key = `${variant.id} ${layers?.id ?? ''}`
  const schema = schemas.get(key) ?? makeSchema(variant, layers)
  schemas.set(key, schema)
  return schema
}

const makeSchema = (variant: Variant, layers: Variant | null) =>
  z.object({
    network: networkSchema,
    reconstruction: reconstructionSchema,
    training: trainingSchema,
    regularizer: variant.settings,
    data: dataSchema,
    pretraining: pretrainingSchema.extend(layers ? { regularizer: layers.settings } : {}),
    fineTuning: fineTuningSchema,
  })

function parse(variant: Variant, { layers }: Chosen, fields: Field[], sections: Sections, problems: ErrorInfo[]): Config | null {
  const checked = schemaOf(variant, layers).safeParse(sections)
  const choice = fields.find(({ key }) => key === 'pretraining.variant')
  if (checked.success && choice && !choice.choices!.includes(checked.data.pretraining.variant)) {
    problems.push({
      code: 'SETTING_INVALID',
      field: choice.key,
      message: `${choice.title} must be ${expected(choice)}, not ${shown(checked.data.pretraining.variant)}; change ${choice.key}.`,
    })
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
    problems.push({
      code: 'SETTING_INVALID',
      field: key,
      message: `${field?.title ?? key} must be ${field ? expected(field) : 'valid'}, not ${shown(value)}; change ${key}.`,
    })
  }
  return null
}

/** What is written in several ways is stored in one. */
function written(data: Config['data']): Config['data'] {
  const augmentation = readAugmentation(data.augment)
  return typeof augmentation === 'string' ? data : { ...data, augment: writtenAugmentation(augmentation) }
}

/** What is wrong with changes of the training images; empty where nothing is. */
function augmentationRules({ data }: Config, { kind, size }: Facts): Problem[] {
  const field = 'data.augment'
  const wanted = readAugmentation(data.augment)
  if (typeof wanted === 'string') return [{ field, message: wanted }]
  if (data.augment === 'none') return []
  const refused = (message: string): Problem[] => [{ field, message }]
  if (kind === 'vector')
    return refused('This dataset has no images that could be mirrored, moved or cut; set data.augment to none.')
  if (data.binarise === 'fixed' && (wanted.crop < 1 || wanted.brightness > 0)) {
    const remedy = 'set data.binarise to dynamic, or leave them out of data.augment'
    return refused(`Crop and brightness make gray of pixels that were drawn as 0 or 1 once; ${remedy}.`)
  }
  const message = size ? augmentationProblem(wanted, size) : null
  return message ? refused(message) : []
}

/** Why inputs cannot be standardised; empty where they can. */
function standardisingRules(config: Config, { kind }: Facts, variant: Variant): Problem[] {
  const field = 'data.standardise'
  if (config.data.standardise === 'none') return []
  if (kind === 'vector') {
    return [{ field, message: 'This dataset has no images whose channels could be standardised; set data.standardise to none.' }]
  }
  const machine = variant.machine ? variant : config.pretraining.kind === 'none' ? null : layerVariantOf(config)
  if (machine?.machine) {
    return [
      { field, message: `A ${machine.title} models the values that it reads and gives as one; set data.standardise to none.` },
    ]
  }
  return []
}

/** What a field takes, in words: `a number above 0 and at most 1000`. */
function expected(field: Field): string {
  const lower = field.minimum === undefined ? '' : field.exclusiveMinimum ? `above ${field.minimum}` : `at least ${field.minimum}`
  const upper = field.maximum === undefined ? '' : field.exclusiveMaximum ? `below ${field.maximum}` : `at most ${field.maximum}`
  const range = [lower, upper].filter(Boolean).join(' and ')
  switch (field.kind) {
    case 'choice':
      return `one of ${field.choices!.join(', ')}`
    case 'boolean':
      return 'true or false'
    case 'integers':
      return `1 to 12 whole numbers, each ${range}`
    case 'integer':
      return `a whole number ${range}`
    case 'text':
      return `a text such as ${(field.examples ?? []).join(' or ')}`
    default:
      return `a number ${range}`
  }
}

const shown = (value: unknown): string =>
  value === undefined ? 'missing' : typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))

function sharedRules(config: Config, facts: Facts, variant: Variant): Problem[] {
  const problems: Problem[] = []
  const { trainCount, validationCount, kind } = facts
  const { training, pretraining, fineTuning, data } = config
  // A variant that determines how it reconstructs, by a likelihood or otherwise, has rules of its own.
  const crossEntropy = config.reconstruction === 'crossEntropy' && !fixedOf(variant, config.regularizer).reconstruction
  if (crossEntropy && kind === 'vector') {
    problems.push({
      field: 'reconstruction',
      message:
        'This dataset has values outside [0, 1], for which cross-entropy has no meaning; set reconstruction to squaredError.',
    })
  } else if (crossEntropy && config.network.outputActivation !== 'sigmoid') {
    problems.push({
      field: 'reconstruction',
      message: 'Cross-entropy needs outputs in [0, 1]; set network.outputActivation to sigmoid or reconstruction to squaredError.',
    })
  }
  if (data.binarise !== 'none' && kind === 'vector') {
    problems.push({
      field: 'data.binarise',
      message: 'This dataset has values outside [0, 1], which are no probabilities of a pixel; set data.binarise to none.',
    })
  }
  problems.push(...augmentationRules(config, facts), ...standardisingRules(config, facts, variant))
  const few = fineTuning.kind === 'classification' && fineTuning.labelled > 0
  const available = trainCount === undefined ? Infinity : trainingRows({ trainCount, validationCount })
  // A handful of labelled images is one batch.
  if (!variant.fit && !few && training.batchSize > available) {
    problems.push({
      field: 'training.batchSize',
      message: `The training split has ${available} images; set training.batchSize to at most that.`,
    })
  }
  if (pretraining.kind !== 'none' && pretraining.batchSize > available) {
    problems.push({
      field: 'pretraining.batchSize',
      message: `The training split has ${available} images; set pretraining.batchSize to at most that.`,
    })
  }
  if (!variant.fit && training.warmupEpochs > training.epochs) {
    problems.push({
      field: 'training.warmupEpochs',
      message: `Warm-up cannot last longer than training; set training.warmupEpochs to at most ${training.epochs}.`,
    })
  }
  return [...problems, ...(fineTuning.kind === 'classification' ? labelRules(config, facts, available).slice(0, 1) : [])]
}

/** @param available rows for training */
function labelRules(
  { fineTuning, training }: Config,
  { trainCount, classes = Infinity, labelled = trainCount }: Facts,
  available: number,
): Problem[] {
  const wanted = fineTuning.labelled
  const problems: Problem[] = []
  const none = 'set fineTuning.kind to reconstruction, or import it with labels'
  if (classes < 2) problems.push({ field: 'fineTuning.kind', message: `This dataset has no two classes to tell apart; ${none}.` })
  if (labelled !== trainCount && labelled !== undefined && trainCount !== undefined) {
    // Validation takes its share of each class, rounded up at most.
    const sure = Math.floor((labelled * available) / trainCount) - classes
    const only = `Of the ${trainCount} images that are not for testing ${labelled} have a label`
    if (sure < classes)
      problems.push({ field: 'fineTuning.kind', message: `${only}, too few to learn ${classes} classes from; ${none}.` })
    if (wanted === 0 || wanted > sure)
      problems.push({
        field: 'fineTuning.labelled',
        message: `${only}, some of them for validation; set fineTuning.labelled to a number from ${classes} to ${sure}.`,
      })
  }
  if (wanted > available) {
    problems.push({
      field: 'fineTuning.labelled',
      message: `The training split has ${available} images beside those for validation; set fineTuning.labelled to at most that.`,
    })
  }
  if (wanted > 0 && classes !== Infinity && wanted < classes) {
    problems.push({
      field: 'fineTuning.labelled',
      message: `There are ${classes} classes; set fineTuning.labelled to at least that, so that each has an image.`,
    })
  }
  if (wanted > 0 && training.patience > 0) {
    problems.push({
      field: 'training.patience',
      message:
        'Early stopping would use the labels of the validation images, which ' +
        'are not among the labelled ones; set training.patience to 0.',
    })
  }
  return problems
}

/** What nobody gave, in words. */
function fromData(fields: readonly Field[], given: ReadonlySet<string>, config: Config): string[] {
  return fields.flatMap(({ key, title, because, when }) => {
    if (because === undefined || given.has(key) || (when && !when.in.includes(String(valueAt(config, when.key))))) return []
    return [
      `${key.startsWith('pretraining.') ? `Pretraining, ${title.toLowerCase()}` : title}: ` +
        `${because.replace(/^(?!Gaussian)./, (letter) => letter.toLowerCase())}`,
    ]
  })
}

/** The variant without a regularizer, of which nobody expects one. */
const plainest = layerVariants()[0]!

/** Settings that were given although another one switches them off: nobody shall think that they were compared. */
function withoutEffect(fields: Field[], settings: Settings, config: Config, variant: Variant): string[] {
  const inert = inertSettings(variant, config)
  return flatten(settings).flatMap(([key, value]) => {
    const field = fields.find((candidate) => candidate.key === key)
    if (!field || String(value) === String(field.default)) return []
    // Two sections have a learning rate.
    const name = fields.some(({ key: other, title }) => other !== key && title === field.title) ? key : field.title
    // One activation for all layers, of which there is one.
    if (key === 'network.activation' && value === config.network.codeActivation) return []
    if (inert.has(key)) return [`${name} has no effect: ${inert.get(key)!}.`]
    if (!field.when) return []
    const now = String(valueAt(config, field.when.key))
    return field.when.in.includes(now)
      ? []
      : [`${name} has no effect while ${field.when.key} is ${now}; it needs ${field.when.in.join(' or ')}.`]
  })
}

function warningsFor({ network, fineTuning, pretraining }: Config, variant: Variant): string[] {
  const linear = [network.activation, network.codeActivation].every((activation) => activation === 'linear')
  return [
    ...(network.layers.length > 1 && linear
      ? ['Every layer of this encoder is linear, so its depth adds nothing: one linear layer can do the same.']
      : []),
    ...(fineTuning.kind === 'classification' && pretraining.kind === 'none' && variant.id !== plainest
      ? [
          'Without pretraining a network that is trained for classification never ' +
            `meets the objective of ${variant.title}; set pretraining.kind to greedy.`,
        ]
      : []),
  ]
}
