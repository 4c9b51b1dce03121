import { bytes, duration } from '../../../../shared/amounts.ts'
import type { Run } from '../../../../shared/domain.ts'
import { timeWords } from '../../../../shared/expectedTime.ts'
import { WorkbenchError, type ErrorInfo } from '../../../../shared/errors.ts'
import type { Experiment, ExperimentSummary, PlanInput } from '../../../../shared/experiments.ts'
import { isUnderWay } from '../../../../shared/runStates.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import { sentencesOf } from '../../compare/dataNotes.ts'
import { oneForAllNotes } from '../../compare/notes.ts'
import { experimentCsv } from '../../experiments/csv.ts'
import { withMark } from '../../files/csv.ts'
import type { Command, Outcome } from '../command.ts'
import { readJsonFile } from '../jsonFile.ts'
import type { Session } from '../session.ts'
import { figureName, figureText } from '../figures.ts'
import { table } from '../table.ts'
import { type Terminal } from '../terminal.ts'
import { sayOnce, taskDone } from '../wait.ts'
import { wholeNumber } from '../wholeNumber.ts'
import { importOwnSet } from './datasets.ts'
import { placeHelp, placeOptions, submit } from './places.ts'
import { runJson } from './runs.ts'

const example = '{"name": "two", "dataset": "mnist", "variants": [{"variant": "classical"}, {"variant": "denoising"}]}'
/** Figures in the list of an experiment's runs. */
const listed = ['squaredError', 'linearProbeAccuracy', 'classificationAccuracy'] as const
/** Runs asked for at once. */
const atOnce = 500

/** Ids of an experiment's runs, in the order of its cells, in parts that can be asked for at once. */
function parts({ cells }: Experiment): string[][] {
  const ids = [...new Set(cells.flatMap(({ runs }) => runs.flatMap(({ run }) => (run === null ? [] : [run]))))]
  return Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, part) => ids.slice(part * atOnce, (part + 1) * atOnce))
}

/** The runs of an experiment, in the order of its cells. */
export async function runsOf({ call }: Pick<Session, 'call'>, reference: string): Promise<Run[]> {
  const { experiment } = await call('experiments.show', { experiment: reference })
  const runs: Run[] = []
  for (const some of parts(experiment)) runs.push(...(await call('runs.several', { runs: some })).runs)
  return runs
}

/** The experiment whole, with its runs in the order of its cells. */
export async function everything({ call }: Session, reference: string): Promise<Everything> {
  const { experiment } = await call('experiments.show', { experiment: reference })
  const runs: Run[] = []
  let said: Everything['said'] = {}
  for (const some of parts(experiment)) {
    runs.push(...(await call('runs.several', { runs: some })).runs)
    said = { ...said, ...(await call('runs.likelihoods', { runs: some })).likelihoods }
  }
  return { experiment, runs, said }
}

interface Everything {
  experiment: Experiment
  runs: Run[]
  /** By id of a run what is to be known of its likelihoods. */
  said: Record<string, string[]>
}

/** What is to be known of the figures, each sentence once. */
function notesOf({ runs, said }: Everything): string[] {
  const names = new Map<string, string[]>()
  for (const { id, name } of runs) for (const note of said[id] ?? []) names.set(note, [...(names.get(note) ?? []), name])
  return [...oneForAllNotes(runs), ...sentencesOf(names, runs.length)]
}

export const json = ({ experiment, runs, said }: Everything) => ({
  experiment,
  notes: notesOf({ experiment, runs, said }),
  runs: runs.map((run) => ({ ...runJson(run), experiment: run.experiment, bytes: run.bytes })),
})

export function describe({ experiment, runs, said }: Everything): string {
  const byId = new Map(runs.map((run) => [run.id, run]))
  const rows = experiment.cells.flatMap(({ title, runs: places }) =>
    places.map(({ seed, run: id, reused }) => {
      const run = id === null ? undefined : byId.get(id)
      return [
        title,
        String(seed),
        run ? `${run.state}${reused ? ' (before)' : ''}` : 'removed',
        run?.id ?? '',
        ...listed.map((key) => figureText(key, run?.evaluation)),
      ]
    }),
  )
  const heads = ['cell', 'seed', 'state', 'run', ...listed.map(figureName)]
  // A column in which there is nothing says nothing.
  const used = heads.map((_, column) => column < 4 || rows.some((row) => row[column] !== ''))
  const shown = (row: string[]) => row.filter((_, column) => used[column])
  const { name, id, state, dataset, progress } = experiment
  const notes = notesOf({ experiment, runs, said }).flatMap((note) => ['', note])
  const ended = `${progress.done} of ${counted(progress.total, 'run has', 'runs have')} ended`
  return [`${name} (${id}) on ${dataset}: ${state}, ${ended}`, '', table(shown(heads), rows.map(shown)), ...notes].join('\n')
}

/** Starts an experiment, or lets it go on, and waits until nothing of it trains or waits; Ctrl-C pauses it with checkpoints. */
async function experimentEnded(
  session: Session,
  start: () => Promise<{ experiment: ExperimentSummary }>,
  terminal: Terminal,
  place: string | null = null,
): Promise<{ id: string; interrupted: boolean }> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const seen = new Map<string, ExperimentSummary>(),
    lastStates = new Map<string, string>()
  let followed: string | null = null
  let interrupted = false
  const lacks = sayOnce(terminal)
  const look = (experiment: ExperimentSummary) => {
    seen.set(experiment.id, experiment)
    if (experiment.id !== followed) return
    const { done, total, secondsLeft, share } = experiment.progress
    const worst = ['failed', 'diverged', 'interrupted'].flatMap((state) =>
      experiment.states[state as 'failed'] > 0 ? [`${experiment.states[state as 'failed']} ${state}`] : [],
    )
    terminal.progress(
      experiment.name,
      {
        done: 100 * share,
        total: 100,
        unit: 'per cent',
        perSecond: null,
        secondsLeft,
        stage: `${done} of ${counted(total, 'run has', 'runs have')} ended`,
      },
      worst.join(', '),
    )
    if (experiment.state !== 'running') resolve()
  }
  const unsubscribe = session.onEvent((event) => {
    if (event.type === 'experiment') look(event.experiment)
    else if (event.type === 'queue') lacks(event.queue.waitsFor?.message ?? null)
    else if (event.type === 'experimentRemoved' && event.experiment === followed)
      reject(new WorkbenchError('EXPERIMENT_UNKNOWN', 'The experiment was removed while it was trained.'))
    else if (event.type === 'run' && event.run.experiment?.id === followed && lastStates.get(event.run.id) !== event.run.state) {
      const { id, name, state, evaluation, error } = event.run
      lastStates.set(id, state)
      if (state === 'completed')
        terminal.tell(
          [
            `${name}: completed`,
            ...(evaluation?.squaredError == null
              ? []
              : [`${figureName('squaredError')} ${figureText('squaredError', evaluation)}`]),
          ].join(', '),
        )
      else if (state === 'failed' || state === 'diverged' || state === 'interrupted')
        terminal.tell(`${name}: ${state}${error ? `. ${error.message}` : ''}`)
    }
  })
  let release = () => {}
  try {
    const { experiment } = await start()
    followed = experiment.id
    release = terminal.onInterrupt(() => {
      interrupted = true
      // What is elsewhere needs nobody here.
      if (place !== null) return resolve()
      terminal.tell(`Pausing ${experiment.name} with checkpoints; Ctrl-C again ends at once.`)
      void session.call('experiments.pause', { experiment: experiment.id }).catch(() => {})
    })
    look(seen.get(experiment.id) ?? experiment)
    await Promise.race([promise, session.lost])
    return { id: experiment.id, interrupted: interrupted && (place !== null || seen.get(experiment.id)?.state === 'paused') }
  } finally {
    unsubscribe()
    release()
  }
}

async function outcome(session: Session, { id, interrupted }: { id: string; interrupted: boolean }): Promise<Outcome> {
  const all = await everything(session, id)
  const { name, states, progress, state } = all.experiment
  const going = 'continue with: npm run -s aebench -- experiment resume '
  if (interrupted && state === 'running')
    return {
      json: json(all),
      text: `${name} goes on where it is; “experiment resume ${id}” follows it, and “experiment cancel ${id}” ends it.`,
      exitCode: 130,
    }
  const bad = progress.total - states.completed
  const completed = `${states.completed} of ${counted(progress.total, 'run is', 'runs are')} completed`
  const error: ErrorInfo | undefined =
    state === 'paused'
      ? { code: 'CANCELLED', message: `The experiment “${name}” was paused, ${completed}; ${going}${id}` }
      : state === 'cancelled'
        ? { code: 'CANCELLED', message: `The experiment “${name}” was cancelled; ${completed}.` }
        : bad === 0
          ? undefined
          : {
              code: states.diverged === bad ? 'RUN_DIVERGED' : 'RUN_FAILED',
              message:
                `${bad} of the ${counted(progress.total, 'run')} of ` +
                `“${name}” ${bad === 1 ? 'was' : 'were'} not completed; “experiment show ${id}” lists them.`,
            }
  return {
    json: json(all),
    text: describe(all),
    ...(error === undefined ? {} : { error }),
    ...(interrupted ? { exitCode: 130 } : {}),
  }
}

/** The plan of a file, with what the command says instead of it; a set that comes with the workbench is imported where it is missing. */
async function planOf(
  session: Session,
  file: string,
  values: Record<string, string | undefined>,
  terminal: Terminal,
): Promise<PlanInput> {
  const { name, dataset, seeds } = values
  const plan = {
    ...readJsonFile(file, 'plan', example),
    ...(name === undefined ? {} : { name }),
    ...(dataset === undefined ? {} : { dataset }),
    ...(seeds === undefined ? {} : { seeds: seeds.split(',').map((seed) => wholeNumber('seeds', seed.trim())) }),
  } as unknown as PlanInput
  await importOwnSet(session, plan.dataset, terminal)
  return plan
}

export const experimentRun: Command = {
  usage: 'PLAN.json',
  summary: 'Trains all runs of a plan and waits for them. Ctrl-C pauses them with checkpoints.',
  help: [
    `PLAN.json         ${example}`,
    '                  and "seeds", "settings", "sweep", "baseline", "reuse"',
    "--dataset N, --name N, --seeds 1,2,3  instead of the plan's",
    '--check           only says what the plan will take, with measured times',
    ...placeHelp,
    '--dry-run         only prints the script that the place would be given',
  ],
  positionals: [1, 1],
  options: {
    dataset: { type: 'string' },
    name: { type: 'string' },
    seeds: { type: 'string' },
    check: { type: 'boolean' },
    ...placeOptions,
    'dry-run': { type: 'boolean' },
  },
  async run(session, { positionals, values, path }, terminal) {
    const plan = await planOf(session, path(positionals[0]!), values as Record<string, string | undefined>, terminal)
    let { check } = await session.call('experiments.check', { plan })
    const [first, ...others] = check.problems
    others.forEach(({ message }) => terminal.tell(message))
    if (first !== undefined) throw WorkbenchError.from(first)
    check.warnings.forEach(terminal.tell)
    if (values['check'] === true && check.seconds === null) {
      await taskDone(session, () => session.call('experiments.estimate', { plan }), terminal)
      check = (await session.call('experiments.check', { plan })).check
    }
    const size = [
      counted(check.cells.length, 'configuration'),
      counted(check.runs, 'run'),
      ...(check.reused === 0 ? [] : [`${check.reused} of them already trained`]),
      ...(check.expected === null ? [] : [`about ${duration(check.expected.seconds)} (${timeWords[check.expected.from]})`]),
      `about ${bytes(check.bytes ?? 0)} of disk`,
      ...(check.processMemory === null ? [] : [`about ${bytes(check.processMemory)} of memory at once`]),
    ].join(', ')
    if (values['check'] === true) {
      const rows = check.cells.map(({ title, parameters, steps, expected }) => [
        title,
        parameters === null ? '' : thousands(parameters),
        thousands(steps),
        expected === null ? '' : duration(expected.seconds),
      ])
      return { json: { check }, text: `${size}\n\n${table(['configuration', 'parameters', 'steps', 'a run'], rows)}` }
    }
    const { place } = values
    if (typeof place !== 'string') {
      if (values['dry-run'] === true || values['detach'] === true)
        throw new WorkbenchError('USAGE', '--dry-run and --detach are for a place; name it with --place.', { field: 'place' })
      terminal.tell(size)
      return outcome(session, await experimentEnded(session, () => session.call('experiments.create', { plan }), terminal))
    }
    const script = await session.call('places.script', { place, plan })
    if (values['dry-run'] === true) return { json: { ...script }, text: script.script.trimEnd() }
    terminal.tell(`${size}; ${counted(script.tasks, 'task')} at ${place}`)
    const { experiment } = await session.call('experiments.create', { plan, held: true })
    return atPlace(session, place, experiment.id, values['detach'] === true, terminal)
  },
}

/** Has an experiment trained at a place, and waits for it unless that is not wanted. */
async function atPlace(session: Session, place: string, id: string, detached: boolean, terminal: Terminal): Promise<Outcome> {
  try {
    await submit(session, place, { experiment: id }, terminal)
  } catch (thrown) {
    terminal.tell(`The experiment ${id} is stored and paused: “experiment resume ${id} --place ${place}” tries it again.`)
    throw thrown
  }
  const show = () => session.call('experiments.show', { experiment: id })
  if (detached) {
    const { experiment } = await show()
    return {
      json: { experiment },
      text: `${experiment.name} (${id}) is at ${place}; “experiment resume ${id}” follows it.`,
    }
  }
  return outcome(session, await experimentEnded(session, show, terminal, place))
}

export const experimentResume: Command = {
  usage: 'E [--retry]',
  summary: 'Lets a paused experiment go on, and waits for it.',
  help: [
    '--retry           also what failed, was cancelled or removed',
    ...placeHelp,
    '--here            on this machine, though its runs were at a place',
  ],
  positionals: [1, 1],
  options: { retry: { type: 'boolean' }, here: { type: 'boolean' }, ...placeOptions },
  async run(session, { positionals, values }, terminal) {
    const { place } = values
    if (typeof place === 'string') return atPlace(session, place, positionals[0]!, values['detach'] === true, terminal)
    const away = (await runsOf(session, positionals[0]!)).filter((run) => run.place !== null)
    const elsewhere = away.find(({ state }) => isUnderWay(state))?.place
    if (elsewhere != null) {
      const show = () => session.call('experiments.show', { experiment: positionals[0]! })
      await session.call('places.look', { place: elsewhere })
      return outcome(session, await experimentEnded(session, show, terminal, elsewhere))
    }
    const before = away.find(({ state }) => state !== 'completed' && state !== 'diverged')?.place
    if (before != null && values['here'] !== true)
      throw new WorkbenchError(
        'USAGE',
        `Its runs were at “${before}”: say --place ${before} to have them go on there, or --here for this machine.`,
        { field: 'place' },
      )
    const call = values['retry'] === true ? 'experiments.retry' : 'experiments.resume'
    return outcome(session, await experimentEnded(session, () => session.call(call, { experiment: positionals[0]! }), terminal))
  },
}

export const experimentShow: Command = {
  usage: 'E [--csv] [--bom]',
  summary: 'One experiment with its runs and their figures.',
  help: [
    '--csv             one row a run: what it is, swept settings, every figure',
    '--bom             with a byte order mark, for spreadsheets that take it for no UTF-8',
  ],
  positionals: [1, 1],
  options: { csv: { type: 'boolean' }, bom: { type: 'boolean' } },
  async run(session, { positionals, values }) {
    const all = await everything(session, positionals[0]!)
    if (values['csv'] !== true) return { json: json(all), text: describe(all) }
    const csv = withMark(experimentCsv(all.experiment, all.runs, all.said), values['bom'] === true)
    return { json: { csv }, text: csv.trimEnd() }
  },
}

export const experimentList: Command = {
  usage: '',
  summary: 'All experiments, oldest first.',
  async run({ call }) {
    const { experiments } = await call('experiments.list', {})
    const rows = experiments.map(({ id, name, state, dataset, cellCount, seedCount, progress }) => [
      id,
      name,
      state,
      dataset,
      String(cellCount),
      String(seedCount),
      `${progress.done}/${progress.total}`,
    ])
    return {
      json: { experiments },
      text:
        rows.length === 0
          ? 'No experiments yet; “experiment run” makes one of a plan.'
          : table(['id', 'name', 'state', 'dataset', 'cells', 'seeds', 'runs'], rows),
    }
  },
}
