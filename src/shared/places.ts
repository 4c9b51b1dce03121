import { z } from 'zod'
import { nameSchema } from './domain.ts'
import { mostLines, mostOf, reservedMessage, reservedPlaces, textRules, type TextRule } from './placeRules.ts'

/** Where runs are trained beside this machine: what is chosen for a place, and what is known of it. */

const text = ({ matches, message, most }: TextRule) => z.string().max(most).regex(matches, message)
const line = text(textRules.line).min(1)
const word = text(textRules.word)

export const placeSchema = z
  .strictObject({
    name: nameSchema.refine((name) => !reservedPlaces.includes(name), reservedMessage),
    /** `slurm`: this machine has `sbatch`; `ssh`: another one, which has it, is reached by the user's own `ssh`. */
    kind: z.enum(['slurm', 'ssh']),
    /** As `ssh` takes it. */
    host: line.regex(textRules.host.matches, textRules.host.message).optional(),
    /** At a host: whether `sbatch` takes the tasks; `auto`: where there is one; `none`: they are done in turn, as processes. */
    scheduler: z.enum(['auto', 'slurm', 'none']).optional(),
    /** A folder that this machine (or the host) and the nodes see under the same name. */
    folder: line.regex(textRules.folder.matches, textRules.folder.message),
    partition: word.optional(),
    account: word.optional(),
    /** As Slurm takes it: minutes, H:MM:SS, or D-HH and so on. */
    time: text(textRules.time).optional(),
    memory: text(textRules.memory).optional(),
    /** Of each task, and threads of each training. */
    cpus: z.int().min(1).max(mostOf.cpus).optional(),
    runsPerJob: z.int().min(1).max(mostOf.runsPerJob).optional(),
    /** Tasks that are in the scheduler's hands and may go on at once. */
    jobs: z.int().min(1).max(mostOf.jobs).optional(),
    /** Further lines behind `#SBATCH `. */
    extra: z.array(text(textRules.directive).min(1)).max(mostLines).default([]),
    /** Lines of shell that each task begins with, such as `module load`. */
    before: z.array(line).max(mostLines).default([]),
    /** A command that runs another one in a container, such as `apptainer exec image.sif`. */
    container: line.optional(),
  })
  .refine(({ kind, host }) => (kind === 'ssh') === (host !== undefined), {
    path: ['host'],
    message: 'belongs to a place of the kind ssh, and only to that',
  })
export type Place = z.infer<typeof placeSchema>
export type PlaceInput = z.input<typeof placeSchema>

/** A job array that was handed over, as it stands. */
const submissionSchema = z.object({
  id: z.string(),
  folder: z.string(),
  experiment: z.string().nullable(),
  /** The scheduler's number; null until it has one. */
  job: z.string().nullable(),
  submittedAt: z.string(),
  /** Of its tasks that have something to do left. */
  tasks: z.int(),
  waiting: z.int(),
  running: z.int(),
  /** Tasks that the scheduler does not list any more, though their runs have not ended. */
  missing: z.int(),
  /** Why tasks wait, in the scheduler's words. */
  reasons: z.array(z.string()),
  /** Its words where it refused. */
  refused: z.string().nullable(),
})
export type SubmissionView = z.infer<typeof submissionSchema>

export const placeViewSchema = z.object({
  place: placeSchema,
  /** Runs that are there and have not ended. */
  runs: z.int(),
  submissions: z.array(submissionSchema),
  /** One sentence: why it cannot be asked. */
  trouble: z.string().nullable(),
  /** When it answered last; null before that. */
  askedAt: z.string().nullable(),
})
export type PlaceView = z.infer<typeof placeViewSchema>

/** One thing that a check of a place found. */
export const placeFindingSchema = z.object({ isGood: z.boolean(), sentence: z.string() })
export type PlaceFinding = z.infer<typeof placeFindingSchema>
