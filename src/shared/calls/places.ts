import { z } from 'zod'
import { idSchema, nameSchema, taskSchema } from '../domain.ts'
import { planSchema } from '../experiments.ts'
import { placeFindingSchema, placeSchema, placeViewSchema } from '../places.ts'
import { call, none } from './call.ts'

const named = z.strictObject({ place: nameSchema })
const view = z.object({ place: placeViewSchema })

/** Where runs are trained beside this machine. Nothing is asked of a place unless something was sent there, or by `places.check`. */
export const placeCalls = {
  /** In the order in which they were added. */
  'places.list': call(none, z.object({ places: z.array(placeViewSchema) })),
  /** Adds a place; `replace`: changes the one of that name, for what is handed over from then on. */
  'places.add': call(z.strictObject({ place: placeSchema, replace: z.boolean().default(false) }), view),
  /** Takes it away, unless runs are there. What lies in its folder stays. */
  'places.remove': call(named, named),
  /** Looks at the place again, now; answers when that is done. */
  'places.look': call(named, view),
  /** Hands one small job over to find out whether runs can be trained there. The task's result is for `places.findings`. */
  'places.check': call(named, z.object({ task: taskSchema })),
  /** What such a task found. */
  'places.findings': call(z.strictObject({ task: idSchema }), z.object({ findings: z.array(placeFindingSchema) })),
  /** The script that the runs of a plan, the open ones of an experiment, or a run would be handed over with; nothing is stored or sent. */
  'places.script': call(
    z.strictObject({ place: nameSchema, experiment: idSchema.optional(), run: idSchema.optional(), plan: planSchema.optional() }),
    z.object({ script: z.string(), runs: z.int(), tasks: z.int() }),
  ),
  /**
   * Sends the open runs of an experiment, or one run that nobody trains, and has them trained there. Before anything is sent the
   * scheduler is asked whether it would take them. The task's result is the experiment's id, or the run's.
   */
  'places.submit': call(
    z.strictObject({ place: nameSchema, experiment: idSchema.optional(), run: idSchema.optional() }),
    z.object({ task: taskSchema }),
  ),
}
