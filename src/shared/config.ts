import { z } from 'zod'
import { augmentationExamples } from './augmentation.ts'
import { convolutionSchema, mostConvolutions, readConvolutions, type Convolution } from './convolutions.ts'

/** The variant without a regularizer: what others are compared with, and how layers are pretrained unless something else is said. */
export const plainVariant = 'classical'

/**
 * The settings that all variants share, as stored with a run. Field texts (`meta`) drive the form, the command line's
 * messages and the documentation alike. A variant's own settings (`regularizer`) are described by the variant.
 */
export const activations = ['linear', 'sigmoid', 'tanh', 'relu', 'elu', 'softplus'] as const
export type Activation = (typeof activations)[number]

const convolutionListSchema = z.array(convolutionSchema).max(mostConvolutions)

/** In text (`32x4s2,64x4s2`, `none`) or as a list; `auto` is replaced by what it stands for before a config is checked. */
const convolutionsSchema = z.union([
  convolutionListSchema,
  z.string().transform((text, context): Convolution[] => {
    const { data } = convolutionListSchema.safeParse(readConvolutions(text))
    if (data) return data
    context.addIssue({ code: 'custom', message: 'no list of convolutions' })
    return z.NEVER
  }),
])

export const networkSchema = z.strictObject({
  convolutions: convolutionsSchema.default([]).meta({
    type: 'string',
    title: 'Convolutions',
    suchAs: ['32x4s2,64x4s2', 'none', 'auto'],
    expects:
      `1 to ${mostConvolutions} of FILTERSxKERNEL or FILTERSxKERNELsSTRIDE, such as 32x4s2,64x4s2 (at most 4096 filters, kernels ` +
      'and strides of at most 64), or none, or auto',
    description:
      'Before the layers: filters x kernel size, and after an s the stride (32x4s2,64x4s2); none; or auto, which halves the ' +
      'image until its shorter side is 4 to 7. The decoder goes back through them.',
  }),
  layers: z
    .array(z.int().min(1).max(16384))
    .min(1)
    .max(12)
    .default([512, 64])
    .meta({ title: 'Layers', description: 'Units of each encoder layer; the last one is the code.' }),
  activation: z
    .enum(activations)
    .default('relu')
    .meta({ title: 'Hidden activation', description: 'Of every layer but the code and the output.' }),
  codeActivation: z
    .enum(activations)
    .default('linear')
    .meta({ title: 'Code activation', description: 'Of the last encoder layer.' }),
  outputActivation: z
    .enum(activations)
    .default('sigmoid')
    .meta({ title: 'Output activation', description: 'Of the reconstruction; sigmoid keeps it in [0, 1].' }),
  tied: z
    .boolean()
    .default(false)
    .meta({ title: 'Tied weights', description: 'The decoder goes back through the encoder’s own kernels.' }),
  weightNorm: z
    .boolean()
    .default(false)
    .meta({ title: 'Weight normalisation', description: 'Each filter of a kernel is divided by its L2 norm.' }),
  upsampling: z
    .enum(['transposed', 'resize'])
    .default('transposed')
    .meta({
      title: 'Upsampling',
      description:
        'How the decoder goes back through a convolution: by its transpose, or by enlarging the maps (nearest neighbour) and ' +
        'convolving them, which costs more time and leaves no checkerboards.',
    }),
  normalisation: z
    .enum(['none', 'batch'])
    .default('none')
    .meta({
      title: 'Normalisation',
      description:
        'Of every hidden layer before its activation, by the mean and variance of each channel or unit: in training those of the ' +
        'batch, elsewhere running ones of the batches as they were trained on (corrupted, where a variant corrupts them).',
    }),
})

export const trainingSchema = z.strictObject({
  epochs: z.int().min(1).max(100_000).default(20).meta({ title: 'Epochs', description: 'Passes over the training split.' }),
  batchSize: z.int().min(1).max(65_536).default(128).meta({ title: 'Batch size', description: 'Images a step.' }),
  optimizer: z.enum(['adam', 'sgd', 'momentum', 'rmsprop']).default('adam').meta({ title: 'Optimizer' }),
  learningRate: z.number().positive().max(1000).default(0.001).meta({ title: 'Learning rate' }),
  weightDecay: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .meta({ title: 'Weight decay', description: 'Strength of the sum of squared kernel weights in the objective.' }),
  schedule: z.enum(['constant', 'step', 'cosine']).default('constant').meta({
    title: 'Schedule',
    description: 'Constant; divided by 10 after half and after three quarters of the epochs; or decaying to 0 along a cosine.',
  }),
  warmupEpochs: z
    .number()
    .min(0)
    .max(100_000)
    .default(0)
    .meta({ title: 'Warm-up epochs', description: 'The learning rate rises linearly from 0 during these.' }),
  patience: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .meta({ title: 'Patience', description: 'Epochs without a better validation loss before stopping; 0: no early stopping.' }),
  keep: z
    .enum(['last', 'best'])
    .default('last')
    .meta({
      title: 'Keep',
      description:
        'Which weights are the result, which is evaluated, explored and exported: the last ones, or those of the lowest validation ' +
        'loss (the default with early stopping).',
    }),
  clipNorm: z
    .number()
    .min(0)
    .max(1e9)
    .default(0)
    .meta({ title: 'Clip gradient norm', description: 'Largest L2 norm of all gradients together; 0: off.' }),
  outputBias: z.enum(['zero', 'mean']).default('zero').meta({
    title: 'Output bias',
    description: 'Begins at 0, or where the output is the mean of the training images. Weights that are given stay.',
  }),
})

/** Before it could be chosen, those of the lowest validation loss were kept where training could stop early. */
export function withKept(stored: unknown): unknown {
  if (typeof stored !== 'object' || stored === null || 'keep' in stored) return stored
  const { patience } = stored as { patience?: unknown }
  return typeof patience === 'number' && patience > 0 ? { ...stored, keep: 'best' } : stored
}

export const reconstructionSchema = z
  .enum(['squaredError', 'crossEntropy'])
  .default('crossEntropy')
  .meta({ title: 'Reconstruction', description: 'The reconstruction term of the objective.' })

/** Mean and deviation of each channel of the training split, images being in [0, 1]. */
const channelStatisticsSchema = z.strictObject({ mean: z.array(z.number()), deviation: z.array(z.number().min(0)) })
export type ChannelStatistics = z.infer<typeof channelStatisticsSchema>

export const dataSchema = z.strictObject({
  binarise: z
    .enum(['none', 'fixed', 'dynamic'])
    .default('none')
    .meta({
      title: 'Binarise',
      description:
        'Each pixel becomes 1 with its value as the probability: drawn once for ' +
        'each image, or anew at every step. Evaluations use the fixed draw.',
    }),
  standardise: z
    .enum(['none', 'channel'])
    .default('none')
    .meta({
      title: 'Standardise',
      description:
        'The encoder reads every channel less its mean and divided by its deviation in the training split (a constant channel is ' +
        'only centred); what is reconstructed stays in [0, 1], and with it every term and figure.',
    }),
  augment: z
    .string()
    .max(200)
    .default('none')
    .meta({
      title: 'Augment',
      suchAs: [...augmentationExamples],
      description:
        'Training images are augmented anew at every step: flip, flipVertical, shift=4 (pixels), crop=0.8 (least share of the ' +
        'sides), brightness=0.1; several with commas. What is reconstructed ' +
        'is the changed image; validation, evaluation and exports see ' +
        'images as they are.',
    }),
  /** What `standardise` came to, in the config of a checkpoint: measured when the run began, and no setting. */
  statistics: channelStatisticsSchema.optional(),
})

/** Settings of variants that came later: what runs meant whose stored settings have the one beside which it stands, and not this one. */
const cameLater = [
  { beside: 'noise', key: 'values', meant: 'channel' },
  { beside: 'decoder', key: 'logVariance', meant: 'free' },
] as const

/** A variant's own settings as they are stored. */
const regularizerSchema = z.record(z.string(), z.unknown()).transform((stored): Record<string, unknown> => {
  const missing = cameLater.filter(({ beside, key }) => beside in stored && !(key in stored))
  return { ...stored, ...Object.fromEntries(missing.map(({ key, meant }) => [key, meant])) }
})

export const pretrainingSchema = z.strictObject({
  kind: z.enum(['none', 'greedy', 'rbm']).default('none').meta({
    title: 'Pretraining',
    description:
      'Layer by layer before the whole network is trained: each layer as a small autoencoder, or as a restricted Boltzmann machine.',
  }),
  variant: z
    .string()
    .default(plainVariant)
    .meta({
      title: 'Layer variant',
      description: 'How each layer is pretrained.',
      when: { key: 'pretraining.kind', in: ['greedy'] },
    }),
  epochs: z
    .int()
    .min(1)
    .max(100_000)
    .default(10)
    .meta({
      title: 'Epochs per layer',
      description: 'Passes over the training split for each layer.',
      when: { key: 'pretraining.kind', in: ['greedy', 'rbm'] },
    }),
  batchSize: z
    .int()
    .min(1)
    .max(65_536)
    .default(128)
    .meta({
      title: 'Batch size',
      description: 'Images a step of pretraining.',
      when: { key: 'pretraining.kind', in: ['greedy', 'rbm'] },
    }),
  learningRate: z
    .number()
    .positive()
    .max(1000)
    .default(0.001)
    .meta({ title: 'Learning rate', description: 'Of pretraining.', when: { key: 'pretraining.kind', in: ['greedy', 'rbm'] } }),
  weightDecay: z
    .number()
    .min(0)
    .max(1000)
    .default(0)
    .meta({ title: 'Weight decay', description: 'Of pretraining.', when: { key: 'pretraining.kind', in: ['greedy', 'rbm'] } }),
  tied: z
    .boolean()
    .default(true)
    .meta({
      title: 'Tied weights',
      description: 'While a layer is pretrained, its decoder uses the transposed kernel; fine-tuning unties them.',
      when: { key: 'pretraining.kind', in: ['greedy'] },
    }),
  /** The settings of the layers' variant, already checked against its schema; empty without pretraining. */
  regularizer: regularizerSchema.default({}),
})

export const fineTuningSchema = z.strictObject({
  kind: z.enum(['reconstruction', 'classification']).default('reconstruction').meta({
    title: 'Fine-tuning',
    description: 'What the whole network is trained for: reconstruction, or classification by a softmax layer on the code.',
  }),
  labelled: z
    .int()
    .min(0)
    .max(100_000_000)
    .default(0)
    .meta({
      title: 'Labelled images',
      description: 'How many labels of the training split are used, evenly over the classes; 0: all.',
      when: { key: 'fineTuning.kind', in: ['classification'] },
    }),
})

/** Sections that came after the first runs were made have defaults, so that those runs can be read. */
export const configSchema = z.strictObject({
  network: networkSchema,
  reconstruction: reconstructionSchema,
  training: z.preprocess(withKept, trainingSchema),
  /** The variant's own settings, already checked against its schema. */
  regularizer: regularizerSchema,
  data: dataSchema.prefault({}),
  pretraining: pretrainingSchema.prefault({}),
  fineTuning: fineTuningSchema.prefault({}),
})

export type NetworkConfig = z.infer<typeof networkSchema>
export type TrainingConfig = z.infer<typeof trainingSchema>
export type Reconstruction = z.infer<typeof reconstructionSchema>
export type Config = z.infer<typeof configSchema>

/** Whether a run's result is the weights of the lowest validation loss, once it has been validated; else the last ones. */
export const keepsBest = ({ training }: Pick<Config, 'training'>): boolean => training.keep === 'best'

/** A config as it is stored with its run: what was measured when the run began is its checkpoints'. */
export function withoutStatistics(config: Config): Config {
  const { statistics: _, ...data } = config.data
  return { ...config, data }
}

/** What a user gives: any part of a config, nested; keys that are absent take the variant's defaults. */
export const settingsSchema = z.record(z.string(), z.unknown())
export type Settings = z.infer<typeof settingsSchema>

/**
 * Whose word a setting is. Defaults: all variants share it (`shared`), it follows from the `data`, the `variant` has or determines
 * it, the `layers` that are pretrained need it, few `labels` do. On top of them: a file of `weights`, a `preset`, a `plan`, or what
 * was `given` for this one run.
 */
export const origins = ['shared', 'data', 'layers', 'variant', 'labels', 'weights', 'preset', 'plan', 'given'] as const
export type Origin = (typeof origins)[number]

/** One setting as a form field, an argument of the command line, a row of the documentation. */
export const fieldSchema = z.object({
  /** Dotted path, e.g. `regularizer.rate`. */
  key: z.string(),
  title: z.string(),
  description: z.string(),
  kind: z.enum(['number', 'integer', 'choice', 'boolean', 'integers', 'text']),
  choices: z.array(z.string()).optional(),
  /** Of a text: some that may be given. */
  examples: z.array(z.string()).optional(),
  /** What a text must be, where examples say too little. */
  expects: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.boolean().optional(),
  exclusiveMaximum: z.boolean().optional(),
  /** The variant's default. */
  default: z.unknown(),
  /** What the default, a word, stands for in these data. */
  stands: z.unknown().optional(),
  /** Whose word the default is. */
  from: z.enum(origins).optional(),
  /** Why the default is what it is, where that follows from the data: one sentence. */
  because: z.string().optional(),
  /** Shown only while another field has one of these values, e.g. `sigma` while `noise` is `gaussian`. */
  when: z.object({ key: z.string(), in: z.array(z.string()) }).optional(),
})
export type Field = z.infer<typeof fieldSchema>

export const variantInfoSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** The objective in LaTeX; each term is wrapped in `\htmlData{term=NAME}{...}` so that it can take its curve's colour. */
  formula: z.string(),
  reference: z.string(),
  /** One character, the same wherever the variant appears. */
  glyph: z.string(),
  /** Names of the objective's terms in the order of the formula. */
  terms: z.array(z.string()),
  /** False for closed-form variants (pca): no epochs, no curves. */
  iterative: z.boolean(),
  settings: z.array(fieldSchema),
})
export type VariantInfo = z.infer<typeof variantInfoSchema>
