import { z } from 'zod'
import { taskSchema } from '../domain.ts'
import { storageSchema, thinInputSchema, thinningSchema } from '../experiments.ts'
import { call, none } from './call.ts'

export const storageCalls = {
  /** What every run and dataset occupies; counted anew. */
  'storage.show': call(none, z.object({ storage: storageSchema })),
  /** What thinning runs out would free, without doing it. */
  'storage.thinning': call(thinInputSchema, z.object({ thinning: thinningSchema })),
  /**
   * Takes from runs what is beyond their budget of weights, and from those that have ended what only training needs; the task's
   * result is the freed bytes.
   */
  'storage.thin': call(thinInputSchema, z.object({ task: taskSchema })),
  /** Deletes for good what was removed. */
  'storage.empty': call(none, z.object({ runs: z.int(), experiments: z.int(), bytes: z.number() })),
}
