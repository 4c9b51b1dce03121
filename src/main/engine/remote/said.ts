import { z } from 'zod'
import { columnsOf, pointColumnsSchema, pointsOf } from './pointColumns.ts'
import { errorInfoSchema, evaluationSchema, previewSchema, progressSchema, stageSchema } from '../../../shared/domain.ts'

/** What stands in journals. They may have been written anywhere: each message is checked before it is taken for one. */

const reached = { step: z.int().min(0), epoch: z.number(), seconds: z.number() }
const rate = z.number().nullable()
/** Eight random bytes: who writes. */
const leaseId = z.string().min(8).max(64)

/** Who writes a journal from here on: one that was begun later takes it over. */
const leaseSchema = z.object({
  type: z.literal('lease'),
  format: z.int(),
  run: z.string(),
  host: z.string(),
  /** Of the scheduler, such as `812_3`; null without one. */
  job: z.string().nullable(),
  /** Milliseconds since 1970 by the writer's clock. */
  startedAt: z.number(),
  processor: z.string(),
  threads: z.int(),
  /** Of the workbench. */
  version: z.string(),
})
export type Lease = z.infer<typeof leaseSchema>
/** A journal of another format is left alone. */
export const journalFormat = 1

/** As the database keeps it: what is not finite has no figure. */
const asStored = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

const saidSchema = z.discriminatedUnion('type', [
  leaseSchema,
  z.object({
    type: z.literal('begun'),
    steps: z.int(),
    epochs: z.int(),
    stages: z.array(stageSchema),
    parameters: z.int(),
    threads: z.int(),
    ...reached,
  }),
  z.object({
    type: z.literal('progress'),
    progress: progressSchema,
    step: reached.step.optional(),
    epoch: reached.epoch.optional(),
    seconds: reached.seconds.optional(),
    stepsPerSecond: rate.optional(),
  }),
  z
    .object({ type: z.literal('points'), columns: pointColumnsSchema, flush: z.boolean() })
    .transform(({ type, columns, flush }) => ({ type, points: pointsOf(columns), flush })),
  z.object({ type: z.literal('preview'), preview: previewSchema }),
  z.object({ type: z.literal('evaluation'), evaluation: z.preprocess(asStored, evaluationSchema) }),
  z.object({ type: z.literal('done'), result: z.object({ ...reached, stepsPerSecond: rate }) }),
  /** `later`: its time was over, and it goes on when it is started again. */
  z.object({ type: z.literal('stopped'), why: z.enum(['pause', 'cancel', 'later']), ...reached }),
  z.object({ type: z.literal('diverged'), step: z.int(), error: errorInfoSchema }),
  z.object({ type: z.literal('failed'), error: errorInfoSchema }),
  /** The process that trained it ended without a word, as often as it was tried. */
  z.object({ type: z.literal('died'), how: z.string() }),
])
export type Said = z.infer<typeof saidSchema>

/** A message as it is written. */
export const asWritten = (said: Said): unknown =>
  said.type === 'points' ? { type: said.type, columns: columnsOf(said.points), flush: said.flush } : said

/** After these a run is not trained any more, unless somebody wants it. */
export const isLast = ({ type }: Said): boolean => type === 'done' || type === 'diverged' || type === 'failed' || type === 'died'

/** A frame: who says it, the how manieth of it, when by its clock, and what. */
const entrySchema = z.object({ lease: leaseId, number: z.int().min(0), at: z.number(), said: saidSchema })
export type Entry = z.infer<typeof entrySchema>

/** Null for what is none that this version knows. */
export const entryIn = (value: unknown): Entry | null => entrySchema.safeParse(value).data ?? null
