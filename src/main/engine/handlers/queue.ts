import type { Context, Handlers } from './context.ts'

/** The queue: what waits and trains, its order and its settings. */
export const queueHandlers = ({ store, queue, tasks }: Context) =>
  ({
    'queue.show': () => ({ queue: queue.state() }),
    'queue.move': ({ runs, before }) => ({
      queue: queue.move(
        runs.map((run) => store.runs.resolve(run).id),
        before === null ? null : store.runs.resolve(before).id,
      ),
    }),
    'queue.settings': (change) => {
      if (Object.keys(change).length > 0) queue.changeSettings(change)
      tasks.fill()
      return { settings: queue.settings.get() }
    },
  }) satisfies Partial<Handlers>
