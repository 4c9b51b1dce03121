import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Place } from '../../../shared/places.ts'
import { folderFiles } from '../remote/folder.ts'
import { processes } from './processes.ts'
import type { Programs } from './programs.ts'
import { slurm, type Scheduler } from './slurm.ts'
import { pull, push, sshPrograms } from './ssh.ts'

/** How a place is reached: where its folders lie for this machine, what copies them, and who takes tasks. */
export interface Site {
  scheduler: Scheduler
  /** The folder in which those of experiments lie here. */
  root: string
  /** Where such a folder lies at the place. */
  at: (folder: string) => string
  /** Brings what a task needs to the place: the folder, and engine and dataset unless they are not wanted. */
  send: (folder: string, whole?: boolean) => Promise<void>
  /** Removes such a folder there. */
  remove: (folder: string) => Promise<void>
  /** Brings wishes there, and here what runs have said. */
  exchange: (folder: string) => Promise<void>
}

const nothing = (): Promise<void> => Promise.resolve()

/** This machine has `sbatch`, and sees the folder as the nodes do. */
const sharedDisk = ({ folder }: Place, local: Programs): Site => ({
  scheduler: slurm(local),
  root: folder,
  at: (each) => each,
  send: nothing,
  remove: nothing,
  exchange: nothing,
})

/** Another machine by the user's own `ssh`. What is sent there lies here as well, by links where that goes. */
function overSsh({ host, folder, scheduler: wanted = 'auto' }: Place & { host: string }, root: string, local: Programs): Site {
  const programs = sshPrograms(local, host)
  const at = (here: string): string => `${folder.replace(/\/+$/, '')}/${basename(here)}`
  let known: Scheduler | null = null
  const scheduler = async (): Promise<Scheduler> => {
    const hasSlurm = async (): Promise<boolean> =>
      wanted === 'slurm' || (wanted === 'auto' && (await programs('sh', ['-lc', 'command -v sbatch || true'])).trim() !== '')
    return (known ??= (await hasSlurm()) ? slurm(programs) : processes(programs))
  }
  return {
    scheduler: {
      submit: async (...given) => (await scheduler()).submit(...given),
      test: async (...given) => {
        await programs('mkdir', ['-p', folder])
        await (await scheduler()).test(...given)
      },
      list: async () => (await scheduler()).list(),
      cancel: async (...given) => (await scheduler()).cancel(...given),
    },
    root,
    at,
    async send(here, whole = true) {
      for (const kind of whole ? ['engines', 'datasets'] : [])
        if (existsSync(join(root, kind))) await push(local, host, join(root, kind), `${folder}/${kind}`, ['*.partial'])
      await push(local, host, here, at(here), ['results/*', '*.partial'])
      // What they have reached goes along, unless they are further there.
      const { results } = folderFiles(here)
      await push(local, host, results, `${at(here)}/results`, ['*.journal', '*.log', '*.partial'], ['--ignore-existing'])
    },
    remove: async (here) => void (await programs('rm', ['-rf', '--', at(here)])),
    async exchange(here) {
      const { wishes, results } = folderFiles(here)
      if (existsSync(wishes) && readdirSync(wishes).length > 0) await push(local, host, wishes, `${at(here)}/wishes`)
      await pull(local, host, `${at(here)}/results`, results)
    },
  }
}

/**
 * @param copies the folder of this machine in which what is sent by ssh lies, too
 * @param local programs of this machine
 */
export const siteOf = (place: Place, copies: string, local: Programs): Site =>
  place.host === undefined
    ? sharedDisk(place, local)
    : overSsh({ ...place, host: place.host }, join(copies, encodeURIComponent(place.name)), local)
