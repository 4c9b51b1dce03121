import { fork, type ChildProcess } from 'node:child_process'
import { quietLibraries } from '../../shared/quietLibraries.ts'

const alive = new Set<ChildProcess>()
let listens = false

/** Ends them at once, as where the home is not ours any more. An engine has its process for itself. */
export const endChildren = (): void => alive.forEach((each) => void each.kill('SIGKILL'))

/** A process that ends in order takes along those it started, though they may be in the middle of a computation and hear nothing. */
export function endWithThisProcess(child: ChildProcess): void {
  if (!listens) process.on('exit', endChildren)
  listens = true
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  child.once('error', () => {
    if (child.pid === undefined) alive.delete(child)
  })
}

/**
 * Starts a process that computes and talks over Node's own channel; it ends with this one. `threads` pins TensorFlow's thread pools:
 * sums in another order give other last bits, and a resumed run shall end as one that was never interrupted.
 */
export function forkPinned(script: string, threads: number): ChildProcess {
  const pinned = String(threads)
  const child = fork(script, [], {
    execPath: process.execPath,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      ...quietLibraries,
      TF_NUM_INTRAOP_THREADS: pinned,
      TF_NUM_INTEROP_THREADS: pinned,
      OMP_NUM_THREADS: pinned,
    },
    // Ctrl-C in a terminal reaches the whole process group: the engine alone is to hear it, and asks others to stop.
    detached: process.platform !== 'win32',
  })
  endWithThisProcess(child)
  return child
}
