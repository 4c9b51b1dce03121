import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Place, PlaceFinding } from '../../../shared/places.ts'
import { checkPlace } from '../places/check.ts'
import type { Keeper } from '../places/keeper.ts'
import type { KeptPlaces } from '../places/kept.ts'
import { tasksAt, wantedBy } from '../places/plan.ts'
import { scriptFor } from '../places/script.ts'
import type { Site } from '../places/site.ts'
import { standing } from '../queue/tasks.ts'
import { plainName } from '../remote/arrayScript.ts'
import { engineGlibc } from '../remote/engineFolder.ts'
import { openRunsOf, sendRuns } from '../remote/send.ts'
import type { Context, Handlers } from './context.ts'
import { Outcomes } from './outcomes.ts'

export interface Places {
  kept: KeptPlaces
  keeper: Keeper
  siteOf: (place: Place) => Site
}

/** Letters, digits and what else no shell, scheduler or disk stumbles over. */
const folderName = (name: string, id: string): string => `${plainName(name, 40)}-${id}`.replace(/^-/, '')

/** What of a place jobs that are there depend on. */
const whereOf = ({ kind, host, folder, scheduler }: Place): string => JSON.stringify([kind, host, folder, scheduler])

/** A folder that nobody has used: what was said in an earlier one is over, and its tasks are told to leave. */
function freeFolder(folder: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? folder : `${folder}-${number}`
    if (!existsSync(name)) return name
  }
}

/** Places, and what is sent to them. */
export const placeHandlers = (context: Context, { kept, keeper, siteOf }: Places) => {
  const { home, store, queue, tasks, experiments, emit } = context

  const findings = new Outcomes<PlaceFinding[]>('Nothing is known of that check any more; check the place again.')

  /** The script as it would be for so many tasks. */
  const scriptAt = (place: Place, name: string, count: number, glibc: string | null): string =>
    scriptFor(
      place,
      {
        id: 'preview',
        tasks: count,
        tasksFile: 'tasks/preview.json',
        throttle: place.jobs === undefined ? null : Math.min(place.jobs, count),
        folder: join(place.folder, folderName(name, 'preview')),
      },
      { name, threads: queue.settings.threads, glibc },
    )

  return {
    'places.list': () => ({ places: keeper.views() }),
    'places.add': ({ place, replace }) => {
      const before = kept.find(place.name)
      if (!replace && before !== undefined)
        throw new WorkbenchError('PLACE_NAME_TAKEN', `There is a place “${place.name}”; choose another name, or change that one.`, {
          field: 'name',
        })
      if (before !== undefined && whereOf(before) !== whereOf(place) && keeper.isOut(place.name))
        throw new WorkbenchError(
          'PLACE_IN_USE',
          `Runs are at “${place.name}”: its kind, host, folder and scheduler can be changed once they have ended; ` +
            'add another place instead.',
          { field: 'place' },
        )
      kept.put(place)
      const view = keeper.view(place)
      emit({ type: 'place', place: view })
      keeper.wake(place.name)
      return { place: view }
    },
    'places.remove': async ({ place }) => {
      kept.get(place)
      const { length } = store.runs.openAt(place)
      if (length > 0)
        throw new WorkbenchError(
          'PLACE_IN_USE',
          `${length === 1 ? 'A run is' : `${length} runs are`} at “${place}”; wait for them, or cancel them, and remove it then.`,
          { field: 'place' },
        )
      await keeper.now(place)
      if (keeper.isOut(place))
        throw new WorkbenchError('PLACE_IN_USE', `The last tasks at “${place}” are ending; remove it in a minute.`, {
          field: 'place',
        })
      kept.remove(place)
      keeper.forget(place)
      emit({ type: 'placeRemoved', place })
      return { place }
    },
    'places.look': async ({ place }) => {
      const found = kept.get(place)
      await keeper.now(place)
      return { place: keeper.view(found) }
    },
    'places.check': ({ place: name }) => {
      const place = kept.get(name)
      const task = tasks.start('check', name, async (signal, onProgress) => {
        const found = await checkPlace(place, siteOf(place), {
          signal,
          onStage: (stage) => onProgress(standing(stage)),
        })
        findings.keep(task.id, found)
        return task.id
      })
      return { task }
    },
    'places.findings': ({ task }) => ({ findings: findings.get(task) }),
    'places.script': async ({ place: name, experiment: experimentReference, run: runReference, plan }) => {
      if ([experimentReference, runReference, plan].filter((one) => one !== undefined).length !== 1)
        throw new WorkbenchError('CALL_INVALID', 'Say which experiment, which run, or which plan the script is for: one of them.', {
          field: 'experiment',
        })
      const place = kept.get(name)
      const experiment = experimentReference === undefined ? null : store.experiments.resolve(experimentReference)
      const run = runReference === undefined ? null : store.runs.resolve(runReference)
      const wanted = run ? [run] : experiment ? openRunsOf(store, experiment.id) : wantedBy({ store, home }, plan!)
      const dataset = (run ?? experiment)?.datasetId ?? store.datasets.get(plan!.dataset).id
      const count = tasksAt(store, place, dataset, wanted, queue.settings.threads)
      const script = scriptAt(place, (run ?? experiment ?? plan!).name, Math.max(1, count), await engineGlibc())
      return { script, runs: wanted.length, tasks: count }
    },
    'places.submit': ({ place: placeName, experiment: reference, run: runReference }) => {
      if ((reference === undefined) === (runReference === undefined))
        throw new WorkbenchError('CALL_INVALID', 'Say either which experiment, or which run is to be trained there.', {
          field: 'experiment',
        })
      const place = kept.get(placeName)
      const experiment = reference === undefined ? null : store.experiments.resolve(reference)
      const run = runReference === undefined ? null : store.runs.resolve(runReference)
      const { id, name } = experiment ?? run!
      const site = siteOf(place)
      const task = tasks.start('send', name, async (signal, onProgress) => {
        onProgress(standing('Asking the scheduler'))
        mkdirSync(site.root, { recursive: true })
        await site.scheduler.test(place.folder, scriptAt(place, name, 1, null))
        signal.throwIfAborted()
        const folder = freeFolder(join(site.root, folderName(name, id)))
        const { runs } = await sendRuns({ store, home }, experiment === null ? { run: id } : { experiment: id }, folder, {
          place: placeName,
          shared: site.root,
          threads: place.cpus ?? queue.settings.threads,
          copies: queue.settings.get().copies,
          perTask: place.runsPerJob,
          atOnce: place.jobs,
          signal,
          onProgress,
        })
        if (experiment !== null) store.experiments.want(id, 'running')
        for (const each of runs) emit({ type: 'run', run: store.runs.get(each) })
        if (experiment !== null) experiments.tell(id)
        onProgress(standing('Handing it over'))
        await keeper.now(placeName)
        return id
      })
      return { task }
    },
  } satisfies Partial<Handlers>
}
