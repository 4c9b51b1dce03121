import { z } from 'zod'
import { errorInfoSchema, idSchema, nameSchema, taskSchema } from '../domain.ts'
import {
  experimentSchema,
  experimentSummarySchema,
  planCheckSchema,
  planSchema,
  planTemplateSchema,
  queueSchema,
  queueSettingsSchema,
} from '../experiments.ts'
import { call, none, path } from './call.ts'

/** An experiment by id, unambiguous beginning of its id, or name. */
const experimentRef = z.strictObject({ experiment: idSchema })
const summary = z.object({ experiment: experimentSummarySchema })

const collectedSchema = z.object({
  /** Null where single runs were sent. */
  experiment: idSchema.nullable(),
  /** Runs of the folder; those of them that are known here, and those of which there was something new. */
  runs: z.int(),
  known: z.int(),
  heard: z.int(),
  /** What could not be taken over this time, each with why; the first hundred of so many. */
  problems: z.array(z.object({ run: idSchema, error: errorInfoSchema })),
  problemCount: z.int(),
})
export type Collected = z.infer<typeof collectedSchema>

export const experimentCalls = {
  /** What a plan comes to, without doing anything: at once, with what is known of times. */
  'experiments.check': call(z.strictObject({ plan: planSchema }), z.object({ check: planCheckSchema })),
  /** Measures the steps of a plan whose times are not known, a few seconds each; afterwards `experiments.check` knows them. */
  'experiments.estimate': call(z.strictObject({ plan: planSchema }), z.object({ task: taskSchema })),
  /** What a file of a plan holds; whether it can be carried out `experiments.check` says. */
  'experiments.read': call(z.strictObject({ file: path }), z.object({ plan: z.record(z.string(), z.unknown()) })),
  /** Plans to begin with, made to fit a dataset where one is given. */
  'experiments.templates': call(
    z.strictObject({ dataset: idSchema.optional() }),
    z.object({ templates: z.array(planTemplateSchema) }),
  ),
  /** Stores the plan and its runs, and queues them; `held`: pauses them, for whoever has them trained elsewhere. */
  'experiments.create': call(
    z.strictObject({ plan: planSchema, held: z.boolean().default(false) }),
    z.object({ experiment: experimentSchema }),
  ),
  /** Oldest first. */
  'experiments.list': call(none, z.object({ experiments: z.array(experimentSummarySchema) })),
  'experiments.show': call(experimentRef, z.object({ experiment: experimentSchema })),
  'experiments.rename': call(z.strictObject({ experiment: idSchema, name: nameSchema }), summary),
  /**
   * Takes it away, by default with the runs that it made and no other experiment uses; `experiments.restore` with its id brings
   * all back until then.
   */
  'experiments.remove': call(
    z.strictObject({ experiment: idSchema, runs: z.boolean().default(true) }),
    z.object({ experiment: idSchema, runs: z.array(idSchema), until: z.string() }),
  ),
  'experiments.restore': call(experimentRef, summary),
  /** Of all its runs: those that wait and those that train; and back. */
  'experiments.pause': call(experimentRef, summary),
  'experiments.resume': call(experimentRef, summary),
  /** What is trained so far is kept. */
  'experiments.cancel': call(experimentRef, summary),
  /**
   * Queues again what failed, was interrupted, cancelled or removed; from the last checkpoint where there is one. A run that
   * diverged would do so again.
   */
  'experiments.retry': call(experimentRef, summary),
  /**
   * The experiment with its runs as one file; the task's result is its id. `withDataset`: its images, too; else they have to be
   * there where it is unpacked.
   */
  'experiments.pack': call(
    z.strictObject({
      experiment: idSchema,
      file: path,
      withDataset: z.boolean().default(false),
      force: z.boolean().default(false),
    }),
    z.object({ task: taskSchema }),
  ),
  /** A path that does not exist yet, in the user's documents folder, for the form. */
  'experiments.suggest': call(experimentRef, z.object({ file: z.string() })),
  /** The task's result is the new experiment's id. */
  'experiments.unpack': call(z.strictObject({ file: path }), z.object({ task: taskSchema })),

  /**
   * Writes the open runs of an experiment, or those of a plan, into a folder that can be trained from on another machine; from then on
   * they are there. The task's result is the experiment's id.
   */
  'experiments.send': call(
    z.strictObject({
      experiment: idSchema.optional(),
      plan: planSchema.optional(),
      folder: path,
      /** What the window calls it. */
      place: nameSchema.default('folder'),
      /** Of each training; as here unless given. */
      threads: z.int().min(1).max(1024).optional(),
      /** Runs of a task; as many as take ten minutes unless given. */
      perTask: z.int().min(1).max(10_000).optional(),
      checkpointSeconds: z.number().min(0).max(86_400).optional(),
    }),
    z.object({ task: taskSchema }),
  ),
  /** Takes over what the runs of such a folder have said and trained since the last time. The task's result is the experiment's id. */
  'experiments.collect': call(z.strictObject({ folder: path }), z.object({ task: taskSchema })),
  /** What such a task came to. */
  'experiments.collected': call(z.strictObject({ task: idSchema }), z.object({ collected: collectedSchema })),

  'queue.show': call(none, z.object({ queue: queueSchema })),
  /** Puts waiting runs, in this order, before another waiting one; null: at the end. */
  'queue.move': call(
    z.strictObject({ runs: z.array(idSchema).min(1).max(10_000), before: idSchema.nullable() }),
    z.object({ queue: queueSchema }),
  ),
  /** Changes what is given; nothing given: only tells. */
  'queue.settings': call(queueSettingsSchema.partial().strict(), z.object({ settings: queueSettingsSchema })),
}
