import { z } from 'zod'
import { resultSchema } from '../answers.ts'
import { idSchema } from '../domain.ts'
import { exploreFileSchema, exploreSchema, madeFileSchema, openedSchema } from '../explore.ts'
import { call, none, runRef } from './call.ts'

export const exploringCalls = {
  /** What a run can be asked, and of which steps there are weights. */
  'explore.open': call(runRef, openedSchema),
  /** Asks a trained network a question; see explore.ts. Errors of its own: QUESTION_UNSUITABLE, EXPLORER_LOST, CANCELLED. */
  explore: call(exploreSchema, z.object({ result: resultSchema })),
  /** The answer as a file: bytes for the window to save, or the command line to write. */
  'explore.file': call(exploreFileSchema, madeFileSchema),
  /** What a view asked last is not wanted any more. */
  'explore.cancel': call(z.strictObject({ view: idSchema }), none),
}
