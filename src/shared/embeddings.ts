import { z } from 'zod'
import { questionSchema, type Question } from './questions.ts'
import { fits, idSchema, nameSchema, skippedSchema } from './domain.ts'

/** Encoders that are ONNX files, and the codes that encoders gave of images. */
const path = z.string().min(1).max(32_768)

/**
 * What an encoder wants its pixels to be: bytes from 0 to 255, reals from 0 to 1 or from -1 to 1, or standardised by ImageNet's
 * channel means and deviations.
 */
export const pixelScales = ['bytes', 'unit', 'signed', 'imagenet'] as const
export type PixelScale = (typeof pixelScales)[number]

/** Figures that are measured of codes, as of a run's. */
export const codeFigures = ['linearProbeAccuracy', 'knnAccuracy'] as const

/** What an ONNX file takes and gives, as an encoder. */
export const encoderSchema = z.object({
  /** Of ours: written by this workbench. */
  own: z.boolean(),
  producer: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  opset: z.int(),
  input: z.object({
    name: z.string(),
    type: z.enum(['uint8', 'float32']),
    /** `rows`: vectors that are no images. */
    kind: z.enum(['image', 'rows']),
    /** `ND`: images as flat rows, row by row, channels last. */
    layout: z.enum(['NHWC', 'NCHW', 'NHW', 'ND']),
    /** Of rows: width is their length, the others 1. */
    width: z.int(),
    height: z.int(),
    channels: z.union([z.literal(1), z.literal(3)]),
    /** Fixed number of images at a time; null for any number. */
    batch: z.int().nullable(),
    scale: z.enum(pixelScales),
    /** The file does not say how pixels are to be scaled, and nobody else did. */
    scaleAssumed: z.boolean(),
    bgr: z.boolean(),
    /** How images of other sizes are made to fit. */
    fit: z.enum(fits),
  }),
  /** The output that is taken for the code, and all that could be. */
  output: z.string(),
  outputs: z.array(z.string()),
  /** Values of a code; null where the file does not say. */
  codeSize: z.int().nullable(),
  metadata: z.record(z.string(), z.string()),
})
export type Encoder = z.infer<typeof encoderSchema>

/** An ONNX file, and what it does not say of itself. */
export const encoderChoiceSchema = z.strictObject({
  model: path,
  output: z.string().min(1).optional(),
  scale: z.enum(pixelScales).optional(),
  fit: z.enum(fits).optional(),
})
export type EncoderChoice = z.infer<typeof encoderChoiceSchema>

export const embeddingFormats = ['npz', 'csv', 'parquet'] as const

export const embedInputSchema = z.strictObject({
  /** A run by id or name, or an ONNX file. */
  encoder: z.union([z.strictObject({ run: idSchema }), encoderChoiceSchema]),
  /** A folder of images, or a dataset by id or name. */
  data: z.union([z.strictObject({ folder: path }), z.strictObject({ dataset: idSchema })]),
  /** `.npz`, `.csv` or `.parquet`; needed for a folder. The codes of a dataset are also kept, to be looked at beside those of runs. */
  out: path.optional(),
  force: z.boolean().default(false),
  /** CSV with a byte order mark, by which some spreadsheets know UTF-8. */
  bom: z.boolean().default(false),
  name: nameSchema.optional(),
})

export const embeddingSchema = z.object({
  id: idSchema,
  name: nameSchema,
  /** The run that was the encoder, or the ONNX file; both null when the run is gone. */
  run: z.string().nullable(),
  runName: z.string().nullable(),
  model: z.string().nullable(),
  modelSha256: z.string(),
  /** Of the codes of a dataset; else null. */
  datasetId: z.string().nullable(),
  dataset: z.string().nullable(),
  folder: z.string().nullable(),
  output: z.string(),
  count: z.int(),
  codeSize: z.int(),
  skipped: z.array(skippedSchema),
  /** Where the codes were written, if they were (the name alone where a browser downloaded the file); its size. */
  file: z.string().nullable(),
  bytes: z.number().nullable(),
  /** Measured as a run's evaluation is; null without labels, and for folders. */
  linearProbeAccuracy: z.number().nullable(),
  knnAccuracy: z.number().nullable(),
  seconds: z.number(),
  createdAt: z.string(),
})
export type Embedding = z.infer<typeof embeddingSchema>

/** What can be asked of codes alone: the questions that can be asked of a run, of which these need no network. */
const codeQuestions: readonly Question['kind'][] = ['map', 'neighbours']
export const embeddingQuestionSchema = z.strictObject({
  embedding: idSchema,
  question: questionSchema.refine(({ kind }) => codeQuestions.includes(kind), {
    message: `Of codes alone one can ask ${codeQuestions.join(', ')}`,
  }),
  /** As of a run: longest side of the pictures in the answer. */
  side: z.int().min(1).max(4096).optional(),
})

/** Codes of one dataset side by side, those of runs and kept ones. */
export const codeRowSchema = z.object({
  kind: z.enum(['run', 'embedding']),
  id: idSchema,
  name: z.string(),
  /** Of a run: index into the palette. */
  colour: z.int().nullable(),
  codeSize: z.int(),
  linearProbeAccuracy: z.number().nullable(),
  knnAccuracy: z.number().nullable(),
})
export type CodeRow = z.infer<typeof codeRowSchema>
