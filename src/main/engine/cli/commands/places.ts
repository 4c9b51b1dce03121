import { WorkbenchError } from '../../../../shared/errors.ts'
import type { PlaceInput, PlaceView } from '../../../../shared/places.ts'
import { counted } from '../../../../shared/words.ts'
import type { Command, Values } from '../command.ts'
import type { Session } from '../session.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { taskDone } from '../wait.ts'
import { wholeNumber } from '../wholeNumber.ts'

/** What stands in the help of commands that train somewhere. */
export const placeHelp = [
  '--place NAME      trains there; “places list” lists them',
  '--detach          does not wait: it goes on there',
]
export const placeOptions = { place: { type: 'string' }, detach: { type: 'boolean' } } as const

const text = (values: Values, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
const number = (values: Values, name: string): number | undefined => {
  const given = text(values, name)
  return given === undefined ? undefined : wholeNumber(name, given)
}

/** One line a place. */
function stateOf({ runs, submissions, trouble }: PlaceView): string {
  const sum = (of: 'waiting' | 'running' | 'missing') => submissions.reduce((all, each) => all + each[of], 0)
  if (trouble !== null) return trouble
  if (runs === 0) return 'nothing is there'
  const parts = [`${counted(runs, 'run')} not ended`, `${sum('running')} tasks at work`, `${sum('waiting')} waiting`]
  if (sum('missing') > 0) parts.push(`${sum('missing')} missing`)
  const refused = submissions.find((each) => each.refused !== null)?.refused
  return [...parts, ...(refused == null ? [] : [refused])].join(', ')
}

/** Looks at every place where something is: what was wanted of it reaches it, and what it says is known. */
export async function lookEverywhere(call: Session['call']): Promise<void> {
  const { places } = await call('places.list', {})
  for (const { place, runs, submissions } of places)
    if (runs > 0 || submissions.length > 0) await call('places.look', { place: place.name })
}

export const placesList: Command = {
  usage: '',
  summary: 'Places beside this machine where runs are trained, and what is there.',
  async run({ call }) {
    await lookEverywhere(call)
    const { places } = await call('places.list', {})
    const rows = places.map((view) => [view.place.name, view.place.kind, view.place.host ?? '', view.place.folder, stateOf(view)])
    return {
      json: { places },
      text:
        rows.length === 0
          ? 'No places yet; “places add” adds a cluster.'
          : table(['name', 'kind', 'host', 'folder', 'state'], rows),
    }
  },
}

export const placesAdd: Command = {
  usage: 'NAME --kind slurm|ssh --folder SHARED',
  summary: 'Adds a place: a cluster with Slurm, here or behind ssh.',
  help: [
    '--folder SHARED   a folder that this machine and the nodes see under the same name',
    '--host H          of a place of the kind ssh',
    '--scheduler slurm|none  at a host (default: Slurm where it has sbatch; none: tasks in turn)',
    '--partition P, --account A, --time 01:00:00, --memory 4G  as Slurm takes them',
    '--cpus N          of each task, and threads of each training (default: as here)',
    '--runs-per-job N  runs of a task (default: as many as take ten minutes)',
    '--jobs N          tasks that may go on at once',
    '--extra "..."     a further line behind #SBATCH; may be given often',
    '--before "..."    a line of shell before each task; may be given often',
    '--container "..." a command that runs the task in a container',
    '--replace         changes the place of this name',
  ],
  positionals: [1, 1],
  options: {
    kind: { type: 'string' },
    folder: { type: 'string' },
    host: { type: 'string' },
    scheduler: { type: 'string' },
    partition: { type: 'string' },
    account: { type: 'string' },
    time: { type: 'string' },
    memory: { type: 'string' },
    cpus: { type: 'string' },
    'runs-per-job': { type: 'string' },
    jobs: { type: 'string' },
    extra: { type: 'string', multiple: true },
    before: { type: 'string', multiple: true },
    container: { type: 'string' },
    replace: { type: 'boolean' },
  },
  async run({ call }, { positionals, values, path }) {
    const kind = text(values, 'kind') ?? (values['host'] === undefined ? 'slurm' : 'ssh'),
      folder = text(values, 'folder')
    if (folder === undefined)
      throw new WorkbenchError('USAGE', 'Say which folder the nodes share with --folder.', { field: 'folder' })
    const given = {
      name: positionals[0]!,
      kind: kind as PlaceInput['kind'],
      // That of another machine is not of this one.
      folder: kind === 'ssh' ? folder : path(folder),
      host: text(values, 'host'),
      scheduler: text(values, 'scheduler') as PlaceInput['scheduler'],
      partition: text(values, 'partition'),
      account: text(values, 'account'),
      time: text(values, 'time'),
      memory: text(values, 'memory'),
      cpus: number(values, 'cpus'),
      runsPerJob: number(values, 'runs-per-job'),
      jobs: number(values, 'jobs'),
      extra: (values['extra'] ?? []) as string[],
      before: (values['before'] ?? []) as string[],
      container: text(values, 'container'),
    }
    const place = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as PlaceInput
    const added = await call('places.add', { place, replace: values['replace'] === true })
    return { json: added, text: `${added.place.place.name}: experiment run PLAN.json --place ${added.place.place.name}` }
  },
}

export const placesRemove: Command = {
  usage: 'NAME',
  summary: 'Takes a place away; what lies in its folder stays.',
  positionals: [1, 1],
  async run({ call }, { positionals }) {
    const removed = await call('places.remove', { place: positionals[0]! })
    return { json: removed, text: `${removed.place} was taken away.` }
  },
}

export const placesCheck: Command = {
  usage: 'NAME',
  summary: 'Finds out by one small job whether runs can be trained at a place.',
  positionals: [1, 1],
  async run(session, { positionals }, terminal) {
    const task = await taskDone(session, () => session.call('places.check', { place: positionals[0]! }), terminal)
    const { findings } = await session.call('places.findings', { task })
    const bad = findings.filter(({ isGood }) => !isGood)
    return {
      json: { findings },
      text: findings.map(({ isGood, sentence }) => `${isGood ? 'ok  ' : 'BAD '} ${sentence}`).join('\n'),
      ...(bad[0] === undefined ? {} : { error: { code: 'PLACE_REFUSED' as const, message: bad[0].sentence } }),
    }
  },
}

/** Has an experiment or a run trained at a place. Where its scheduler takes nothing more by now, that is told: it is tried again. */
export async function submit(
  session: Session,
  place: string,
  what: { experiment: string } | { run: string },
  terminal: Terminal,
): Promise<void> {
  await taskDone(session, () => session.call('places.submit', { place, ...what }), terminal)
  const { places } = await session.call('places.list', {})
  const refused = places.find((view) => view.place.name === place)?.submissions.findLast((each) => each.refused !== null)?.refused
  if (refused != null)
    terminal.tell(`${refused} What was sent waits at “${place}” and is tried again: mend the place, or cancel it.`)
}
