import { execFile } from 'node:child_process'
import { WorkbenchError } from '../../../shared/errors.ts'

/** Runs a program of the user's at a place, and resolves to what it printed. It rejects with a WorkbenchError. */
export type Programs = (
  program: string,
  given: readonly string[],
  options?: { seconds?: number; input?: string },
) => Promise<string>

/** What a scheduler is not to hear of this process. */
const ours = /^(SBATCH_.*|SQUEUE_.*|NODE_OPTIONS|NODE_CHANNEL_FD|ELECTRON_.*|WORKBENCH_(?!SCRATCH$|WORKER$).*)$/
const environment = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
const mostBytes = 2 ** 28

/** What a program complained of, on one line and without its own name. */
const wordsOf = (stderr: string): string =>
  stderr
    .split('\n')
    .map((line) => line.trim().replace(/^(sbatch|squeue|scancel|scontrol|sinfo|ssh|rsync): (error: )?/, ''))
    .filter((line) => line !== '')
    .slice(-3)
    .join('; ')
    .slice(0, 500)

/**
 * Programs of this machine; those that are at work when the signal aborts are ended, and its reason is thrown. Errors:
 * PLACE_UNREACHABLE where there is no such program or it does not answer in time, PLACE_REFUSED with
 * its words where it refuses.
 */
export const localPrograms =
  (signal: AbortSignal): Programs =>
  (program, given, { seconds = 30, input = '' } = {}) =>
    new Promise((resolve, reject) => {
      const child = execFile(
        program,
        [...given],
        { timeout: 1000 * seconds, killSignal: 'SIGKILL', env: environment(), maxBuffer: mostBytes, signal },
        (failure, stdout, stderr) => {
          if (failure === null) return resolve(stdout)
          if (signal.aborted) return reject(signal.reason as Error)
          const { code, killed } = failure as NodeJS.ErrnoException & { killed?: boolean }
          if ((code as unknown) === 'ENOENT')
            return reject(
              new WorkbenchError(
                'PLACE_UNREACHABLE',
                `This machine has no program “${program}”: start the workbench where it is, or load its module first.`,
                { cause: failure },
              ),
            )
          if (killed)
            return reject(
              new WorkbenchError('PLACE_UNREACHABLE', `“${program}” did not answer within ${seconds} seconds; it is tried again.`, {
                cause: failure,
              }),
            )
          const words = wordsOf(stderr) || failure.message.split('\n')[0]!
          return reject(new WorkbenchError('PLACE_REFUSED', `“${program}” refuses: ${words}`, { cause: failure }))
        },
      )
      // One that ends without reading is no reason to.
      child.stdin?.on('error', () => {}).end(input)
    })
