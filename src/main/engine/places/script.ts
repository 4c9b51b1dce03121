import { arrayScript } from '../remote/arrayScript.ts'
import { engineStamp } from '../remote/engineFolder.ts'
import { folderFiles, readSent } from '../remote/folder.ts'
import type { Place } from '../../../shared/places.ts'
import { endOfName } from './machine.ts'
import { directivesOf } from './slurm.ts'

export interface TaskArray {
  id: string
  tasks: number
  tasksFile: string
  throttle: number | null
  /** Where the folder lies at the place. */
  folder: string
}

/** Seconds of a time as Slurm takes it: minutes, M:S, H:M:S, D-H, D-H:M or D-H:M:S. */
function secondsOfTime(time: string): number {
  const [, days, rest] = /^(?:(\d+)-)?(.*)$/.exec(time)!
  const parts = rest!.split(':').map(Number)
  const [hours = 0, minutes = 0, seconds = 0] = days !== undefined || parts.length === 3 ? parts : [0, parts[0] ?? 0, parts[1] ?? 0]
  return ((Number(days ?? 0) * 24 + hours) * 60 + minutes) * 60 + seconds
}

/** Slurm may tell it up to a minute late; of a short time a task is to have some for its work. */
const marginOf = (time: string | undefined): number =>
  time === undefined ? 120 : Math.max(5, Math.min(120, Math.floor(secondsOfTime(time) / 4)))

/** The script of an array at a place, for a folder that was sent there. */
export const scriptOf = (place: Place, here: string, array: TaskArray, threads: number): string =>
  scriptFor(place, array, { name: readSent(here).name, threads, glibc: engineStamp(folderFiles(here).engine)?.glibc ?? null })

/** The same of what has not been sent yet. */
export const scriptFor = (
  place: Place,
  { id, tasks, tasksFile, throttle, folder }: TaskArray,
  { name, threads, glibc }: { name: string; threads: number; glibc: string | null },
): string =>
  arrayScript({
    name,
    mark: endOfName(id),
    tasks,
    tasksFile,
    throttle,
    folder,
    margin: marginOf(place.time),
    threads: place.cpus ?? threads,
    directives: directivesOf(place),
    before: place.before,
    ...(place.container === undefined ? {} : { container: place.container }),
    glibc,
  })
