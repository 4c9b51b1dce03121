import { z } from 'zod'

/** What a recovery of a lost or damaged database did. */
export const recoverySchema = z.object({
  /** Where the database lies that was in use before; null where there was none. */
  keptAside: z.string().nullable(),
  /** The backup that it began with; null where there was no sound one. */
  backup: z.string().nullable(),
  datasets: z.int(),
  runs: z.int(),
  experiments: z.int(),
  /** Sets of kept codes. */
  codes: z.int(),
  /** In sentences: what is gone, what was guessed, what cannot be taken back, and what to do. */
  notes: z.array(z.string()),
})
export type Recovery = z.infer<typeof recoverySchema>
