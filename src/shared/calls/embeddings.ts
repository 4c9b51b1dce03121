import { z } from 'zod'
import { resultSchema } from '../answers.ts'
import { idSchema, taskSchema } from '../domain.ts'
import {
  codeRowSchema,
  embedInputSchema,
  embeddingFormats,
  embeddingQuestionSchema,
  embeddingSchema,
  encoderChoiceSchema,
  encoderSchema,
} from '../embeddings.ts'
import { call, none, path, runRef } from './call.ts'

export const embeddingCalls = {
  /** What an ONNX file takes and gives as an encoder, and the datasets (by id) that it can be given; nothing of it is run. */
  'encoders.inspect': call(encoderChoiceSchema, z.object({ encoder: encoderSchema, datasets: z.array(z.string()) })),
  /** The datasets (by id) that a run's encoder can be given, and the one it was trained on. */
  'encoders.datasets': call(runRef, z.object({ own: z.string(), datasets: z.array(z.string()) })),
  /** Encodes the images of a folder or a dataset; the task's result is the embedding's id. */
  'embeddings.create': call(embedInputSchema, z.object({ task: taskSchema })),
  /** Newest first. */
  'embeddings.list': call(none, z.object({ embeddings: z.array(embeddingSchema) })),
  /**
   * Figures of a dataset's codes, of its runs and kept ones: all of these, and as many of the best runs as `runs` says; the best
   * linear probe first.
   */
  'embeddings.beside': call(
    z.strictObject({ dataset: idSchema, runs: z.int().min(0).max(1000).default(20) }),
    z.object({ rows: z.array(codeRowSchema), total: z.int() }),
  ),
  /** As `explore`, of kept codes of a dataset. */
  'embeddings.explore': call(embeddingQuestionSchema, z.object({ result: resultSchema })),
  /** Forgets them; a file that was written stays. */
  'embeddings.remove': call(z.strictObject({ embedding: idSchema }), none),
  /** A path that does not exist yet, in the user's documents folder, for the form. */
  'embeddings.suggest': call(
    z.strictObject({
      encoder: z.union([z.strictObject({ run: idSchema }), z.strictObject({ model: path })]),
      format: z.enum(embeddingFormats),
    }),
    z.object({ file: z.string() }),
  ),
}
