import { configSchema, type NetworkConfig, type Origin } from '../../../../shared/config.ts'
import { flatten } from '../../../../shared/settings/nested.ts'
import { usualBatch } from '../../../../shared/usualSizes.ts'
import { activationRange } from '../../network/activation.ts'
import { convolutionsFor, fewForPyramids, isConvolved, seenOf, sizesFor, validatedOf } from '../fromData.ts'
import { determined, takesPretraining } from '../layers.ts'
import { fixedOf, isContinuous, type Facts, type Variant } from '../variant.ts'
import { fitting } from './fitting.ts'
import type { Layer, Section, Sections } from './sections.ts'
import { asSeen, defaultLayerVariant, nothingChosen, type Chosen } from './chosen.ts'

export interface Defaults {
  sections: Sections
  /** By dotted key: the layer that made a setting what it is. */
  from: ReadonlyMap<string, Origin>
}

/** Few labels: many passes over them, in small steps. */
const fewLabels = { count: 5000, epochs: 100, batchSize: 20 }

/** What a config holds before the user says anything, and whose word that is. */
export function defaultsOf(variant: Variant, facts: Facts = {}, chosen: Chosen = nothingChosen): Defaults {
  const sections = { network: {}, training: {}, regularizer: {}, data: {}, pretraining: { regularizer: {} }, fineTuning: {} }
  const values = sections as unknown as Sections
  const from = new Map<string, Origin>()
  const add = (layer: Layer): void => {
    for (const [key, value] of flatten(layer.values)) {
      if (value === undefined) continue
      if (setAt(values, key, value)) from.set(key, layer.from)
    }
  }
  layersOf(variant, facts, chosen).forEach(add)
  for (const fit of fitting) add(fit(variant, values, chosen, asSeen(facts, chosen)))
  return { sections: values, from }
}

/** Puts a setting in its section. @returns whether that makes it another one than it was */
export function setAt(sections: Sections, key: string, value: unknown): boolean {
  const path = key.split('.'),
    last = path.pop()!
  const section = path.reduce<Section>((at, part) => at[part] as Section, sections as unknown as Section)
  const changes = JSON.stringify(section[last]) !== JSON.stringify(value)
  section[last] = value
  return changes
}

/**
 * The layers of the defaults, a later one winning over those before it: what all variants share; what follows from the data
 * (standardised reals leave [0, 1], hence a linear output and the squared error); what the layers' variant needs where there is
 * pretraining; the variant's own; what of these follows from the data; and what is determined: what Boltzmann machines are made
 * of they are made of, fine-tuning unties the weights.
 */
function layersOf(variant: Variant, given: Facts, chosen: Chosen): Layer[] {
  const { layers, classification, labelled, codeSize } = chosen
  const facts = asSeen(given, chosen)
  const shared = configSchema.parse({ network: {}, training: {}, regularizer: {} })
  // What is determined of convolutions does not depend on the variant's settings.
  const convolutions = [variant, ...(layers ? [layers] : [])].some((each) => determined(each).convolutions)
    ? []
    : convolutionsFor(facts)
  const convolves = isConvolved(chosen.convolutions ?? convolutions, facts)
  // What pyramids are trained with follows from images: where nothing is known of them, as in `objective`, the formulas' defaults hold.
  const trains = convolves && facts.trainCount !== undefined
  const sizes = sizesFor(facts, convolves, chosen.normalised)
  const usual = [variant.defaultsFor?.(facts, 1, trains).network, variant.defaults?.network, sizes.network, shared.network]
  const code = codeSize ?? usual.find((network) => network?.layers?.at(-1) !== undefined)!.layers!.at(-1)!
  const ofData = variant.defaultsFor?.(facts, code, trains)
  const regularizer = variant.settings.parse({}) as Section
  const fixed = fixedOf(variant, { ...regularizer, ...ofData?.regularizer })
  // Machines determine what they are made of; of others it is the activation of their code, hence of every layer, hidden ones too.
  const ofLayers = layers ? determined(layers) : {}
  const only = ofLayers.codeActivation
  const {
    outputActivation: _,
    codeActivation,
    layers: __,
    ...network
  }: Partial<NetworkConfig> = {
    ...ofLayers,
    ...layers?.defaults?.network,
  }
  const few = classification && labelled > 0 && labelled <= fewLabels.count
  const vector = facts.kind === 'vector'
  // What stops a training that gets worse is not to leave the worse weights.
  const keeps = chosen.stopsEarly && validatedOf(facts) > 0
  return [
    { from: 'shared', values: keeps ? { ...shared, training: { ...shared.training, keep: 'best' } } : shared },
    {
      from: 'data',
      values: {
        ...sizes,
        network: { ...sizes.network, convolutions, ...(vector ? { outputActivation: 'linear' } : {}) },
        training: { ...sizes.training, ...(convolves ? { learningRate: 0.0015, schedule: 'cosine' } : {}) },
        reconstruction: vector || isContinuous(facts) ? 'squaredError' : undefined,
      },
    },
    {
      from: 'layers',
      values: {
        network: { ...network, ...(layers?.asLayer ? {} : { codeActivation }) },
        pretraining: {
          ...pick(layers?.defaults?.training ?? {}, ['epochs', 'learningRate', 'weightDecay', 'batchSize']),
          regularizer: layers?.settings.parse({}),
        },
      },
    },
    {
      from: 'variant',
      values: {
        ...variant.defaults,
        regularizer,
        pretraining: takesPretraining(variant) ? { variant: defaultLayerVariant(variant) } : {},
      },
    },
    {
      from: 'data',
      values: {
        network: trains ? pyramidDefaults(variant, facts, chosen, sizes.training) : {},
        // From 0, squared errors of images that are nearly black drive a sigmoid to where it has no slope (bench/convolutions.md).
        training: (trains || isContinuous(facts)) && !variant.machine ? { outputBias: 'mean' } : {},
      },
    },
    // A network of one layer, as each is that is pretrained, has a Jacobian in closed form even where it is convolved.
    {
      from: 'data',
      values: { ...ofData, pretraining: { regularizer: layers?.defaultsFor?.(facts, code, false).regularizer } },
    },
    { from: 'layers', values: { network: layers?.asLayer ? network : only ? { activation: only, codeActivation: only } : {} } },
    { from: 'variant', values: { ...fixed } },
    { from: 'layers', values: { network: layers ? { tied: false } : {} } },
    {
      from: 'labels',
      values: {
        training: few ? { epochs: fewLabels.epochs, batchSize: usualBatch(seenOf(facts) ?? Infinity, fewLabels.batchSize) } : {},
      },
    },
  ]
}

/**
 * Deep pyramids hardly learn with saturating units, and in a third of the steps with smooth ones. Codes that saturate or are
 * drawn need layers that keep their scale, which normalisation sees to. Elsewhere the decoder of few images goes back through the
 * encoder's pyramid, since a second one learns what does not hold for others (bench/convolutions.md).
 */
function pyramidDefaults(
  variant: Variant,
  facts: Facts,
  { untied, unnormalised }: Chosen,
  { batchSize }: { batchSize?: number },
): Partial<NetworkConfig> {
  const { tied, normalisation, codeActivation = variant.defaults?.network?.codeActivation } = determined(variant)
  const saturates = codeActivation !== undefined && activationRange[codeActivation].every(Number.isFinite)
  if ((saturates || tied === false) && normalisation === undefined && !unnormalised && batchSize !== 1)
    return { activation: 'elu', normalisation: 'batch', tied: false }
  const seen = seenOf(facts)
  const few = seen !== undefined && seen < fewForPyramids
  return { activation: 'elu', ...(untied ? { tied: false } : few ? { tied: true } : {}) }
}

const pick = (section: Section, keys: readonly string[]): Section => Object.fromEntries(keys.map((key) => [key, section[key]]))
