import { z } from 'zod'

/** A set of data that comes with the workbench; its name stands where a path would. */
export const offeredSetSchema = z.object({
  name: z.string(),
  title: z.string(),
  /** What it is, in one sentence or two. */
  description: z.string(),
  /** `files`: read from this machine; `image` and `plane` (points of two numbers): computed from a seed, as many rows as asked for. */
  kind: z.enum(['files', 'image', 'plane']),
  /** Whether autoencoders can be compared on it as it is. */
  comparable: z.boolean(),
  /** Its files are not on this machine: what to do. */
  missing: z.string().nullable(),
})
export type OfferedSet = z.infer<typeof offeredSetSchema>
