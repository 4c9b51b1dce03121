import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { calls, type CallName } from '../../shared/calls.ts'
import { type EngineEvent } from '../../shared/events.ts'
import { WorkbenchError, toErrorInfo } from '../../shared/errors.ts'
import type { Recovery } from '../../shared/recovery.ts'
import { createDownloads, type Downloads } from './downloads/downloads.ts'
import { augmentingHandlers } from './handlers/augmenting.ts'
import type { Context, Handlers } from './handlers/context.ts'
import { comparingHandlers } from './handlers/comparing.ts'
import { datasetHandlers } from './handlers/datasets.ts'
import { downloadHandlers } from './handlers/downloads.ts'
import { embeddingHandlers } from './handlers/embeddings.ts'
import { engineHandlers } from './handlers/engine.ts'
import { watchExperiments } from './experiments/watch.ts'
import { evaluationHandlers } from './handlers/evaluating.ts'
import { experimentHandlers } from './handlers/experiments.ts'
import { exploringHandlers } from './handlers/exploring.ts'
import { manyExportsHandlers } from './handlers/exportingMany.ts'
import { exportHandlers } from './handlers/exports.ts'
import { placeHandlers } from './handlers/places.ts'
import { packingHandlers } from './handlers/packing.ts'
import { pruningHandlers } from './handlers/pruning.ts'
import { presetHandlers } from './handlers/presets.ts'
import { queueHandlers } from './handlers/queue.ts'
import { runHandlers } from './handlers/runs.ts'
import { sendingHandlers } from './handlers/sending.ts'
import { storageHandlers } from './handlers/storage.ts'
import { tableHandlers } from './handlers/table.ts'
import { thinningHandlers } from './handlers/thinning.ts'
import { viewHandlers } from './handlers/views.ts'
import { weightsHandlers } from './handlers/weights.ts'
import { refuseBytes, shortened } from './callInput.ts'
import { endChildren } from './children.ts'
import { homeAt, lockHome, lostHome, prepareHome, removeTrials, type Home } from './home.ts'
import { invalidInput } from './invalid.ts'
import { logTo, type Log } from './log.ts'
import { interruptedError } from './queue/interrupted.ts'
import { Jobs } from './queue/jobs.ts'
import { Queue } from './queue/queue.ts'
import { KeptSettings } from './queue/settings.ts'
import { createTasks } from './queue/tasks.ts'
import { Keeper } from './places/keeper.ts'
import { KeptPlaces } from './places/kept.ts'
import type { Patience } from './places/machine.ts'
import { localPrograms } from './places/programs.ts'
import { siteOf } from './places/site.ts'
import type { Place } from '../../shared/places.ts'
import { keepPrivate, tightenHome } from './privacy.ts'
import { keepRecords } from './recovery/records.ts'
import { requireDatabase, requireRows } from './recovery/missing.ts'
import { fullAtStart, meansFull } from './files/disk.ts'
import { giveUpReserve } from './space/reserve.ts'
import { createSpace } from './space/space.ts'
import { damageRemedy, isDamage } from './store/database.ts'
import type { Lock } from './store/lock.ts'
import { codeOf } from './store/sqlite.ts'
import { openStore, type Store } from './store/store.ts'
import { troubleWith } from './store/trouble.ts'
import { tidy } from './tidy.ts'
import { createTrash } from './trash.ts'

export interface EngineOptions {
  /** The folder in which everything is kept. */
  home: string
  /** Script of the worker processes; tests give one that only speaks the messages. */
  workerScript?: string
  /** Runs that train at once, whatever is stored; else as the queue's settings say. */
  trainers?: number
  /** Threads of a worker; by default the machine's cores, shared among the trainers. */
  threads?: number
  /** Whether the host can ask for a folder with a dialog. */
  folderDialog?: boolean
  /** Whether runs that an earlier engine left in the queue start by themselves (the default); a command line starts only its own. */
  startQueued?: boolean
  /** How long places are waited for, and how often they are looked at, in milliseconds; tests have less of it. */
  places?: { patience?: Patience; every?: number }
  /** What a recovery did that was asked for before this start; windows are told. */
  recovery?: Recovery
}

export interface Engine {
  readonly home: Home
  readonly log: Log
  /** For tests that make the database fail. */
  readonly store: Store
  /** What a browser may fetch. */
  readonly downloads: Downloads
  /** Validates and carries out one call. Rejects with a WorkbenchError, whatever went wrong. */
  handle(name: string, input: unknown): Promise<unknown>
  /** Tells the listener everything that windows are told; returns the function that stops it. */
  subscribe(listener: (event: EngineEvent) => void): () => void
  /** Pauses what trains (with a checkpoint), stops what else is done, closes the database and gives the home folder free. */
  close(): Promise<void>
  /**
   * Resolves when another engine has taken the home. By then nothing of this one is at work any more and its database is left as it
   * lies: the process is to end at once, by `process.exit`.
   */
  readonly lost: Promise<WorkbenchError>
}

/**
 * The engine on one home folder, which it holds locked until it is closed or its process ends.
 * Errors: HOME_LOCKED, those of `prepareHome` and `openDatabase`, DATABASE_MISSING.
 */
export function createEngine(options: EngineOptions): Engine {
  keepPrivate()
  const home = homeAt(options.home)
  prepareHome(home)
  const lock = lockHome(home)
  try {
    return roomy(home, () => open(home, lock, options))
  } catch (thrown) {
    lock.release()
    // What a disk does at one step it can do at any.
    throw troubleWith(thrown, home.database) ?? thrown
  }
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`

function open(home: Home, lock: Lock, options: EngineOptions): Engine {
  const log = logTo(home.log)
  tightenHome(home, log)
  removeTrials(home)
  requireDatabase(home)
  const store = openStore(home.database)
  if (!store.isShared) log(`The database is kept in this way: ${store.keeping}.`)
  try {
    requireRows(home, store)
    return serveCalls(home, store, log, lock, options)
  } catch (thrown) {
    store.close()
    throw thrown
  }
}

/**
 * On a full disk an engine starts with what was kept in reserve for that: whoever wants to make room there has to get in. Error:
 * DISK_FULL.
 */
function roomy<T>(home: Home, work: () => T): T {
  for (;;) {
    try {
      return work()
    } catch (thrown) {
      if (!meansFull(thrown, home.folder)) throw thrown
      if (giveUpReserve(home)) continue
      throw new WorkbenchError('DISK_FULL', fullAtStart(home.folder, thrown), { cause: thrown })
    }
  }
}

/** Calls that end something or make room, for which a full disk's reserve is there. Each may be begun twice. */
const makesRoom: ReadonlySet<CallName> = new Set<CallName>([
  'runs.pause',
  'runs.cancel',
  'runs.remove',
  'runs.restore',
  'datasets.remove',
  'embeddings.remove',
  'experiments.pause',
  'experiments.cancel',
  'experiments.remove',
  'storage.empty',
])

function serveCalls(home: Home, store: Store, log: Log, { release, onLost }: Lock, options: EngineOptions): Engine {
  const listeners = new Set<(event: EngineEvent) => void>()
  let homeLost = false
  const emit = (event: EngineEvent): void => {
    if (homeLost && event.type !== 'homeLost') return
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (thrown) {
        log('A window could not be told an event.', thrown)
      }
    }
  }
  const recovered = tidy(home, store, log)
  const script = options.workerScript ?? fileURLToPath(new URL('./jobs/worker.ts', import.meta.url))
  const ended = 'The workbench ended while this run was training'
  const cut = store.runs.running()
  for (const { id, epoch } of cut) store.runs.interrupt(id, new Date().toISOString(), interruptedError(ended, home.run(id), epoch))
  const space = createSpace(home, log)
  const settings = new KeptSettings(store.preferences, options)
  const jobs = new Jobs({ script, threads: settings.threads, log })
  const queue = new Queue({ store, home, space, jobs, settings, emit, log, startQueued: options.startQueued ?? true })
  const tasks = createTasks(emit, log, space, () => settings.get().tasks)
  const trash = createTrash({ home, store, space, emit })
  const downloads = createDownloads(home, emit, log)
  const experiments = watchExperiments({ store, space, queue, emit })
  listeners.add(experiments.hear)
  listeners.add(keepRecords(home, store, log))
  const kept = new KeptPlaces(store.preferences)
  const placesEnd = new AbortController(),
    programs = localPrograms(placesEnd.signal)
  const sites = new Map<string, ReturnType<typeof siteOf>>()
  const site = (place: Place) => {
    const key = JSON.stringify(place)
    if (!sites.has(key)) sites.set(key, siteOf(place, home.places, programs))
    return sites.get(key)!
  }
  const keeper = new Keeper({
    store,
    home,
    space,
    emit,
    log,
    kept,
    experiments,
    threads: () => settings.threads,
    siteOf: site,
    closing: placesEnd,
    ...options.places,
  })
  const context: Context = {
    home,
    store,
    space,
    queue,
    tasks,
    jobs,
    trash,
    downloads,
    experiments,
    emit,
    log,
    folderDialog: options.folderDialog ?? false,
  }
  const exploring = exploringHandlers(context)
  const handlers: Handlers = {
    ...engineHandlers(context, recovered, options.recovery ?? null),
    ...datasetHandlers(context),
    ...runHandlers(context),
    ...presetHandlers(context),
    ...viewHandlers(context),
    ...tableHandlers(context),
    ...comparingHandlers(context),
    ...exportHandlers(context),
    ...manyExportsHandlers(context),
    ...downloadHandlers(context),
    ...embeddingHandlers(context),
    ...weightsHandlers(context),
    ...evaluationHandlers(context),
    ...pruningHandlers(context),
    ...exploring.handlers,
    ...experimentHandlers(context),
    ...packingHandlers(context),
    ...sendingHandlers(context, (name) => kept.find(name) !== undefined),
    ...placeHandlers(context, { kept, keeper, siteOf: site }),
    ...queueHandlers(context),
    ...augmentingHandlers(context),
    ...storageHandlers(context),
    ...thinningHandlers(context),
  }
  let closing: Promise<void> | null = null
  // After the caller had the chance to subscribe.
  setImmediate(() => {
    if (closing !== null) return
    queue.open()
    // A command line looks only after what it sends itself.
    if (options.startQueued ?? true) keeper.open()
    void trash.expire().catch((thrown: unknown) => log('What was removed long ago cannot be deleted.', thrown))
  })

  const handle = async (name: string, input: unknown): Promise<unknown> => {
    if (typeof name !== 'string' || !Object.hasOwn(calls, name)) {
      throw new WorkbenchError(
        'CALL_UNKNOWN',
        `This engine does not know the call “${String(name).slice(0, 80)}”; update the workbench so that both sides are of one version.`,
      )
    }
    const known = name as CallName
    refuseBytes(known, input)
    const checked = calls[known].input.safeParse(input ?? {})
    if (!checked.success) throw shortened(invalidInput(known, input, checked.error))
    if (homeLost) throw lostHome(home)
    try {
      const work = () => handlers[known](checked.data as never)
      return await (makesRoom.has(known) ? space.withReserve<unknown>(work) : work())
    } catch (thrown) {
      if (homeLost) throw lostHome(home)
      if (!(thrown instanceof WorkbenchError) && space.met(thrown)) throw WorkbenchError.from(space.lack ?? toErrorInfo(thrown))
      if (thrown instanceof WorkbenchError) throw shortened(thrown)
      log(`${name} failed.`, thrown)
      if (isDamage(thrown)) {
        const remedy = sentence(damageRemedy(home.database))
        throw new WorkbenchError('DATABASE_DAMAGED', `The database ${home.database} is damaged; close the workbench. ${remedy}`, {
          cause: thrown,
        })
      }
      const trouble = codeOf(thrown).startsWith('SQLITE_') ? troubleWith(thrown, home.database) : null
      if (trouble !== null) throw trouble
      throw WorkbenchError.from(toErrorInfo(thrown))
    }
  }

  const close = async (): Promise<void> => {
    await Promise.all([queue.close(), tasks.close(), keeper.close(), recovered])
    exploring.close()
    experiments.close()
    downloads.close()
    await space.close()
    try {
      store.close()
    } catch (thrown) {
      log('The database cannot be closed.', thrown)
    }
    release()
  }
  const { promise: lost, resolve: lose } = Promise.withResolvers<WorkbenchError>()
  onLost(() => {
    const error = lostHome(home)
    homeLost = true
    // The home is somebody else's: from here on nothing is stored, moved, tidied or folded into the database.
    closing = Promise.resolve()
    store.abandon()
    queue.abandon()
    tasks.abandon(error)
    void keeper.close()
    endChildren()
    exploring.close()
    experiments.close()
    downloads.close(true)
    void space.close()
    log(
      `Another engine has taken the home, as this one (process ${process.pid} on ${hostname()}) gave no sign of life for minutes: ` +
        'it ends, and stores nothing any more.',
    )
    emit({ type: 'homeLost', error: toErrorInfo(error) })
    lose(error)
  })
  return {
    home,
    log,
    store,
    downloads,
    handle,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => (closing ??= close()),
    lost,
  }
}
