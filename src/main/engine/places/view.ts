import type { Place, PlaceView, SubmissionView } from '../../../shared/places.ts'
import { hasEnded, isAtWork, type Job } from './jobs.ts'
import type { PlaceState, Submission } from './machine.ts'

export interface Known {
  place: Place
  state: PlaceState
  runs: readonly { id: string; experiment: string | null }[]
  jobs: readonly Job[]
  trouble: string | null
  askedAt: string | null
  /** By id of a submission. */
  refused: ReadonlyMap<string, string>
}

/** What a place looks like to people. */
export function viewOf({ place, state, runs, jobs, trouble, askedAt, refused }: Known): PlaceView {
  const open = new Map(runs.map((run) => [run.id, run]))
  const one = (submission: Submission): SubmissionView => {
    const { id, folder, job, at, tasks, gone } = submission
    const listed = jobs.filter((each) => each.job === job && !hasEnded(each))
    const left = tasks.flatMap((task) => task.flatMap((run) => open.get(run) ?? []))
    const running = listed.filter(isAtWork).length
    return {
      id,
      folder,
      experiment: left.find(({ experiment }) => experiment !== null)?.experiment ?? null,
      job,
      submittedAt: new Date(at).toISOString(),
      tasks: tasks.filter((task) => task.some((run) => open.has(run))).length,
      waiting: listed.length - running,
      running,
      missing: Object.keys(gone).length,
      reasons: [...new Set(listed.filter((each) => !isAtWork(each)).map(({ reason }) => reason))].filter(
        (reason) => reason !== 'None',
      ),
      refused: refused.get(id) ?? null,
    }
  }
  return { place, runs: runs.length, submissions: state.submissions.map(one), trouble, askedAt }
}
