import type { PlaceView, SubmissionView } from '../../../shared/places.ts'
import { count, counted } from '../../format.ts'

export const kindWords = { slurm: 'Slurm on this machine', ssh: 'Another machine by ssh' } as const

/** Where the offline promise ends. */
export const promiseEnds =
  'Nothing leaves this machine unless you choose a place. Then your own ssh, rsync and sbatch carry your images, settings and ' +
  'weights to it and back; the workbench itself opens no connection.'

/** Said of what is wanted of runs that are elsewhere. */
export const wishReach = 'Runs at a place hear of it within seconds while they train there.'

const tasksText = (tasks: Pick<SubmissionView, 'running' | 'waiting' | 'missing'>): string =>
  [
    `${counted(tasks.running, 'task')} at work`,
    `${count(tasks.waiting)} waiting`,
    ...(tasks.missing > 0 ? [`${count(tasks.missing)} missing`] : []),
  ].join(', ')

/** How it stands with a job array, its tasks in the scheduler's hands. */
export const submissionText = (one: SubmissionView): string =>
  one.job === null ? (one.refused === null ? 'being handed over' : 'refused') : tasksText(one)

/** How it stands with a place, in a few words. */
export function placeText({ runs, submissions }: PlaceView): string {
  if (runs === 0) return submissions.length > 0 ? 'its last tasks are ending' : 'nothing is there'
  const sum = (of: 'running' | 'waiting' | 'missing') => submissions.reduce((all, each) => all + each[of], 0)
  const tasks = { running: sum('running'), waiting: sum('waiting'), missing: sum('missing') }
  return `${counted(runs, 'run')} not ended: ${tasksText(tasks)}`
}

/** What was chosen for a place beyond its folder, as Slurm has it. */
export const choicesText = ({ place }: PlaceView): string =>
  [
    place.partition && `partition ${place.partition}`,
    place.account && `account ${place.account}`,
    place.time && `at most ${place.time} a task`,
    place.memory && `${place.memory} a task`,
    place.cpus && `${counted(place.cpus, 'CPU')} a task`,
    place.runsPerJob && `${counted(place.runsPerJob, 'run')} a task`,
    place.jobs && `${counted(place.jobs, 'task')} at once`,
    place.container && `in ${place.container}`,
  ]
    .filter(Boolean)
    .join(', ')
