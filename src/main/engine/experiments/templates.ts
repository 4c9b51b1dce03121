import type { Settings } from '../../../shared/config.ts'
import type { Dataset } from '../../../shared/domain.ts'
import { planSchema, type PlanInput, type PlanTemplate } from '../../../shared/experiments.ts'
import { usuallyConvolved } from '../../../shared/convolutions.ts'
import { usualLength } from '../../../shared/trainingLength.ts'
import { trainingRows } from '../../../shared/split.ts'
import { usualCode } from '../../../shared/usualSizes.ts'
import type { Home } from '../home.ts'
import { takesPretraining } from '../variants/layers.ts'
import { plainest, variants } from '../variants/registry.ts'
import { resolveConfig } from '../variants/settings/resolve.ts'
import type { Facts, Variant } from '../variants/variant.ts'
import { factsOf } from './newRun.ts'
import { expandPlan } from './plan.ts'

/** What a template is made to fit; of the digits of MNIST where nothing is known. */
interface Data extends Facts {
  rowSize: number
  trainCount: number
  kind: 'image' | 'vector'
  classes: number
}
const digits: Data = { rowSize: 784, trainCount: 60_000, kind: 'image', classes: 10 }

interface Template {
  id: string
  title: string
  description: string
  plan(data: Data): Omit<PlanInput, 'name' | 'dataset'>
}

const convolves = ({ size, kind }: Data): boolean => size !== undefined && usuallyConvolved(size, kind)

/**
 * One tied layer of sigmoid units for all, as Rifai et al. 2011 compare regularizers; of large images such a layer behind the usual
 * convolutions.
 */
const sigmoidLayer = (size: number, data: Data): Settings => ({
  'network.layers': [size],
  ...(convolves(data) ? {} : { 'network.activation': 'sigmoid' }),
  'network.codeActivation': 'sigmoid',
  'network.tied': true,
  'network.weightNorm': false,
})

/** Images that training sees. */
const seen = (data: Data): number => trainingRows(data)
/** About as many steps whether there are few images or many. */
const training = (data: Data): Settings => {
  const { epochs, batchSize } = usualLength(seen(data), convolves(data))
  return { 'training.epochs': epochs, 'training.batchSize': batchSize, 'training.learningRate': 0.001 }
}
/** Layers that are trained by themselves before the whole, for a share of the epochs. */
const greedy = (data: Data, share: number): Settings => {
  const { 'training.epochs': epochs, 'training.batchSize': batchSize } = training(data)
  return {
    'pretraining.kind': 'greedy',
    'pretraining.epochs': Math.max(1, Math.round(share * (epochs as number))),
    'pretraining.batchSize': batchSize,
  }
}

/** Units of a single layer: fewer where there are few inputs, and of images no more than these. */
const widthOf = ({ rowSize, kind }: Data): number =>
  Math.min(500, kind === 'image' ? rowSize : Infinity, Math.max(8, 2 ** Math.ceil(Math.log2(rowSize)) / 2))
/** A baseline has at most as many components as there are inputs, and as the images differ in. */
const mostComponents = (data: Data): number => Math.max(1, Math.min(data.rowSize, seen(data) - 1))
const components = (size: number, data: Data): Settings => ({ 'network.layers': [Math.min(size, mostComponents(data))] })
const baselines = (size: number, data: Data) =>
  data.rowSize > 1 ? closedForms().map(({ id: variant }) => ({ variant, settings: components(size, data) })) : []

/** Of a single value there is one size. */
const powersUpTo = (most: number): number[] => (most < 2 ? [1] : [2, 4, 8, 16, 32, 64, 128, 256].filter((size) => size <= most))

/** Computed in one go: what all others are to be better than. */
const closedForms = (): Variant[] => variants.filter(({ fit }) => fit)
const plain = { variant: plainest.id }
/** Those that add something to the network without one, in the registry's order. */
const regularizers = (): Variant[] => variants.filter((variant) => takesPretraining(variant) && variant !== plainest)
/** Of a study: the network without a regularizer, then those that say that they belong there. */
const studied = (study: 'codeSize' | 'labelled'): string[] => [
  plainest.id,
  ...variants.filter(({ plans }) => plans?.studies?.includes(study)).map(({ id }) => id),
]

/** Sweeps of one setting of a variant beside the network without it; strengths of terms before those of corruptions. */
const sweeps = (): Template[] =>
  [...variants]
    .sort((a, b) => Number(Boolean(a.corrupt)) - Number(Boolean(b.corrupt)))
    .flatMap(({ id: variant, plans }) =>
      (plans?.sweeps ?? []).map(({ id, title, description, sweep, settings = {} }) => ({
        id,
        title,
        description,
        plan: (data: Data) => ({
          settings: { ...sigmoidLayer(widthOf(data), data), ...training(data) },
          variants: [plain, { variant, settings, sweep }],
        }),
      })),
    )

/** What plans can begin with. They name no variant: what is compared with what the variants say themselves. */
const templates = (): Template[] => [
  {
    id: 'regularizers',
    title: 'Compare all regularizers',
    description: 'One tied layer of sigmoid units for all of them, each regularizer at its usual strength.',
    plan(data) {
      const size = widthOf(data)
      return {
        settings: { ...sigmoidLayer(size, data), ...training(data) },
        variants: [
          ...baselines(size, data),
          plain,
          { ...plain, title: 'Weight decay', settings: { 'training.weightDecay': 0.001 } },
          ...regularizers().map(({ id: variant, plans }) => ({ variant, settings: plans?.compared?.(size) ?? {} })),
        ],
      }
    },
  },
  ...sweeps(),
  {
    id: 'codeSize',
    title: 'Size of the code',
    description: 'One hidden layer and codes from 2 units on, beside as many principal components.',
    plan(data) {
      const sizes = powersUpTo(Math.min(64, data.rowSize))
      const ofBaseline = sizes.filter((size) => size <= mostComponents(data)).map((size) => [size])
      return {
        settings: { 'network.activation': 'relu', 'network.codeActivation': 'linear', 'network.tied': false, ...training(data) },
        variants: [
          ...(data.rowSize > 1 && ofBaseline.length > 0
            ? closedForms().map(({ id: variant }) => ({ variant, sweep: { 'network.layers': ofBaseline } }))
            : []),
          ...studied('codeSize').map((variant) => ({
            variant,
            sweep: { 'network.layers': sizes.map((size) => [widthOf(data), size]) },
          })),
        ],
      }
    },
  },
  {
    id: 'depth',
    title: 'Depth',
    description: 'From one layer to four with the same code, trained at once, and layer by layer before that.',
    plan(data) {
      const width = widthOf(data),
        code = Math.min(usualCode(data.rowSize), Math.max(2, Math.min(32, Math.floor(width / 4))))
      const hidden = [[], [width], [width, width / 2], [width, width / 2, width / 4]].map((layers) => [
        ...layers.map((size) => Math.max(1, Math.round(size))),
        code,
      ])
      return {
        settings: { 'network.activation': 'sigmoid', 'network.codeActivation': 'linear', 'network.tied': false, ...training(data) },
        sweep: { 'network.layers': hidden },
        variants: [
          plain,
          {
            ...plain,
            title: 'Pretrained',
            settings: greedy(data, 0.5),
          },
        ],
      }
    },
  },
  {
    id: 'labelled',
    title: 'Labelled images',
    description:
      'A classifier from few labels and from many: from its initial weights, and from layers that were pretrained on all images.',
    plan(data) {
      const available = seen(data)
      const counts = [10, 100, 1000, 10_000].filter((count) => count >= Math.max(2, data.classes) && count <= available / 2)
      const pretraining = greedy(data, 1)
      return {
        settings: {
          'network.layers': [widthOf(data)],
          'network.activation': 'sigmoid',
          'network.codeActivation': 'sigmoid',
          'network.tied': false,
          'fineTuning.kind': 'classification',
          'training.epochs': 100,
          'training.batchSize': 20,
          'training.learningRate': 0.001,
        },
        sweep: { 'fineTuning.labelled': counts.length > 0 ? counts : [Math.max(2, data.classes)] },
        variants: [
          { ...plain, title: 'Not pretrained' },
          ...studied('labelled').map((variant) => ({
            variant,
            settings: { ...pretraining, 'pretraining.variant': variant },
          })),
        ],
        baseline: 0,
      }
    },
  },
]

/** Plans to begin with, made to fit a dataset. What does not go with it is left out, or said where nothing else would remain. */
export function planTemplates(home: Home, dataset: Dataset | null): PlanTemplate[] {
  const facts = dataset ? factsOf(home, dataset) : {}
  const data: Data = dataset ? { ...digits, ...facts } : digits
  return templates().map(({ id, title, description, plan: make }) => {
    const draft = make(data)
    // Nothing is lost of a comparison without a variant that the data rule out.
    const fitting = draft.variants.filter(
      ({ variant, settings = {}, sweep = {} }) =>
        Object.keys(sweep).length > 0 ||
        resolveConfig(variant, { ...known(variant, draft.settings ?? {}, data), ...settings }, data).config !== null,
    )
    const plan = planSchema.parse({
      name: title,
      dataset: dataset?.name ?? 'mnist',
      ...draft,
      variants: fitting.length > 1 ? fitting : draft.variants,
    })
    return { id, title, description, note: dataset ? (expandPlan(plan, facts).problems[0]?.message ?? '') : '', plan }
  })
}

/** Those of the shared settings that the variant has. */
function known(variant: string, settings: Settings, data: Data): Settings {
  const { fields } = resolveConfig(variant, {}, data)
  return Object.fromEntries(Object.entries(settings).filter(([key]) => fields.some((field) => field.key === key)))
}
