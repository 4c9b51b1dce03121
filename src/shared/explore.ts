import { z } from 'zod'
import { idSchema, imagesSchema, pointsSchema } from './domain.ts'

/**
 * What can be asked of a trained network: one question, one result of the same `kind`. Everything is computed by the engine; a view draws
 * what it is given. Lists of pictures, rows, labels and numbers that belong together are in one order. Labels are class
 * indices, -1 where a row has none.
 */
const floats = z.instanceof(Float32Array)
const ints = z.instanceof(Int32Array)
const path = z.string().min(1).max(32_768)
const seed = z.int().min(0).max(2_147_483_647).default(1)
const row = z.int().min(0)

/**
 * Rows to be looked at; one of the two is there. `images`: of images as they are, made smaller where `side` asked for it; of
 * vectors of other than two values a strip of grays each. `points`: rows of two values.
 */
const picturesSchema = z.object({ images: imagesSchema.nullable(), points: pointsSchema.nullable() })
export type Pictures = z.infer<typeof picturesSchema>

/**
 * An image to begin with: a row of the run's dataset, a file (decoded as the dataset's import would), or values as the network
 * takes them.
 */
const imageRefSchema = z.union([z.strictObject({ row }), z.strictObject({ file: path }), z.strictObject({ values: floats })])
export type ImageRef = z.infer<typeof imageRefSchema>

export const corruptionKinds = ['none', 'masking', 'saltAndPepper', 'gaussian'] as const
/** `level`: probability of each pixel (masking to 0; salt and pepper evenly), or standard deviation (gaussian, not clipped). */
const corruptionSchema = z
  .strictObject({ kind: z.enum(corruptionKinds), level: z.number().min(0).max(100) })
  .refine(({ kind, level }) => kind === 'gaussian' || level <= 1, { path: ['level'], message: 'A probability is at most 1' })
export type Corruption = z.infer<typeof corruptionSchema>

/** The rows that previews show, given rows, or a part of the test split. */
const rowsSchema = z.union([
  z.strictObject({ preview: z.literal(true) }),
  z.strictObject({ rows: z.array(row).min(1).max(500) }),
  z.strictObject({ offset: z.int().min(0), count: z.int().min(1).max(500) }),
])
const metrics = z.enum(['euclidean', 'cosine']).default('euclidean')
const among = z.enum(['all', 'train', 'test']).default('all')

const question = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.strictObject({ kind: z.literal(kind), ...shape })

export const questionSchema = z.discriminatedUnion('kind', [
  question('reconstructions', {
    rows: rowsSchema.default({ preview: true }),
    corruption: corruptionSchema.default({ kind: 'none', level: 0 }),
    seed,
  }),
  /**
   * Codes in one to three dimensions: their principal components, t-SNE, UMAP, or (`units`) the code units themselves; all of a
   * split where `count` is as large. Else the same rows for every run of a dataset, chosen evenly over the classes. `side`:
   * pictures of the rows with at most that many pixels on a side; 0: none.
   */
  question('map', {
    method: z.enum(['pca', 'tsne', 'umap', 'units']).default('pca'),
    count: z.int().min(2).max(200_000).default(1000),
    seed,
    dimensions: z.int().min(1).max(3).default(2),
    split: z.enum(['all', 'train', 'test']).default('test'),
    perplexity: z.number().min(2).max(200).default(30),
    neighbours: z.int().min(2).max(200).default(15),
    side: z.int().min(0).max(64).default(0),
  }),
  question('histograms', { bins: z.int().min(2).max(200).default(40) }),
  question('neighbours', { image: imageRefSchema, count: z.int().min(1).max(100).default(12), metric: metrics, among }),
  /** Over the whole test split: how many of the nearest are of the same class. */
  question('agreement', { count: z.int().min(1).max(100).default(10), metric: metrics, among }),
  /**
   * Corrupt, encode, decode, again. Without a corruption the variant's own one, if it has any. `sampled`: goes on with a draw
   * from the decoder's distribution. Of a Boltzmann machine it is the Gibbs chain. `start`: one image for all chains, noise of
   * each, or where an earlier answer ended (its `last` and `step`).
   */
  question('chain', {
    start: z.union([
      imageRefSchema,
      z.strictObject({ rows: z.array(row).min(1).max(64) }),
      z.strictObject({ noise: z.enum(['uniform', 'gaussian']) }),
      z.strictObject({ last: floats, step: z.int().min(0) }),
    ]),
    chains: z.int().min(1).max(64).default(1),
    steps: z.int().min(1).max(10_000).default(20),
    every: z.int().min(1).max(10_000).default(1),
    corruption: corruptionSchema.optional(),
    sampled: z.boolean().default(false),
    seed,
  }),
  /** `prior`: of probabilistic networks; the others are fitted to the codes of the training split. */
  question('generate', {
    from: z.enum(['prior', 'gaussian', 'mixture']).optional(),
    components: z.int().min(1).max(50).default(10),
    count: z.int().min(1).max(400).default(64),
    sampled: z.boolean().default(false),
    seed,
  }),
  /**
   * Each unit by itself from -range to range: of a probabilistic network in the prior's deviations from 0, else in deviations of
   * the unit from the base. Without an image the base is the mean code.
   */
  question('traverse', {
    image: imageRefSchema.optional(),
    units: z.array(z.int().min(0)).min(1).max(200).optional(),
    range: z.number().positive().max(100).default(3),
    steps: z.int().min(2).max(41).default(7),
  }),
  question('interpolate', {
    from: imageRefSchema,
    to: imageRefSchema,
    path: z.enum(['linear', 'spherical']).default('linear'),
    steps: z.int().min(2).max(100).default(11),
  }),
  /** `size`: pictures along each axis; `slices`: of a code of three units. */
  question('manifold', {
    size: z.int().min(2).max(60).default(20),
    slices: z.int().min(1).max(9).default(5),
    codes: z.int().min(0).max(10_000).default(2000),
  }),
  /** `coordinates`: codes, or places on the manifold's axes, one after the other. */
  question('decode', { coordinates: floats, space: z.enum(['code', 'manifold']).default('code') }),
  /**
   * g(f(x)) - x over the plane of two-valued data, or over the plane through three images. With a corruption: the mean over
   * `draws` corrupted copies of x, minus x.
   */
  question('field', {
    through: z.array(imageRefSchema).length(3).optional(),
    size: z.int().min(2).max(60).default(21),
    corruption: corruptionSchema.default({ kind: 'none', level: 0 }),
    draws: z.int().min(1).max(200).default(20),
    paths: z.int().min(0).max(400).default(36),
    pathSteps: z.int().min(1).max(1000).default(60),
    seed,
  }),
  /**
   * Singular values and leading directions of df/dx at an image; `average`: instead the mean spectrum over so many test images
   * (directions then at the first of them).
   */
  question('tangents', {
    image: imageRefSchema.optional(),
    average: z.int().min(0).max(1000).default(0),
    count: z.int().min(1).max(64).default(8),
  }),
  /** x + t v for t from -range to range, v the leading direction of that number. */
  question('walk', {
    image: imageRefSchema,
    direction: z.int().min(0).max(4095).default(0),
    range: z.number().positive().max(1e6).default(4),
    steps: z.int().min(3).max(101).default(11),
  }),
  /**
   * Distance of codes over distance of inputs by radius, around an image or around `images` test images; and, between two
   * images, what the encoder does on the way.
   */
  question('contraction', {
    image: imageRefSchema.optional(),
    images: z.int().min(1).max(2000).default(200),
    largest: z.number().positive().max(1e6).default(8),
    between: z.array(imageRefSchema).length(2).optional(),
    steps: z.int().min(3).max(101).default(21),
    seed,
  }),
  /** Of `count` units from `offset` on: filters and the images that excite each most; figures of all of them. */
  question('units', {
    offset: z.int().min(0).default(0),
    count: z.int().min(1).max(256).default(64),
    exciting: z.int().min(0).max(24).default(9),
    bins: z.int().min(2).max(200).default(30),
  }),
  /** `random`, or a dataset of the same size by id or name. */
  question('copying', { dataset: idSchema.default('random'), count: z.int().min(1).max(100).default(16), seed }),
])
export type Question = z.infer<typeof questionSchema>
export type QuestionInput = z.input<typeof questionSchema>
export type QuestionKind = Question['kind']
export const questionKinds = questionSchema.options.map((option) => option.shape.kind.value) as [QuestionKind, ...QuestionKind[]]
export type QuestionOf<K extends QuestionKind> = Extract<Question, { kind: K }>

const neighboursSchema = z.object({
  rows: ints,
  distances: floats,
  labels: ints,
  pictures: picturesSchema,
  /** Share of them that are of the query's class; null where that is unknown. */
  sameClass: z.number().nullable(),
})
/** What a decoder's output says of pixels: taken as it is, as probabilities, or as means with this deviation. */
const distributionSchema = z.object({ kind: z.enum(['none', 'bernoulli', 'gaussian']), deviation: z.number().nullable() })
/** Codes on a manifold's axes: [count, dimensions]. */
const placedSchema = z.object({ coordinates: floats, rows: ints, labels: ints })

const result = <K extends QuestionKind, S extends z.ZodRawShape>(kind: K, shape: S) => z.object({ kind: z.literal(kind), ...shape })

export const resultSchema = z.discriminatedUnion('kind', [
  result('reconstructions', {
    rows: ints,
    labels: ints,
    originals: picturesSchema,
    corrupted: picturesSchema.nullable(),
    reconstructions: picturesSchema,
    /** x' - x; of images 0 is mid-gray and +-1 the ends. */
    difference: picturesSchema,
    /** Sum over pixels of each. */
    squaredErrors: floats,
  }),
  result('map', {
    method: z.enum(['pca', 'tsne', 'umap', 'units']),
    dimensions: z.int(),
    coordinates: floats,
    rows: ints,
    labels: ints,
    /** Images of the split that the rows are of: where there are more than rows, the others were left out. */
    of: z.int(),
    /** Of principal components: the share of the variance in each. */
    explained: z.array(z.number()).nullable(),
    pictures: picturesSchema.nullable(),
  }),
  /** `counts`: [units, bins]; bins are shared: [edges[i], edges[i + 1]), the last one closed. */
  result('histograms', { units: z.int(), images: z.int(), edges: floats, counts: ints, total: ints }),
  result('neighbours', {
    metric: z.enum(['euclidean', 'cosine']),
    row: z.int().nullable(),
    label: z.int(),
    query: picturesSchema,
    reconstruction: picturesSchema.nullable(),
    /** How a file of another size was made to fit; null otherwise. */
    fitted: z.string().nullable(),
    code: neighboursSchema,
    pixels: neighboursSchema,
  }),
  /** Shares over the test split; `chance`: what neighbours chosen at random would have. */
  result('agreement', { count: z.int(), queries: z.int(), code: z.number(), pixels: z.number(), chance: z.number() }),
  result('chain', {
    walk: z.enum(['denoising', 'gibbs']),
    corruption: corruptionSchema.nullable(),
    distribution: distributionSchema,
    /** What a step does, in a sentence. */
    sentence: z.string(),
    chains: z.int(),
    /** Steps that are shown, and their pictures: all chains of the first, then of the next. Of draws their means are shown. */
    shown: ints,
    pictures: picturesSchema,
    /** To go on from here: [chains, D]. */
    last: floats,
    step: z.int(),
  }),
  result('generate', {
    from: z.enum(['prior', 'gaussian', 'mixture']),
    sentence: z.string(),
    distribution: distributionSchema,
    codes: floats,
    pictures: picturesSchema,
  }),
  /** Pictures: all steps of the first unit, then of the next. `values`: [units, steps]. */
  result('traverse', {
    base: floats,
    basePicture: picturesSchema,
    units: ints,
    steps: z.int(),
    values: floats,
    pictures: picturesSchema,
    low: floats,
    high: floats,
  }),
  result('interpolate', {
    path: z.enum(['linear', 'spherical']),
    pictures: picturesSchema,
    codes: floats,
    /** The same way through the pixels, and the two images themselves. */
    blended: picturesSchema,
    ends: picturesSchema,
  }),
  result('manifold', {
    /**
     * `quantiles`: of the prior; `range`: from the 1st to the 99th percentile of the codes; `plane`: the same on two principal
     * components of a larger code.
     */
    place: z.enum(['quantiles', 'range', 'plane']),
    sentence: z.string(),
    dimensions: z.int(),
    /**
     * Values along each axis, the first one varying fastest in the pictures (left to right; the second one from bottom to top;
     * then slices).
     */
    axes: z.array(floats),
    pictures: picturesSchema,
    codes: placedSchema,
    /** Of these codes, those that lie farther out than the outermost pictures reach. */
    beyond: z.int(),
  }),
  result('decode', { pictures: picturesSchema }),
  result('field', {
    space: z.enum(['data', 'plane']),
    x: floats,
    y: floats,
    /** [y, x, 2], in the coordinates of the axes; `lengths` [y, x] is that of the whole vector, also of what leads out of the plane. */
    vectors: floats,
    lengths: floats,
    longest: z.number(),
    /** [paths, steps + 1, 2] */
    paths: floats,
    pathSteps: z.int(),
    /** Points of the test split with their classes, or the three images. */
    data: z.object({ coordinates: floats, rows: ints, labels: ints, pictures: picturesSchema.nullable() }),
  }),
  result('tangents', {
    image: picturesSchema,
    row: z.int().nullable(),
    label: z.int(),
    averaged: z.int(),
    singularValues: floats,
    /** ||df/dx||_F */
    norm: z.number(),
    /** Unit vectors of the input, scaled so that 0 is mid-gray; as values in `directionValues` [count, D]. */
    directions: picturesSchema,
    directionValues: floats,
  }),
  result('walk', {
    singularValue: z.number(),
    distances: floats,
    inputs: picturesSchema,
    reconstructions: picturesSchema.nullable(),
    codeDistances: floats,
  }),
  result('contraction', {
    radii: floats,
    mean: floats,
    low: floats,
    high: floats,
    images: z.int(),
    /** Along x + t (y - x): ||df/dx||_F, and how much a step in this direction is stretched. */
    between: z
      .object({ t: floats, norm: floats, along: floats, inputDistance: z.number(), codeDistance: z.number(), ends: picturesSchema })
      .nullable(),
  }),
  result('units', {
    units: z.int(),
    images: z.int(),
    /** Of every unit. `activity`: share of images in which it is farther than 0.05 from its inactive state. */
    mean: floats,
    deviation: floats,
    minimum: floats,
    maximum: floats,
    activity: floats,
    state: z.array(z.enum(['dead', 'sparse', 'active', 'alwaysOn', 'silent', 'collapsed'])),
    /** Of probabilistic networks: see the evaluation's figures of the same names. */
    posterior: z.object({ kl: floats, mean: floats, meanVariance: floats, deviation: floats, outgoing: floats }).nullable(),
    edges: floats,
    counts: ints,
    /**
     * Of the units asked for: their numbers, their filters (a column of the first kernel, or of a deeper encoder the mean
     * gradient), and most exciting images [count, exciting].
     */
    shown: ints,
    filterOf: z.enum(['kernel', 'meanGradient']),
    filters: picturesSchema,
    excitingRows: ints,
    excitingLabels: ints,
    excitingValues: floats,
    exciting: picturesSchema.nullable(),
  }),
  result('copying', {
    dataset: z.string(),
    rows: ints,
    originals: picturesSchema,
    reconstructions: picturesSchema,
    squaredErrors: floats,
    /**
     * Mean over up to 1,000 images of its own test split and of the other set: squared error, that of the set's mean image, and
     * the share of the latter that is rebuilt.
     */
    own: z.object({ squaredError: z.number(), spread: z.number(), rebuilt: z.number() }),
    other: z.object({ squaredError: z.number(), spread: z.number(), rebuilt: z.number() }),
    sentence: z.string(),
  }),
])
export type Result = z.infer<typeof resultSchema>
export type ResultOf<K extends QuestionKind> = Extract<Result, { kind: K }>

export const fileFormats = ['png', 'gif', 'csv', 'npz'] as const
export type FileFormat = (typeof fileFormats)[number]

const asked = {
  run: idSchema,
  /** A step of which there is a snapshot; without it the result of the training. */
  checkpoint: z.int().min(0).optional(),
  /** Who asks: a newer question of the same view ends this one (error CANCELLED). Progress is told under this name. */
  view: z.string().min(1).max(200).optional(),
  /** Longest side of the pictures in the answer; without it they are smaller only where the answer would be too large to send. */
  side: z.int().min(1).max(4096).optional(),
  question: questionSchema,
}
export const exploreSchema = z.strictObject(asked)
/** The answer as a file; pictures carry the run's name and settings. */
export const exploreFileSchema = z.strictObject({ ...asked, format: z.enum(fileFormats) })
/** `name`: one that says what it is. */
export const madeFileSchema = z.object({ name: z.string(), bytes: z.instanceof(Uint8Array) })

/** What a run can be asked. */
export const openedSchema = z.object({
  /** Oldest first, the result of the training last; `epoch` is null where it is not known. */
  checkpoints: z.array(z.object({ step: z.int(), epoch: z.number().nullable() })),
  /** Moments of which there are pictures and no weights: they are seen on the run's page, and cannot be looked into. Oldest first. */
  pictured: z.array(z.object({ step: z.int(), epoch: z.number() })),
  codeSize: z.int(),
  /** How many dimensions the manifold has, and whether that is a plane through a larger code. */
  manifold: z.object({ dimensions: z.int(), plane: z.boolean() }),
  probabilistic: z.boolean(),
  machine: z.boolean(),
  shows: z.enum(['images', 'points', 'strips']),
  classes: z.array(z.string()),
  /** Why a question cannot be answered, in a sentence with the remedy. */
  unavailable: z.partialRecord(z.enum(questionKinds), z.string()),
})
export type Opened = z.infer<typeof openedSchema>
