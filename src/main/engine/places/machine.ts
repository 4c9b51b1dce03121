import { hasEnded, type Job } from './jobs.ts'

/**
 * Who is to train what at one place, as a pure function of what was decided before and of what is seen now. Journals come first: a run
 * is over when its journal says so, and never because a scheduler does not list its job. Whatever is not over and has nobody who
 * trains it is handed over again; should somebody train it all the same, the run's lease lets only one go on.
 */

/** Tasks that were handed over together, or are to be. */
export interface Submission {
  /** Stands in the job's name: one whose number was lost is found again by that. */
  id: string
  folder: string
  /** Which runs each task trains. */
  tasks: string[][]
  /** The scheduler's number; null until it is known. */
  job: string | null
  /** Whether the scheduler would not have it: its runs are put together anew, by the place as it is then. */
  refused: boolean
  /** When it was tried last to hand it over, in milliseconds. */
  at: number
  /** Tasks that may go on at once; null without a limit. */
  throttle: number | null
  /** By index of a task that is not listed any more: since when. */
  gone: Record<string, number>
  /** By index of a task: how the scheduler said that it ended. */
  ended: Record<string, string>
}

/** How often a run was handed over since it last got any further, and how much it had said by then. */
interface Tries {
  times: number
  heard: number
}

export interface PlaceState {
  submissions: Submission[]
  tries: Record<string, Tries>
}
export const nothingYet: PlaceState = { submissions: [], tries: {} }

/** A run that is at the place and that its journal has not ended. */
export interface OpenRun {
  id: string
  folder: string
  state: 'submitted' | 'running' | 'unknown'
  /** The step that it has reached. */
  heard: number
  /** What it has written could not be read this time: nothing is decided of it. */
  unread: boolean
}

export interface Seen {
  /** Milliseconds. */
  now: number
  runs: readonly OpenRun[]
  /** Null where the scheduler could not be asked. */
  jobs: readonly Job[] | null
  /** Tasks that may be in the scheduler's hands at once; null without a limit. */
  most: number | null
}

/** Milliseconds. */
export interface Patience {
  /** Until a run is said to be unknown whose task is not listed. */
  unknown: number
  /** Until it is handed over again: a shared disk may show late that it has ended. */
  settle: number
  /** Until a submission without a number is tried again. */
  adopt: number
}
export const patience: Patience = { unknown: 30_000, settle: 90_000, adopt: 60_000 }
/** A run is handed over so often without getting any further. */
const mostTries = 3

export interface Decision {
  state: PlaceState
  /** Submissions to be handed over, by id. */
  submit: string[]
  /** Tasks that wait for their turn and have nothing to do left, as `job_task`. */
  cancel: string[]
  /** Runs of which nobody can tell what became. */
  unknown: string[]
  /** Runs of which that is not so any more. */
  known: string[]
  /** Runs that get nowhere, which task they had last, and how the scheduler says that it ended. */
  stuck: { run: string; task: number | null; ended: string | null }[]
}

export interface Ways {
  /** Puts runs of a folder together for tasks. */
  group: (runs: readonly string[]) => string[][]
  newId: () => string
  patience?: Patience
}

/** The latest submission of each run, and its task there. */
function assignments(submissions: readonly Submission[]): Map<string, { submission: Submission; task: number }> {
  const found = new Map<string, { submission: Submission; task: number }>()
  for (const submission of submissions)
    submission.tasks.forEach((runs, task) => runs.forEach((run) => found.set(run, { submission, task })))
  return found
}

/** What a submission is called in the scheduler's list. */
export const endOfName = (id: string): string => `.${id}`

/** Stands for a job that does all tasks of a submission in turn. */
const everyTask = -1

/** What is listed, by number and end of the name, and by task. */
function listedTasks(jobs: readonly Job[]): Map<string, Map<number, Job[]>> {
  const found = new Map<string, Map<number, Job[]>>()
  for (const job of jobs) {
    const key = `${job.job} ${job.name.slice(job.name.lastIndexOf('.') + 1)}`
    const tasks = found.get(key) ?? new Map<number, Job[]>(),
      task = job.task ?? everyTask
    found.set(key, tasks.set(task, [...(tasks.get(task) ?? []), job]))
  }
  return found
}

const wordsOf = ({ state, exitCode, reason }: Job): string =>
  [state, exitCode, reason].filter((word) => !['', '0', '0:0', 'None'].includes(word)).join(' ')

/** Decides; it changes nothing that it was given. */
export function decide(before: PlaceState, { now, runs, jobs, most }: Seen, ways: Ways): Decision {
  const { unknown: unknownAfter, settle, adopt } = ways.patience ?? patience
  const isRefused = (each: Submission): boolean => each.refused && each.job === null && now - each.at >= adopt
  const submissions = before.submissions
    .filter((each) => !isRefused(each))
    .map((each) => ({ ...each, gone: { ...each.gone }, ended: { ...each.ended } }))
  const tries = { ...before.tries }
  const decision: Decision = { state: { submissions, tries }, submit: [], cancel: [], unknown: [], known: [], stuck: [] }
  const open = new Map(runs.map((run) => [run.id, run]))
  for (const id of Object.keys(tries)) if (!open.has(id)) delete tries[id]
  // What the scheduler would not have was no try.
  for (const { tasks } of before.submissions.filter(isRefused))
    for (const id of tasks.flat()) if (tries[id] !== undefined) tries[id] = { ...tries[id], times: tries[id].times - 1 }
  const assigned = assignments(submissions)
  /** Those of a task's runs that are its own and still open. */
  const openOf = (submission: Submission, task: number): OpenRun[] =>
    submission.tasks[task]!.flatMap((id) => {
      const own = assigned.get(id)
      const run = own?.submission === submission && own.task === task ? open.get(id) : undefined
      return run === undefined ? [] : [run]
    })
  const ours = listedTasks(jobs ?? [])
  /** Runs that nobody trains any more. */
  const left = new Set<string>()
  for (const submission of submissions) {
    if (submission.job === null) {
      // Handed over and not known of: whoever lists it says its number.
      const found = jobs?.find(({ name }) => name.endsWith(endOfName(submission.id)))
      if (found !== undefined) submission.job = found.job
      else if (jobs !== null && now - submission.at >= adopt) {
        submission.at = now
        decision.submit.push(submission.id)
      }
    }
    if (submission.job === null || jobs === null) continue
    // A scheduler that lost its memory may give a number again.
    const listed = ours.get(`${submission.job} ${submission.id}`)
    for (const [task] of submission.tasks.entries()) {
      const here = listed?.get(task) ?? listed?.get(everyTask) ?? []
      const live = here.filter((job) => !hasEnded(job))
      const own = openOf(submission, task)
      if (live.length > 0) {
        delete submission.gone[task]
        for (const run of own) if (run.state === 'unknown') decision.known.push(run.id)
        if (own.length === 0 && live.every(({ state }) => state === 'PENDING')) decision.cancel.push(`${submission.job}_${task}`)
        continue
      }
      const last = here.at(-1)
      if (last !== undefined) submission.ended[task] = wordsOf(last)
      if (own.length === 0 || own.some(({ unread }) => unread)) {
        delete submission.gone[task]
        continue
      }
      const since = (submission.gone[task] ??= now)
      if (now - since >= unknownAfter) for (const run of own) if (run.state !== 'unknown') decision.unknown.push(run.id)
      if (now - since < settle) continue
      for (const run of own) left.add(run.id)
      // A job that has got one of its runs further was no failure to those that had to wait for their turn.
      const got = (id: string): boolean => !open.has(id) || open.get(id)!.heard > (tries[id]?.heard ?? -1)
      if (submission.tasks[task]!.some(got)) for (const run of own) delete tries[run.id]
    }
  }

  // What nobody has is handed over, in its order, and as much of it as there is room for.
  const free = runs.filter(({ id, unread }) => !unread && (!assigned.has(id) || left.has(id)))
  const goes: OpenRun[] = []
  for (const run of free) {
    const tried = tries[run.id]
    const times = tried !== undefined && run.heard <= tried.heard ? tried.times : 0
    if (times >= mostTries) {
      const own = assigned.get(run.id)
      delete tries[run.id]
      decision.stuck.push({ run: run.id, task: own?.task ?? null, ended: own?.submission.ended[own.task] ?? null })
    } else goes.push(run)
  }
  const stuck = new Set(decision.stuck.map(({ run }) => run))
  const takes = (submission: Submission): number => {
    const count = submission.tasks.filter((_, task) =>
      openOf(submission, task).some(({ id }) => !stuck.has(id) && !left.has(id)),
    ).length
    return Math.min(count, submission.throttle ?? count)
  }
  let room = most === null ? Infinity : most - submissions.reduce((sum, each) => sum + takes(each), 0)
  for (const [folder, some] of Map.groupBy(goes, (run) => run.folder)) {
    if (room < 1) break
    const tasks = ways.group(some.map(({ id }) => id))
    const submission: Submission = {
      id: ways.newId(),
      folder,
      tasks,
      job: null,
      refused: false,
      at: now,
      throttle: most === null ? null : Math.min(room, tasks.length),
      gone: {},
      ended: {},
    }
    room -= submission.throttle ?? 0
    for (const { id, heard } of some) {
      const tried = tries[id]
      tries[id] = { times: tried !== undefined && heard <= tried.heard ? tried.times + 1 : 1, heard }
    }
    submissions.push(submission)
    decision.submit.push(submission.id)
  }

  // One is forgotten once it is of no use any more: none of its runs is open, or others have them now.
  const latest = assignments(submissions)
  const needed = new Set<Submission>()
  for (const run of runs) {
    const own = latest.get(run.id)
    if (own !== undefined && !stuck.has(run.id)) needed.add(own.submission)
  }
  const waits = new Set(decision.cancel.map((task) => task.slice(0, task.indexOf('_'))))
  decision.state.submissions = submissions.filter((each) => needed.has(each) || (each.job !== null && waits.has(each.job)))
  decision.submit = decision.submit.filter((id) => decision.state.submissions.some((each) => each.id === id))
  return decision
}
