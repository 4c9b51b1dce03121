import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { toErrorInfo, WorkbenchError, type ErrorCode } from '../../../shared/errors.ts'
import type { Place, PlaceView } from '../../../shared/places.ts'
import type { ExperimentWatch } from '../experiments/watch.ts'
import { collectFolder, type CollectParts } from '../remote/collect.ts'
import { secondsOf } from '../remote/expected.ts'
import { folderFiles, tasksName } from '../remote/folder.ts'
import { spreadRuns } from '../remote/spread.ts'
import { newId } from '../store/ids.ts'
import type { Job } from './jobs.ts'
import type { KeptPlaces } from './kept.ts'
import { patience, type Decision, type Patience, type Submission } from './machine.ts'
import { round, type Ports } from './round.ts'
import { scriptOf } from './script.ts'
import type { Site } from './site.ts'
import { viewOf } from './view.ts'

/** A look at a place every so many milliseconds while something happens, and as seldom as this while nothing does. */
const soonest = 5000,
  latest = 60_000

export interface KeeperParts extends CollectParts {
  kept: KeptPlaces
  experiments: Pick<ExperimentWatch, 'tell'>
  /** Of each training where the place does not say. */
  threads: () => number
  siteOf: (place: Place) => Site
  patience?: Patience | undefined
  /** Ends what is under way at places, when the engine closes. */
  closing: AbortController
  /** Milliseconds between two looks; as long as is right for clusters unless given. */
  every?: number | undefined
}

/** What is known of a place beside what is stored. */
interface Watched {
  timer: NodeJS.Timeout | null
  going: Promise<void> | null
  again: boolean
  pause: number
  jobs: readonly Job[]
  trouble: string | null
  askedAt: string | null
  refused: Map<string, string>
  /** Folders and runs that could not be read at the last look. */
  unread: Set<string>
}

/** What a task printed last; null where it printed nothing that can be read. */
function lastLine(folder: string | null, task: number | null): string | null {
  if (folder === null || task === null) return null
  try {
    const lines = readFileSync(join(folderFiles(folder).results, `task-${task}.log`), 'utf8')
      .trimEnd()
      .split('\n')
    // Where a program fell over, its own words stand before where it was.
    const said = lines.findLast((line) => /error|cannot|not found|denied|killed/i.test(line)) ?? lines.at(-1)!
    return said.trim().slice(0, 300) || null
  } catch {
    return null
  }
}

/** Of a run: what it has said is not known. Weights that lack, or are of before, are trained once more. */
const unreadCodes: ReadonlySet<ErrorCode> = new Set(['FILE_DAMAGED', 'PATH_UNREADABLE', 'DISK_FULL', 'INTERNAL'])

/** Looks after the runs at all places: one round at a time for each, and none where nothing is out. */
export class Keeper {
  readonly #parts: KeeperParts
  readonly #watched = new Map<string, Watched>()
  readonly #closing: AbortController

  constructor(parts: KeeperParts) {
    this.#parts = parts
    this.#closing = parts.closing
  }

  /** Goes on with what an earlier engine left. */
  open(): void {
    for (const { name } of this.#parts.kept.list()) this.wake(name)
  }

  views(): PlaceView[] {
    return this.#parts.kept.list().map((place) => this.view(place))
  }

  view(place: Place): PlaceView {
    const { store, kept } = this.#parts
    const { jobs, trouble, askedAt, refused } = this.#of(place.name)
    return viewOf({ place, state: kept.state(place.name), runs: store.runs.openAt(place.name), jobs, trouble, askedAt, refused })
  }

  /** Whether runs, or tasks of what was handed over, are at a place. */
  isOut(name: string): boolean {
    const { store, kept } = this.#parts
    return store.runs.openAt(name).length > 0 || kept.state(name).submissions.length > 0
  }

  /** Looks at a place soon: something was sent there, or is wanted of it. */
  wake(name: string): void {
    const watched = this.#of(name)
    watched.pause = this.#soonest
    if (watched.going !== null) watched.again = true
    else this.#after(name, 0)
  }

  /** Looks at a place at once; resolves when what was sent there has been handed over, or was refused. */
  async now(name: string): Promise<void> {
    const watched = this.#of(name)
    await watched.going
    clearTimeout(watched.timer ?? undefined)
    watched.pause = this.#soonest
    this.#begin(name)
    await watched.going
  }

  /** Forgets a place that was removed. */
  forget(name: string): void {
    clearTimeout(this.#of(name).timer ?? undefined)
    this.#watched.delete(name)
  }

  async close(): Promise<void> {
    this.#closing.abort(new WorkbenchError('CANCELLED', 'The workbench ends.'))
    for (const { timer } of this.#watched.values()) clearTimeout(timer ?? undefined)
    await Promise.all([...this.#watched.values()].map(({ going }) => going))
  }

  get #soonest(): number {
    return this.#parts.every ?? soonest
  }

  #of(name: string): Watched {
    let found = this.#watched.get(name)
    if (found === undefined) {
      found = {
        timer: null,
        going: null,
        again: false,
        pause: this.#soonest,
        jobs: [],
        trouble: null,
        askedAt: null,
        refused: new Map(),
        unread: new Set(),
      }
      this.#watched.set(name, found)
    }
    return found
  }

  #after(name: string, milliseconds: number): void {
    const watched = this.#of(name)
    clearTimeout(watched.timer ?? undefined)
    if (this.#closing.signal.aborted) return
    watched.timer = setTimeout(() => this.#begin(name), milliseconds).unref()
  }

  /** One look at a time. */
  #begin(name: string): void {
    const watched = this.#of(name)
    if (this.#closing.signal.aborted) return
    if (watched.going !== null) watched.again = true
    else watched.going = this.#look(name).finally(() => (watched.going = null))
  }

  async #look(name: string): Promise<void> {
    const { kept, log, emit } = this.#parts
    const watched = this.#of(name)
    watched.again = false
    const place = kept.find(name)
    if (place === undefined) return
    if (!this.isOut(name)) return
    let news = false
    try {
      const ports = this.#ports(place, watched, () => (news = true))
      news = (await round(ports, this.#ways(place))) || news
    } catch (thrown) {
      if (this.#closing.signal.aborted) return
      // Nothing is lost: it is looked at again.
      watched.trouble = toErrorInfo(thrown).message
      log(`The place ${name} cannot be looked after.`, thrown)
    }
    const now = kept.find(name)
    // Somebody may have taken it away meanwhile.
    if (this.#closing.signal.aborted || now === undefined) return
    emit({ type: 'place', place: this.view(now) })
    watched.pause = news ? this.#soonest : Math.min(this.#parts.every ?? latest, 1.5 * watched.pause)
    if (watched.again || this.isOut(name)) this.#after(name, watched.again ? 0 : watched.pause)
  }

  #ways(place: Place) {
    const { store, threads } = this.#parts
    return {
      patience: this.#parts.patience ?? patience,
      newId,
      group: (ids: readonly string[]) => {
        const runs = ids.map((id) => store.runs.get(id))
        const dataset = store.datasets.get(runs[0]!.datasetId)
        const seconds = secondsOf(store, dataset, place.cpus ?? threads())
        const spreading = { perTask: place.runsPerJob, atOnce: place.jobs }
        return spreadRuns(runs, seconds, spreading).map((task) => task.map(({ id }) => id))
      },
    }
  }

  #ports(place: Place, watched: Watched, onNews: () => void): Ports {
    const { store, kept } = this.#parts
    const { name } = place
    const site = this.#parts.siteOf(place),
      { scheduler } = site
    return {
      now: Date.now,
      list: async () => {
        try {
          watched.jobs = await scheduler.list()
          watched.askedAt = new Date().toISOString()
          watched.trouble = null
          return [...watched.jobs]
        } catch (thrown) {
          watched.trouble = toErrorInfo(thrown).message
          return null
        }
      },
      collect: () => this.#collect(name, site, watched, onNews),
      load: () => kept.state(name),
      open: () =>
        store.runs.openAt(name).flatMap(({ id, state, folder, step }) => {
          const unread = folder !== null && (watched.unread.has(folder) || watched.unread.has(id))
          return folder === null ? [] : [{ id, state, folder, heard: step, unread }]
        }),
      most: () => place.jobs ?? null,
      save: (decision) => this.#save(name, decision),
      submit: async (submission) => {
        const script = this.#write(place, site, submission)
        await site.send(submission.folder)
        return scheduler.submit(site.at(submission.folder), script)
      },
      submitted: (id, job) => {
        watched.refused.delete(id)
        kept.change(name, id, { job })
      },
      refused: (id, thrown) => {
        const { code, message } = toErrorInfo(thrown)
        watched.refused.set(id, message)
        kept.change(name, id, { refused: code === 'PLACE_REFUSED' })
        this.#parts.log(`The place ${name} did not take a submission.`, thrown)
      },
      cancel: async (tasks) => {
        try {
          await scheduler.cancel(tasks)
        } catch (thrown) {
          watched.trouble = toErrorInfo(thrown).message
        }
      },
    }
  }

  /** What the runs there have said. What cannot be read now is read at the next look, and nothing is decided of it until then. */
  async #collect(name: string, site: Site, watched: Watched, onNews: () => void): Promise<void> {
    const { store, kept, experiments } = this.#parts
    watched.unread.clear()
    // Where nothing is open any more, tasks may yet have to hear of it.
    const only = new Map<string, string[]>(kept.state(name).submissions.map(({ folder }) => [folder, []]))
    const of = new Map<string, string | null>()
    for (const { id, folder, experiment } of store.runs.openAt(name)) {
      if (folder === null) continue
      only.set(folder, [...(only.get(folder) ?? []), id])
      of.set(folder, experiment)
    }
    for (const [folder, runs] of only) {
      try {
        await site.exchange(folder)
        if (runs.length === 0) continue
        const { heard, problems } = await collectFolder(this.#parts, folder, { signal: this.#closing.signal, only: runs })
        const experiment = of.get(folder) ?? null
        if (heard > 0) onNews()
        if (heard > 0 && experiment !== null && store.experiments.has(experiment)) experiments.tell(experiment)
        for (const { run, error } of problems) if (unreadCodes.has(error.code)) watched.unread.add(run)
        if (problems[0] !== undefined) watched.trouble ??= problems[0].error.message
      } catch (thrown) {
        this.#closing.signal.throwIfAborted()
        watched.unread.add(folder)
        watched.trouble ??= toErrorInfo(thrown).message
      }
    }
  }

  #save(name: string, { state, unknown, known, stuck }: Decision): void {
    const { store, kept, emit, experiments } = this.#parts
    const changed = [...unknown, ...known, ...stuck.map(({ run }) => run)]
    store.transaction(() => {
      if (JSON.stringify(kept.state(name)) !== JSON.stringify(state)) kept.putState(name, state)
      for (const run of unknown) store.runs.update(run, { state: 'unknown' })
      for (const run of known) store.runs.update(run, { state: 'submitted' })
      for (const { run, task, ended } of stuck) {
        const words = [ended, lastLine(store.runs.sentTo(run), task)].filter((each) => each !== null)
        store.runs.update(run, {
          state: 'interrupted',
          endedAt: new Date().toISOString(),
          goesOn: 0,
          error: {
            code: 'PLACE_REFUSED',
            message:
              `Its job at “${name}” ended again and again before it got any further` +
              `${words.length === 0 ? '' : ` (${words.join('; ')})`}: mend the place, and send the run again; ` +
              'or resume it to train it here.',
          },
        })
      }
    })
    for (const run of changed) emit({ type: 'run', run: store.runs.get(run) })
    for (const id of new Set(changed.map((run) => store.runs.get(run).experiment?.id)))
      if (id !== undefined && store.experiments.has(id)) experiments.tell(id)
  }

  /** Writes what the scheduler is given, and keeps it in the folder. @returns the script */
  #write(place: Place, site: Site, { id, folder, tasks, throttle }: Submission): string {
    const files = folderFiles(folder),
      name = tasksName(tasks),
      file = join(folder, 'scripts', `${id}.sh`)
    const array = { id, tasks: tasks.length, tasksFile: `tasks/${name}`, throttle, folder: site.at(folder) }
    const script = scriptOf(place, folder, array, this.#parts.threads())
    for (const each of [files.tasks(name), file]) mkdirSync(dirname(each), { recursive: true })
    writeFileSync(files.tasks(name), JSON.stringify(tasks))
    writeFileSync(file, script, { mode: 0o755 })
    return script
  }
}
