import type { Context, Handlers } from './context.ts'

/** The queue: what waits and trains, its order and its settings. */
export const queueHandlers = ({ store, queue }: Context) => ({
  'queue.show': () => ({ queue: queue.state() }),
  'queue.move': ({ runs, before }) => ({ queue: queue.move(runs.map((run) => store.runs.resolve(run).id), before === null ? null : store.runs.resolve(before).id) }),
  'queue.settings': (change) => ({ settings: Object.keys(change).length === 0 ? queue.settings.get() : queue.changeSettings(change) }),
} satisfies Partial<Handlers>)
