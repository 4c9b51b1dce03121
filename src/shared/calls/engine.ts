import { z } from 'zod'
import { settingsSchema, variantInfoSchema } from '../config.ts'
import { figureInfoSchema } from '../figures.ts'
import { idSchema, taskSchema } from '../domain.ts'
import { recoveredSchema } from '../experiments.ts'
import { outcomeSchema, presetSchema } from '../presets.ts'
import { recoverySchema } from '../recovery.ts'
import { call, none, path, runRef } from './call.ts'
import { shapeSchema } from '../shape.ts'

/**
 * Of files that are wanted instead of those that can be imported, e.g. `.onnx`, in lower case: folders are offered, and files of any of
 * these; '' stands for any file, an empty list for folders alone.
 */
const endingsSchema = z
  .array(
    z
      .string()
      .regex(/^((\.[a-z0-9]+)+)?$/)
      .max(40),
  )
  .max(40)

export const engineCalls = {
  'engine.status': call(
    none,
    z.object({
      version: z.string(),
      home: z.string(),
      node: z.string(),
      cores: z.int(),
      trainers: z.int(),
      folderDialog: z.boolean(),
      /** What a recovery did that was asked for before this start; null where there was none. */
      recovery: recoverySchema.nullable(),
    }),
  ),
  /**
   * What the start removed that an earlier engine left half done, and that in a sentence: told once, to whoever asks first; null
   * where there is nothing to tell.
   */
  'engine.recovered': call(none, z.object({ recovered: recoveredSchema.extend({ sentence: z.string() }).nullable() })),

  'variants.list': call(none, z.object({ variants: z.array(variantInfoSchema) })),
  /** What each figure of an evaluation is called, means and is read by. */
  'figures.list': call(none, z.object({ figures: z.array(figureInfoSchema) })),
  'presets.list': call(none, z.object({ presets: z.array(presetSchema) })),
  /** Imports the data that a preset needs. */
  'presets.import': call(z.strictObject({ preset: idSchema }), z.object({ task: taskSchema })),
  /** What a run that was made from a preset came to beside what was published; null for other runs. */
  'presets.outcome': call(runRef, z.object({ outcome: outcomeSchema.nullable() })),

  /** Completes a typed path: folders first, then files that can be imported. */
  'paths.complete': call(
    z.strictObject({
      prefix: z.string().max(32_768),
      endings: endingsSchema.optional(),
    }),
    z.object({ paths: z.array(z.string()) }),
  ),
  /** What lies in a folder of this machine, to choose from; an empty path is the user's own. */
  'paths.list': call(
    z.strictObject({ folder: z.string().max(32_768), endings: endingsSchema.optional() }),
    z.object({
      folder: z.string(),
      parent: z.string().nullable(),
      entries: z.array(z.object({ name: z.string(), path: z.string(), folder: z.boolean() })),
      /** Folders and such files beyond those entries. */
      more: z.int(),
    }),
  ),

  'tasks.list': call(none, z.object({ tasks: z.array(taskSchema) })),
  'tasks.show': call(z.strictObject({ task: idSchema }), z.object({ task: taskSchema })),
  'tasks.cancel': call(z.strictObject({ task: idSchema }), z.object({ task: taskSchema })),

  /** Loss and gradients at given weights, of rows that are images of a shape, or vectors; see the command line's `objective`. */
  objective: call(
    z.strictObject({ variant: idSchema, settings: settingsSchema.default({}), shape: shapeSchema.optional(), in: path, out: path }),
    z.object({ loss: z.number(), terms: z.record(z.string(), z.number()) }),
  ),
}
