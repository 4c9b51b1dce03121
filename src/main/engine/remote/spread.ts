/** A task of an array takes so long at least, in seconds: shorter ones would drown a scheduler. */
const shortest = 600
/** Arrays have so many tasks at most, as schedulers have limits (Slurm's `MaxArraySize` is 1,001 unless somebody changed it). */
const mostTasks = 1000

export interface Spreading {
  /** Runs of a task; as many as come to ten minutes unless given. */
  perTask?: number | undefined
  /** Tasks that can go on at once: no more runs are put together than leave each of them something to do. */
  atOnce?: number | undefined
}

/**
 * Puts runs together for tasks, in their order: each task takes ten minutes at least by what is known of them, or so many as are
 * asked for. Runs stay in their order, so that the first seeds of all configurations end first.
 * @param seconds of each run, about
 */
export function spreadRuns<T>(runs: readonly T[], seconds: (run: T) => number, { perTask, atOnce }: Spreading = {}): T[][] {
  const most = Math.max(1, perTask ?? Math.ceil(runs.length / Math.max(1, atOnce ?? 1)))
  const fewest = Math.ceil(runs.length / mostTasks)
  const tasks: T[][] = []
  let task: T[] = [],
    taken = 0
  for (const run of runs) {
    task.push(run)
    taken += seconds(run)
    const isFull = perTask === undefined ? taken >= shortest || task.length >= most : task.length >= perTask
    if (!isFull || task.length < fewest) continue
    tasks.push(task)
    task = []
    taken = 0
  }
  return task.length > 0 ? [...tasks, task] : tasks
}
