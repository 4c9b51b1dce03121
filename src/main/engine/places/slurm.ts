import { WorkbenchError } from '../../../shared/errors.ts'
import type { Place } from '../../../shared/places.ts'
import { jobFormat, readJobs, type Job } from './jobs.ts'
import type { Programs } from './programs.ts'

/** What is asked of a scheduler. Errors: PLACE_UNREACHABLE, PLACE_REFUSED. */
export interface Scheduler {
  /** Hands a script over, to be run in a folder. @returns the job's number */
  submit: (folder: string, script: string) => Promise<string>
  /** Asks whether it would take that, without handing it over. */
  test: (folder: string, script: string) => Promise<void>
  /** All jobs of the user, by one call. */
  list: () => Promise<Job[]>
  cancel: (tasks: readonly string[]) => Promise<void>
}

/** Tasks that are cancelled by one call. */
const together = 500

/** Lines behind `#SBATCH ` that a place wants. */
export const directivesOf = ({ partition, account, time, memory, extra }: Place): string[] => [
  ...(partition === undefined ? [] : [`--partition=${partition}`]),
  ...(account === undefined ? [] : [`--account=${account}`]),
  ...(time === undefined ? [] : [`--time=${time}`]),
  ...(memory === undefined ? [] : [`--mem=${memory}`]),
  ...extra.map((line) => line.replace(/^#SBATCH\s+/, '')),
]

/**
 * Slurm, by the programs that every version has. `squeue` lists ended jobs for some minutes; `sacct` needs a database that many
 * clusters lack, and is not asked.
 */
export function slurm(programs: Programs): Scheduler {
  return {
    async submit(folder, script) {
      const printed = await programs('sbatch', ['--parsable', `--chdir=${folder}`], { seconds: 60, input: script })
      // `812` or `812;cluster`, behind whatever a site's wrapper prints.
      const number = /(?:^|\n)(\d+)(?:;[^\n]*)?\s*$/.exec(printed)?.[1]
      if (number === undefined)
        throw new WorkbenchError('PLACE_REFUSED', `“sbatch” printed no job number, but: ${printed.trim().slice(0, 200)}`)
      return number
    },
    test: async (folder, script) =>
      void (await programs('sbatch', ['--test-only', `--chdir=${folder}`], { seconds: 60, input: script })),
    list: async () => readJobs(await programs('squeue', ['-h', '-r', '-a', '--me', '-t', 'all', '-O', jobFormat], { seconds: 15 })),
    async cancel(tasks) {
      for (let from = 0; from < tasks.length; from += together) await programs('scancel', tasks.slice(from, from + together))
    },
  }
}
