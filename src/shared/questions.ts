import { z } from 'zod'
import { mostConvolutions } from './convolutions.ts'
import { idSchema, imagesSchema, pointsSchema } from './domain.ts'

/**
 * What can be asked of a trained network: one question, one result of the same `kind`. Everything is computed by the engine; a view draws
 * what it is given. Lists of pictures, rows, labels and numbers that belong together are in one order. Labels are class
 * indices, -1 where a row has none.
 */
export const floats = z.instanceof(Float32Array)
export const ints = z.instanceof(Int32Array)
const seed = z.int().min(0).max(2_147_483_647).default(1)
const row = z.int().min(0)
/** Test images of which activations are read, one of each class in turn where there are more. */
const sampledImages = z.int().min(1).max(10_000).default(1000)

/**
 * Rows to be looked at; one of the two is there. `images`: of images as they are, made smaller where `side` asked for it; of
 * vectors of other than two values a strip of grays each. `points`: rows of two values.
 */
export const picturesSchema = z.object({ images: imagesSchema.nullable(), points: pointsSchema.nullable() })
export type Pictures = z.infer<typeof picturesSchema>

/**
 * An image to begin with: a row of the run's dataset, a file (decoded as the dataset's import would), or values as the network
 * takes them.
 */
const imageRefSchema = z.union([
  z.strictObject({ row }),
  z.strictObject({ file: z.string().min(1).max(32_768) }),
  z.strictObject({ values: floats }),
])
export type ImageRef = z.infer<typeof imageRefSchema>

export const corruptionKinds = ['none', 'masking', 'saltAndPepper', 'gaussian'] as const
/** `level`: probability of each pixel (masking to 0; salt and pepper evenly), or standard deviation (gaussian, not clipped). */
export const corruptionSchema = z
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
  /** `prior`: of networks whose codes are trained to follow one; the others are fitted to the codes of the training split. */
  question('generate', {
    from: z.enum(['prior', 'gaussian', 'mixture']).optional(),
    components: z.int().min(1).max(50).default(10),
    count: z.int().min(1).max(400).default(64),
    sampled: z.boolean().default(false),
    seed,
  }),
  /**
   * Each unit by itself from -range to range: of a network with a prior in its deviations from 0, else in deviations of
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
  /** What an image becomes after each convolution: the first `maps` feature maps of each. `images`: as for `filters`. */
  question('featureMaps', {
    image: imageRefSchema.optional(),
    maps: z.int().min(1).max(256).default(32),
    images: sampledImages,
  }),
  /**
   * Of `count` filters of a convolution (the first one is 0) from `offset` on: the patches of test images that excite each most,
   * among a sample of `images` of them.
   */
  question('filters', {
    layer: z
      .int()
      .min(0)
      .max(mostConvolutions - 1)
      .default(0),
    offset: z.int().min(0).default(0),
    count: z.int().min(1).max(256).default(24),
    exciting: z.int().min(0).max(24).default(9),
    images: sampledImages,
  }),
  /** `random`, or a dataset of the same size by id or name. */
  question('copying', { dataset: idSchema.default('random'), count: z.int().min(1).max(100).default(16), seed }),
])
export type Question = z.infer<typeof questionSchema>
export type QuestionInput = z.input<typeof questionSchema>
export type QuestionKind = Question['kind']
export const questionKinds = questionSchema.options.map((option) => option.shape.kind.value) as [QuestionKind, ...QuestionKind[]]
export type QuestionOf<K extends QuestionKind> = Extract<Question, { kind: K }>
