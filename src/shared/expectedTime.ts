import { z } from 'zod'

/**
 * How long a run takes, and how that is known. `measured`: such steps and such an evaluation were measured or seen here; `model`: what it
 * computes, at the pace that other networks had on this machine; `usual`: at that of usual machines, for nothing was seen here.
 */
export const expectedTimeSchema = z.object({ seconds: z.number(), from: z.enum(['measured', 'model', 'usual']) })
export type ExpectedTime = z.infer<typeof expectedTimeSchema>

/** What stands behind the time, in words. */
export const timeWords: Record<ExpectedTime['from'], string> = {
  measured: 'as measured on this machine',
  model: 'estimated from other networks on this machine',
  usual: 'a rough estimate, for nothing was measured on this machine yet',
}
