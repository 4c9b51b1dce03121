import { z } from 'zod'
import { exportSchema, idSchema, parts, taskSchema } from '../domain.ts'
import { call, none, path } from './call.ts'

const exportInputSchema = z.strictObject({
  run: idSchema,
  part: z.enum(parts),
  out: path,
  input: z.enum(['pixels', 'raw']).default('pixels'),
  precision: z.enum(['float32', 'float16', 'int8']).default('float32'),
  force: z.boolean().default(false),
})

export const exportCalls = {
  'exports.create': call(exportInputSchema, z.object({ task: taskSchema })),
  /**
   * A part of every completed run of an experiment, with an index (`index.json`, `index.csv`), in one folder; the task's result
   * is its path.
   */
  'exports.many': call(exportInputSchema.omit({ run: true }).extend({ experiment: idSchema }), z.object({ task: taskSchema })),
  /** What the index in such a folder says: how many files there are, and which runs could not be exported, and why. */
  'exports.index': call(
    z.strictObject({ folder: path }),
    z.object({
      files: z.int(),
      failed: z.array(z.object({ run: z.string(), name: z.string(), code: z.string(), message: z.string() })),
    }),
  ),
  'exports.list': call(none, z.object({ exports: z.array(exportSchema) })),
  /** A path that does not exist yet, in the user's documents folder, for the form. */
  'exports.suggest': call(
    z.strictObject({ run: idSchema, part: z.enum(parts), precision: z.enum(['float32', 'float16', 'int8']).default('float32') }),
    z.object({ file: z.string() }),
  ),
  /** The same for all runs of an experiment: a folder that does not exist yet. */
  'exports.suggestFolder': call(
    z.strictObject({
      experiment: idSchema,
      part: z.enum(parts),
      precision: z.enum(['float32', 'float16', 'int8']).default('float32'),
    }),
    z.object({ folder: z.string() }),
  ),
  /** Programs that run an exported file on images, as they can be copied. */
  'exports.snippets': call(z.strictObject({ export: idSchema }), z.object({ python: z.string(), node: z.string() })),
  /** A program that makes a run's checkpoint, the file, a module of PyTorch; of any run that has one, exported or not. */
  'exports.loader': call(z.strictObject({ run: idSchema }), z.object({ torch: z.string(), file: z.string() })),
}
