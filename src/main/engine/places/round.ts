import type { Job } from './jobs.ts'
import { decide, type Decision, type OpenRun, type PlaceState, type Submission, type Ways } from './machine.ts'

/** What a round at a place does with the world; a simulation has another one. */
export interface Ports {
  /** Milliseconds. */
  now: () => number
  /** Asks the scheduler for all jobs of the user. Null where it cannot be asked. */
  list: () => Promise<Job[] | null>
  /** Takes over what the runs there have said; what of them could not be read, `open` says. */
  collect: () => Promise<void>
  load: () => PlaceState
  open: () => OpenRun[]
  /** Tasks that may be in the scheduler's hands at once. */
  most: () => number | null
  /** Stores what was decided, all of it or nothing. */
  save: (decision: Decision) => void
  /** Hands a submission over. @returns its number; throws where it was refused, or where nobody knows */
  submit: (submission: Submission) => Promise<string>
  /** Stores the number of one that was handed over. */
  submitted: (id: string, job: string) => void
  refused: (id: string, thrown: unknown) => void
  cancel: (tasks: readonly string[]) => Promise<void>
}

/**
 * One look at a place, and what has to be done there: what is wanted is stored before it is tried, so that an engine that ends at any
 * line goes on from there. It is asked first and the journals are read afterwards: what ended in between has said so by then.
 * @returns whether anything was done
 */
export async function round(ports: Ports, ways: Ways): Promise<boolean> {
  const jobs = await ports.list()
  await ports.collect()
  const decision = decide(ports.load(), { now: ports.now(), runs: ports.open(), jobs, most: ports.most() }, ways)
  ports.save(decision)
  for (const id of decision.submit) {
    const submission = decision.state.submissions.find((each) => each.id === id)!
    try {
      ports.submitted(id, await ports.submit(submission))
    } catch (thrown) {
      ports.refused(id, thrown)
    }
  }
  if (decision.cancel.length > 0) await ports.cancel(decision.cancel)
  return [decision.submit, decision.cancel, decision.unknown, decision.known, decision.stuck].some((each) => each.length > 0)
}
