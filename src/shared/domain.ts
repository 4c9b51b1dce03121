import { z } from 'zod'
import { configSchema } from './config.ts'
import { errorCodes } from './errors.ts'

/** Words of the domain, once. Times are ISO 8601 strings in UTC; durations are seconds; binary is Uint8Array or Float32Array. */

export const idSchema = z.string().min(1).max(200)
export const nameSchema = z.string().trim().min(1).max(200)
const bytes = z.instanceof(Uint8Array)
export const errorInfoSchema = z.object({ code: z.enum(errorCodes), message: z.string(), field: z.string().optional() })

export const fits = ['crop', 'pad', 'stretch'] as const
/** The parts of a dataset. */
export const splits = ['train', 'validation', 'test'] as const
export type Split = (typeof splits)[number]

export const datasetNoteSchema = z.object({ code: z.string(), message: z.string() })
export type DatasetNote = z.infer<typeof datasetNoteSchema>

export const datasetSchema = z.object({
  id: idSchema,
  name: nameSchema,
  /** `image`: uint8 pixels of [height, width, channels]; `vector`: float32 rows of `width` values (height 1, channels 1). */
  kind: z.enum(['image', 'vector']),
  count: z.int(),
  testCount: z.int(),
  /** Images of the validation part that the source brought; 0: each run's seed draws its own. */
  validationCount: z.int().default(0),
  width: z.int(),
  height: z.int(),
  channels: z.int(),
  /** Class names by label index; empty without labels. */
  classes: z.array(z.string()),
  /** Images per class, same order as `classes`. */
  classCounts: z.array(z.int()),
  /** Over the packed pixels, labels and split: equal content has equal fingerprints. */
  sha256: z.string(),
  /** Where it came from, as given. */
  source: z.string(),
  /** How images of other sizes were made to fit. */
  fit: z.enum(fits),
  /** Identical images (same pixels) beyond the first of each, and how many were moved so that none is on both sides of the split. */
  duplicates: z.int(),
  movedToOneSide: z.int(),
  skippedCount: z.int(),
  /** What the import guessed, dropped, scaled or found, for people; codes are stable. */
  notes: z.array(datasetNoteSchema).default([]),
  bytes: z.number(),
  createdAt: z.string(),
})
export type Dataset = z.infer<typeof datasetSchema>

export const skippedSchema = z.object({ path: z.string(), reason: z.string() })
export type Skipped = z.infer<typeof skippedSchema>

/**
 * `submitted`: it was sent to another place and has said nothing yet; `unknown`: it is elsewhere, and nobody can tell what became of
 * it. Neither is of a run that trains on this machine.
 */
export const runStates = [
  'queued',
  'submitted',
  'running',
  'paused',
  'interrupted',
  'unknown',
  'completed',
  'diverged',
  'failed',
  'cancelled',
] as const
export type RunState = (typeof runStates)[number]

const figure = z.number().nullable()
/** Evaluations that were stored before it existed have none. */
const newFigure = figure.default(null)
/** Measured on the test split; null where a figure has no meaning. Names are fixed. */
export const evaluationSchema = z.object({
  version: z.int(),
  /** The weights that were evaluated. */
  checkpoint: z.enum(['best', 'last']),
  /** Where in the training these were. */
  checkpointStep: newFigure,
  checkpointEpoch: newFigure,
  squaredError: figure,
  /** Of images: divided by the number of their values. */
  squaredErrorPerValue: newFigure,
  crossEntropy: figure,
  psnr: figure,
  /** Structural similarity of images and their reconstructions, mean over them (Wang et al. 2004). */
  ssim: newFigure,
  /** Why images have no `ssim`: they are smaller than its window. Null where they have one, and for vectors. */
  withoutSsim: z.enum(['smallImages']).nullable().default(null),
  linearProbeAccuracy: figure,
  knnAccuracy: figure,
  /** Of the softmax layer of a network that was fine-tuned for classification; such a network has no reconstructions. */
  classificationAccuracy: newFigure,
  /** Mean ||df/dx||_F over the first 1,000 test images. */
  jacobianNorm: newFigure,
  /**
   * Distance of codes over distance of inputs by the radius around test images, and ||df/dx||_F half way between random pairs of
   * them.
   */
  contractionRatio: z
    .object({ radius: z.record(z.string(), figure), midpointJacobianNorm: figure })
    .nullable()
    .default(null),
  /** Share of code activations within 0.05 of the ends of a bounded range. */
  saturation: newFigure,
  /** Share of pre-activations in [-1, 1], among the encoder's units that have a nonlinearity. */
  linearShare: newFigure,
  meanActivation: newFigure,
  /** Of the code's distance from the inactive state (0, for tanh without a gate -1). */
  hoyerSparsity: newFigure,
  /** For every code unit the share of test images in which it is active. */
  unitActivity: z.array(z.number()).nullable().default(null),
  /** p(x|z) of a probabilistic network; null for others, as are the figures that follow. */
  likelihood: z.enum(['gaussian', 'sharedGaussian', 'fixedGaussian', 'bernoulli']).nullable().default(null),
  /** Nats, mean over test images. */
  elbo: newFigure,
  /** Standard error of `elbo` that its draws of the code leave, and how many draws of each image there were. */
  elboError: newFigure,
  elboDraws: newFigure,
  kl: newFigure,
  klPerUnit: z.array(z.number()).nullable().default(null),
  /** Code units whose mean varies by more than 0.01 over the images. */
  activeUnits: newFigure,
  /**
   * Code units that tell nothing and are not read, with what is known of every unit: mean and variance over the images of the
   * posterior's mean, its mean deviation, norm of the weights that read it.
   */
  collapse: z
    .object({
      units: z.array(z.int()),
      mean: z.array(z.number()),
      meanVariance: z.array(z.number()),
      deviation: z.array(z.number()),
      outgoing: z.array(z.number()),
    })
    .nullable()
    .default(null),
  /** Importance-sampled: 1,000 images, 100 draws each. */
  logLikelihood: newFigure,
  /** Squared error against the clean image with the corruption at the input that the network was trained with; null where it had none. */
  corruptedSquaredError: newFigure,
  /** Means over all values of the images, and of their reconstructions: from clean inputs, and from those corrupted as in training. */
  brightness: z.object({ input: z.number(), clean: z.number(), corrupted: figure }).nullable().default(null),
  /** Squared error of the mean of the run's training images in the place of every reconstruction: what one picture for all comes to. */
  meanImageSquaredError: newFigure,
  /** Variance of the reconstructions over the test images by that of these: 0 where all get the same picture. */
  reconstructionVariance: newFigure,
  /** Squared error against the clean image, input with masking or Gaussian noise. */
  robustness: z
    .object({
      masking: z.record(z.string(), figure),
      gaussian: z.record(z.string(), figure),
    })
    .nullable(),
  seconds: z.number(),
})
export type Evaluation = z.infer<typeof evaluationSchema>

export const progressSchema = z.object({
  done: z.number(),
  total: z.number(),
  /** Plural noun of what is counted: `images`, `steps`, `bytes`. */
  unit: z.string(),
  perSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** What is being done, e.g. `Training`, `Evaluating`, `Decoding`. */
  stage: z.string(),
})
export type Progress = z.infer<typeof progressSchema>

/** One part of a run's training, with a network and an objective of its own. A run without pretraining has one. */
export const stageSchema = z.object({
  /** `layer`: one layer by itself; the others: the whole network, for its reconstructions or for the classes. */
  kind: z.enum(['layer', 'reconstruction', 'classification']),
  title: z.string(),
  /** Index of the encoder's layer, from 0; null for the whole network. */
  layer: z.int().nullable(),
  /** Whose objective it is. */
  variant: z.string(),
  /**
   * What the keys of its series begin with: `pretraining/0/` for the first layer (`pretraining/0/train/loss`), nothing for the
   * whole network.
   */
  prefix: z.string(),
  /** Steps and epochs count on over all stages. */
  startStep: z.int(),
  steps: z.int(),
  startEpoch: z.number(),
  epochs: z.int(),
})
export type Stage = z.infer<typeof stageSchema>

export const presetRefSchema = z.object({ id: idSchema, form: z.enum(['quick', 'paper']), run: idSchema })
export const originSchema = z.object({
  /** `weights`: it began with those of a file, or is the network of one. */
  kind: z.enum(['pruned', 'weights']),
  /** What it was made from: the run, or the SHA-256 of the file. */
  run: idSchema,
  /** Code units of that run that this one lacks. */
  removed: z.array(z.int()),
  /** The bound of that run, measured as this one's is; nats. */
  elbo: z.number().nullable().default(null),
  /** The file of weights, where it lay. */
  file: z.string().optional(),
  /** Whether it was trained here nevertheless. */
  trained: z.boolean().optional(),
})

export const tagSchema = z.string().trim().min(1).max(100)

export const runSchema = z.object({
  id: idSchema,
  name: nameSchema,
  datasetId: idSchema,
  /** Name of the dataset. */
  dataset: z.string(),
  variant: z.string(),
  seed: z.int(),
  config: configSchema,
  state: z.enum(runStates),
  /** Index into the palette of run colours, given at creation: a run has one colour everywhere. */
  colour: z.int(),
  epoch: z.number(),
  epochs: z.int(),
  step: z.int(),
  steps: z.int(),
  /** Its training in order; empty where nothing is trained step by step. */
  stages: z.array(stageSchema),
  /** The preset that it was made from (which of its runs, by id), or null. */
  preset: presetRefSchema.nullable(),
  /** What it was made from, if it was not trained itself. */
  origin: originSchema.nullable(),
  parameters: z.int(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** Seconds of training, pauses excluded. */
  seconds: z.number(),
  stepsPerSecond: z.number().nullable(),
  threads: z.int().nullable(),
  /** Where it is trained: the name of a place; null on this machine. */
  place: nameSchema.nullable().default(null),
  /** The kind of processor that trained it; null where that is not known. Results are equal bit for bit on one kind only. */
  processor: z.string().nullable().default(null),
  /** Live while running; null otherwise. */
  progress: progressSchema.nullable(),
  /** Latest value of each series, e.g. `validation/loss`. */
  latest: z.record(z.string(), z.number().nullable()),
  evaluation: evaluationSchema.nullable(),
  error: errorInfoSchema.nullable(),
  /** The experiment that made it, and which of its cells it belongs to. */
  experiment: z.object({ id: idSchema, cell: z.int() }).nullable(),
  /** The user's own: words to group and find it by, and remarks. */
  tags: z.array(tagSchema),
  notes: z.string(),
  /** Out of the way: lists leave it out unless asked. */
  archived: z.boolean(),
  /** What its files occupy; null until that was counted. */
  bytes: z.number().nullable(),
  /** A newer version of the workbench wrote it, and this one does not wholly understand it: it is shown, and otherwise left as it is. */
  newer: z.literal(true).optional(),
})
export type Run = z.infer<typeof runSchema>

/**
 * A series in columns. Keys: `train/TERM` and `validation/TERM`, TERM being `loss`, a term's name or what a variant watches
 * beside them (`validation/klPerUnit/3`: with an index where it has one for each unit); `gradient/LAYER`, `updateRatio/LAYER`.
 * Those of a layer's pretraining begin with their stage's prefix. `validation/squaredError`: of clean inputs, with nothing
 * drawn, also before the first step; of every network that reconstructs (of a layer: its own inputs), and the one point of a
 * variant that is computed in closed form. `validation/deadUnits`: units of the encoder, filters among them, that are active in
 * hardly any validation image (see activity.ts), counted at the same moments.
 * After pretraining: `stack/squaredError`, `stack/jacobianNorm`, `stack/saturation` (one
 * point for each pretrained layer, of the stack up to it), `weightChange/LAYER` (how far fine-tuning moved its kernel,
 * relative), `gradientUnpretrained/LAYER` (one point: the same network's gradient norms from its initial weights).
 */
export const seriesSchema = z.object({
  key: z.string(),
  step: z.instanceof(Float64Array),
  epoch: z.instanceof(Float64Array),
  seconds: z.instanceof(Float64Array),
  value: z.instanceof(Float64Array),
})
export type Series = z.infer<typeof seriesSchema>

/** Equal-sized images, packed uint8 [count, height, width, channels]. */
export const imagesSchema = z.object({ count: z.int(), width: z.int(), height: z.int(), channels: z.int(), pixels: bytes })
export type Images = z.infer<typeof imagesSchema>

/** Points of the plane: values [count, 2]. */
export const pointsSchema = z.object({ count: z.int(), values: z.instanceof(Float32Array) })
export type Points = z.infer<typeof pointsSchema>

/**
 * What a run looked like at one moment of its training, on the dataset's fixed preview rows (the same for every run): images, or for
 * rows of two values points.
 */
export const previewSchema = z.object({
  step: z.int(),
  epoch: z.number(),
  reconstructions: imagesSchema.nullable(),
  /** The corrupted inputs and their reconstructions, for variants that corrupt; else null. */
  corrupted: imagesSchema.nullable(),
  denoised: imagesSchema.nullable(),
  /** Columns of the first encoder kernel (at most 64) as images, each scaled so that 0 is mid-gray; null for vector data. */
  filters: imagesSchema.nullable(),
  /** For rows of two values only; in the order of the preview's rows. */
  points: z
    .object({ reconstructions: pointsSchema, corrupted: pointsSchema.nullable(), denoised: pointsSchema.nullable() })
    .optional(),
  /** What was made of the rows minus the rows, 0 as mid-gray. Not stored: an answer has them. */
  differences: z.object({ reconstructions: imagesSchema.nullable(), denoised: imagesSchema.nullable() }).optional(),
})
export type Preview = z.infer<typeof previewSchema>

export const taskSchema = z.object({
  id: idSchema,
  kind: z.enum([
    'import',
    'export',
    'evaluate',
    'prune',
    'estimate',
    'pack',
    'unpack',
    'send',
    'collect',
    'check',
    'embed',
    'thin',
  ]),
  title: z.string(),
  /** `running` until it is over, also while it waits. */
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** Whether it waits for its turn; its progress says how many come first. */
  waits: z.boolean().default(false),
  progress: progressSchema.nullable(),
  /**
   * Id of what it made: a dataset, an export (of an experiment: their folder), an embedding, a pruned run, an unpacked
   * experiment; or of the run that it evaluated, the experiment that it packed, the dataset that it measured on. Of thinning
   * out: the freed bytes.
   */
  result: z.string().nullable(),
  error: errorInfoSchema.nullable(),
  startedAt: z.string(),
})
export type Task = z.infer<typeof taskSchema>

export const parts = ['encoder', 'decoder', 'autoencoder', 'classifier'] as const
const tensorInfoSchema = z.object({ name: z.string(), type: z.string(), shape: z.array(z.union([z.int(), z.string()])) })
export const exportSchema = z.object({
  id: idSchema,
  runId: idSchema,
  runName: z.string(),
  part: z.enum(parts),
  input: z.enum(['pixels', 'raw']),
  precision: z.enum(['float32', 'float16', 'int8']),
  /** Its path; the name alone where a browser downloaded it. */
  file: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  opset: z.int(),
  /** Largest absolute difference between onnxruntime and the trained network on test images. */
  maxAbsDiff: z.number(),
  /** Of a file of less than float32 precision: what it costs. */
  reduction: z
    .object({
      /** Size of the same file in float32. */
      float32Bytes: z.number(),
      /** Root mean square of the differences of the output (of an encoder: the code) over that of its own deviations from the mean. */
      relativeDifference: z.number(),
      /**
       * What was measured of both: of an encoder the linear probe's accuracy, of a classifier its own. Null where there are no
       * labels, and for other parts.
       */
      figure: z.enum(['linearProbeAccuracy', 'classificationAccuracy']).nullable(),
      float32: z.number().nullable(),
      reduced: z.number().nullable(),
    })
    .nullable()
    .default(null),
  inputs: z.array(tensorInfoSchema),
  outputs: z.array(tensorInfoSchema),
  createdAt: z.string(),
})
export type Export = z.infer<typeof exportSchema>
