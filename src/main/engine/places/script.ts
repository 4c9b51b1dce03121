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

/** The script of an array at a place, for a folder that was sent there. */
export const scriptOf = (place: Place, array: TaskArray, threads: number): string =>
  scriptFor(place, array, {
    name: readSent(array.folder).name,
    threads,
    glibc: engineStamp(folderFiles(array.folder).engine)?.glibc ?? null,
  })

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
    threads: place.cpus ?? threads,
    directives: directivesOf(place),
    before: place.before,
    ...(place.container === undefined ? {} : { container: place.container }),
    glibc,
  })
