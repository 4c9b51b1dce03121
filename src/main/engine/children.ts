import type { ChildProcess } from 'node:child_process'

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
