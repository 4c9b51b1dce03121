import { z } from 'zod'
import { imagesSchema } from './domain.ts'
import { corruptionSchema, floats, ints, picturesSchema, type QuestionKind } from './questions.ts'

/** What a trained network's answers hold, one kind for each kind of question. */

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

/** An encoder's convolution: `conv0`, its filters, the size of their maps, and how many pixels a place of a map reads. */
const convolutionShape = {
  name: z.string(),
  filters: z.int(),
  width: z.int(),
  height: z.int(),
  field: z.object({ width: z.int(), height: z.int() }),
}

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
    /** What was asked for and could not be had of so few codes, in a sentence. */
    note: z.string().nullable().default(null),
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
  result('featureMaps', {
    image: picturesSchema,
    row: z.int().nullable(),
    label: z.int(),
    /** How a file of another size was made to fit; null otherwise. */
    fitted: z.string().nullable(),
    /** Test images over which a map that never changes counts as dead, and how many there are. */
    images: z.int(),
    of: z.int(),
    /** The encoder's convolutions in order. */
    layers: z.array(
      z.object({
        ...convolutionShape,
        /** Of the first maps, which are shown: activations [maps, height, width]; `dead`: 1 or 0 of every map of the layer. */
        activations: floats,
        dead: ints,
        /** The same as pictures; all maps of the layer have one scale, from `low` (black) to `high` (white). */
        maps: imagesSchema,
        low: z.number(),
        high: z.number(),
      }),
    ),
  }),
  result('filters', {
    layers: z.array(z.object(convolutionShape)),
    layer: z.int(),
    /** Test images that were looked through, and how many there are. */
    images: z.int(),
    of: z.int(),
    /** Of every filter: its smallest and largest activation in these images; `dead`: 1 where the two are the same. */
    minimum: floats,
    maximum: floats,
    dead: ints,
    /** Of the filters asked for: their numbers; of the first convolution their weights, 0 as mid-gray. */
    shown: ints,
    kernels: imagesSchema.nullable(),
    /**
     * [shown, exciting]: the images with the largest activations anywhere in the map, how large, and where: `boxes` [.., 4] left,
     * top, width and height in pixels of what that place of the map reads, which may reach beyond the image.
     */
    excitingRows: ints,
    excitingLabels: ints,
    excitingValues: floats,
    boxes: ints,
    /** What is in the boxes, gray beyond the image; of a box as large as the image the whole image. */
    patches: imagesSchema.nullable(),
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
