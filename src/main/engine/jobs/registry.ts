import type { Port } from '../training/port.ts'

/**
 * Every job that a worker process carries out, by name; each is loaded when it is asked for, so that a process holds only what it
 * needs. A job takes what it is told and a port, and returns what it came to: both types follow from its function here.
 */
const jobs = {
  train: async () => (await import('./train.ts')).trainRun,
  evaluate: async () => (await import('./evaluate.ts')).evaluateRun,
  prune: async () => (await import('./prune.ts')).pruneRun,
  adopt: async () => (await import('./adopt.ts')).adopt,
  thin: async () => (await import('./thin.ts')).thinRuns,
  export: async () => (await import('./export.ts')).exportRun,
  measure: async () => (await import('./measure.ts')).measureRun,
  objective: async () => (await import('./objective.ts')).computeObjective,
  augment: async () => (await import('./augment.ts')).augmentImages,
  embed: async () => (await import('./embed.ts')).embed,
  inspect: async () => (await import('./inspect.ts')).inspect,
  lookInto: async () => (await import('./lookInto.ts')).lookInto,
} satisfies Record<string, () => Promise<(job: never, port: Port) => unknown>>

type JobKind = keyof typeof jobs
type Work<K extends JobKind> = Awaited<ReturnType<(typeof jobs)[K]>>
type JobOf<K extends JobKind> = Parameters<Work<K>>[0]
export type ResultOf<K extends JobKind> = Awaited<ReturnType<Work<K>>>
export type Job = { [K in JobKind]: JobOf<K> }[JobKind]
export type JobResult = { [K in JobKind]: ResultOf<K> }[JobKind]

/** Carries out any job. Errors: as of the job. */
export async function carryOut(job: Job, port: Port): Promise<JobResult> {
  const work = (await jobs[job.kind]()) as (job: Job, port: Port) => JobResult | Promise<JobResult>
  return work(job, port)
}
