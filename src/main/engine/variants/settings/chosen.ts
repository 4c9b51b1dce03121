import { activations, networkSchema, type Activation, type Config } from '../../../../shared/config.ts'
import { layerPrefix } from '../../../../shared/ownedKeys.ts'
import { determined, layerVariantOf, layerVariantsOf, takesPretraining } from '../layers.ts'
import { plainest, variantOf, variants } from '../registry.ts'
import type { Facts, Variant } from '../variant.ts'

/** Settings on which other settings' defaults depend: as the user gave them, unchecked. */
export interface Chosen {
  /** How layers are pretrained. */
  kind: Config['pretraining']['kind']
  /** What pretrains them; null without pretraining. */
  layers: Variant | null
  classification: boolean
  labelled: number
  /** Units of the code; null where the default is to be taken. */
  codeSize: number | null
  binarised: boolean
  /** Of the network, as they were given; undefined where the default is to be taken. */
  convolutions: unknown
  /** Whether layers normalised by their batch were asked for. */
  normalised: boolean
  /** Whether something was chosen with which a decoder cannot be tied. */
  untied: boolean
  /** Activations, of those that are known. */
  given: { activation?: Activation; codeActivation?: Activation; outputActivation?: Activation }
  /** Settings of the layers' variant. */
  layerSettings: Record<string, unknown>
  /** Whether the decoder goes back through convolutions by enlarging maps. */
  resizes: boolean
  /** Whether training may stop before its end. */
  stopsEarly: boolean
  /** Whether something was chosen with which layers cannot be normalised by their batch. */
  unnormalised: boolean
}

export const nothingChosen: Chosen = {
  kind: 'none',
  layers: null,
  classification: false,
  labelled: 0,
  codeSize: null,
  binarised: false,
  convolutions: undefined,
  normalised: false,
  untied: false,
  given: {},
  layerSettings: {},
  resizes: false,
  stopsEarly: false,
  unnormalised: false,
}

/** The data as networks see them: what is drawn as 0 or 1 is no photograph any more. */
export const asSeen = (facts: Facts, { binarised }: Chosen): Facts =>
  binarised && facts.pixels ? { ...facts, pixels: 'nearlyBinary' } : facts

/** What a user chose of these, by dotted keys. */
export function chosenOf(variant: Variant, given: ReadonlyMap<string, unknown>): Chosen {
  const labelled = Number(given.get('fineTuning.labelled') ?? 0)
  const sizes = given.get('network.layers'),
    code: unknown = Array.isArray(sizes) ? sizes.at(-1) : undefined
  const layers = chosenLayers(variant, given)
  const normalised = given.get('network.normalisation') === 'batch',
    resizes = given.get('network.upsampling') === 'resize'
  return {
    kind: layers ? (given.get('pretraining.kind') as 'greedy' | 'rbm') : 'none',
    layers,
    classification: given.get('fineTuning.kind') === 'classification',
    labelled: Number.isFinite(labelled) ? labelled : 0,
    codeSize: typeof code === 'number' && Number.isInteger(code) && code > 0 ? code : null,
    binarised: (given.get('data.binarise') ?? 'none') !== 'none',
    convolutions: given.get('network.convolutions'),
    normalised,
    untied: resizes || normalised,
    given: Object.fromEntries(
      (['activation', 'codeActivation', 'outputActivation'] as const).flatMap((key) => {
        const wanted = activations.find((each) => each === given.get(`network.${key}`))
        return wanted ? [[key, wanted]] : []
      }),
    ),
    layerSettings: Object.fromEntries(
      [...given].flatMap(([key, value]) => (key.startsWith(layerPrefix) ? [[key.slice(layerPrefix.length), value]] : [])),
    ),
    resizes,
    stopsEarly: Number(given.get('training.patience') ?? 0) > 0,
    unnormalised:
      layers !== null ||
      given.get('network.tied') === true ||
      given.get('network.weightNorm') === true ||
      given.get('training.batchSize') === 1,
  }
}

function chosenLayers(variant: Variant, given: ReadonlyMap<string, unknown>): Variant | null {
  if (!takesPretraining(variant)) return null
  const kind = given.get('pretraining.kind')
  const usual = defaultLayerVariant(variant)
  if (kind === 'rbm') return layerVariantOf({ pretraining: { kind, variant: usual } })
  const wanted = given.get('pretraining.variant') ?? usual
  return kind === 'greedy' ? (variants.find(({ id }) => id === wanted) ?? variantOf(usual)) : null
}

/** Layers are pretrained as the whole network is trained, where that is possible and leaves hidden layers their usual activation. */
export function defaultLayerVariant(variant: Variant): string {
  const { activation = networkSchema.parse({}).activation } = variant.defaults?.network ?? {}
  const { codeActivation = activation } = determined(variant)
  return codeActivation === activation && layerVariantsOf(variant).includes(variant.id) ? variant.id : plainest.id
}
