import { z } from 'zod'
import { idSchema } from './domain.ts'
import { questionKinds, questionSchema } from './questions.ts'

/** How a trained network is looked into: what it can be asked, and the calls that ask. */

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
export const exploreFileSchema = z.strictObject({
  ...asked,
  format: z.enum(fileFormats),
  /** CSV with a byte order mark, by which some spreadsheets know UTF-8. */
  bom: z.boolean().default(false),
})
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
  /** Whether the decoder's output is a distribution; and whether codes were trained to follow one, and can be drawn from it. */
  probabilistic: z.boolean(),
  prior: z.boolean(),
  machine: z.boolean(),
  shows: z.enum(['images', 'points', 'strips']),
  classes: z.array(z.string()),
  /** Why a question cannot be answered, in a sentence with the remedy. */
  unavailable: z.partialRecord(z.enum(questionKinds), z.string()),
})
export type Opened = z.infer<typeof openedSchema>
