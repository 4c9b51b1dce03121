import { thousands } from '../../../shared/words.ts'
import type { CallArguments } from '../../../shared/calls.ts'
import type { Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import { thinningOf, type Thinning } from '../checkpoint/thin.ts'
import { folderBytes } from '../folderBytes.ts'
import type { Context, Handlers } from './context.ts'

type Asked = CallArguments<'storage.thin'>
interface Thinned extends Thinning {
  id: string
  folder: string
}

const day = 24 * 3600 * 1000

/** Whether a run may be trained further, and so needs its optimizer's state. */
export const goesOn = ({ state }: Pick<Run, 'state'>, isPlanned: boolean): boolean =>
  state === 'cancelled' ? isPlanned : state !== 'completed' && state !== 'diverged'

/** Thinning runs out: what they keep of their weights is what can be of use. */
export function thinningHandlers({ home, store, space, queue, tasks, jobs, emit }: Context) {
  /** Errors: RUN_UNKNOWN, EXPERIMENT_UNKNOWN; RUN_STATE where one that is named is of a newer version, of which others are left out. */
  const chosen = ({ runs, experiment, endedDaysAgo }: Asked): Run[] => {
    const of = experiment === undefined ? null : store.experiments.resolve(experiment)
    const before = endedDaysAgo === undefined ? Infinity : Date.now() - endedDaysAgo * day
    const named = runs?.map((reference) => store.runs.ours(reference)).map((run) => [run.id, run] as const)
    const all = named === undefined ? store.runs.list() : [...new Map(named).values()]
    const isOldEnough = (endedAt: string | null) => before === Infinity || (endedAt !== null && Date.parse(endedAt) <= before)
    return all.filter(({ experiment: its, endedAt, newer }) => !newer && (of === null || its?.id === of.id) && isOldEnough(endedAt))
  }
  /** Runs that train, or may begin to at any moment, are left alone. */
  const thinnings = (asked: Asked): { considered: number; copies: number; thinned: Thinned[] } => {
    const all = chosen(asked),
      copies = asked.copies ?? queue.settings.get().copies
    const thinned = all.flatMap((run): Thinned[] => {
      if (isUnderWay(run.state)) return []
      const thinning = thinningOf(
        home.run(run.id),
        { config: run.config, goesOn: goesOn(run, store.runs.isPlanned(run.id)) },
        copies,
      )
      return thinning.bytes > 0 ? [{ id: run.id, folder: home.run(run.id), ...thinning }] : []
    })
    return { considered: all.length, copies, thinned }
  }
  const jobOf = ({ id, folder, snapshots, ended }: Thinned) => ({ id, folder, snapshots, ended })
  const count = (ids: readonly string[]): void => {
    for (const id of ids) {
      if (!store.runs.has(id)) continue
      store.runs.update(id, { bytes: folderBytes(home.run(id)) })
      emit({ type: 'run', run: queue.view(store.runs.get(id)) })
    }
  }
  return {
    'storage.thinning': (asked) => {
      const { considered, copies, thinned } = thinnings(asked)
      return {
        thinning: {
          runs: thinned.length,
          considered,
          copies,
          bytes: thinned.reduce((sum, { bytes }) => sum + bytes, 0),
          snapshots: thinned.reduce((sum, { snapshots }) => sum + snapshots.length, 0),
          ended: thinned.filter(({ ended }) => ended).length,
        },
      }
    },
    /**
     * Errors: RUN_UNKNOWN, EXPERIMENT_UNKNOWN; EXPERIMENT_STATE while something is packed. The task fails with
     * CHECKPOINT_DAMAGED where a run could not be; the others are.
     */
    'storage.thin': (asked) => {
      if (tasks.list().some(({ kind, state }) => kind === 'pack' && state === 'running')) {
        throw new WorkbenchError(
          'EXPERIMENT_STATE',
          'An experiment is being packed, and its files must stay as they are until then; thin out when that is done.',
        )
      }
      const { thinned } = thinnings(asked)
      const ids = thinned.map(({ id }) => id),
        before = thinned.reduce((sum, { folder }) => sum + folderBytes(folder), 0)
      const title = ids.length === 1 ? store.runs.get(ids[0]!).name : `${thousands(ids.length)} runs`
      const task = tasks.start('thin', title, async (signal, onProgress) => {
        try {
          if (thinned.length > 0) {
            // It frees space, and writes first what is to stay.
            const job = { kind: 'thin' as const, runs: thinned.map(jobOf) }
            const { failed } = await space.withReserve(() => jobs.run(job, { signal, onProgress }))
            if (failed.length > 0) {
              const names = failed
                .slice(0, 3)
                .map((id) => `“${store.runs.find(id)?.run.name ?? id}”`)
                .join(', ')
              throw new WorkbenchError(
                'CHECKPOINT_DAMAGED',
                `The last checkpoint of ${names}${failed.length > 3 ? ` and ${failed.length - 3} more` : ''} ` +
                  'is damaged and was left as it is; what else there was to thin out is gone.',
              )
            }
          }
          return String(before - thinned.reduce((sum, { folder }) => sum + folderBytes(folder), 0))
        } finally {
          count(ids)
        }
      })
      return { task }
    },
  } satisfies Partial<Handlers>
}
