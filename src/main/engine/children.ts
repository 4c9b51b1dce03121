import type { ChildProcess } from 'node:child_process'

const alive = new Set<ChildProcess>()
let listens = false

/** A process that ends in order takes along those it started, though they may be in the middle of a computation and hear nothing. */
export function endWithThisProcess(child: ChildProcess): void {
  if (!listens) process.on('exit', () => alive.forEach((each) => each.kill('SIGKILL')))
  listens = true
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  child.once('error', () => { if (child.pid === undefined) alive.delete(child) })
}
