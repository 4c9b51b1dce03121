import { thousands } from '../../../../shared/words.ts'
import type { Run } from '../../../../shared/domain.ts'
import { textOfConvolutions } from '../../../../shared/convolutions.ts'
import { validatedOn } from '../../../../shared/datasetWords.ts'
import { evaluatedWeights } from '../../../../shared/evaluatedWeights.ts'
import { WorkbenchError, type ErrorInfo } from '../../../../shared/errors.ts'
import { fewTestsSentence } from '../../../../shared/fewTests.ts'
import type { Command, Outcome } from '../command.ts'
import { runFigures } from '../../figures/index.ts'
import { figureName, figureText } from '../figures.ts'
import type { Session } from '../session.ts'
import { table } from '../table.ts'
import { taskDone } from '../wait.ts'

/** A run as the command line tells it: what it is, then every figure that it has, in two columns. */
export async function describeRun({ call }: Session, run: Run): Promise<string> {
  const dataset = (await call('datasets.list', {})).datasets.find(({ id }) => id === run.datasetId)
  const facts: [string, string][] = [
    ['Run', `${run.name} (${run.id})`],
    ['State', run.state],
    ['Dataset', run.dataset],
    ...(dataset ? [['Validated on', validatedOn(dataset)] as [string, string]] : []),
    ['Variant', run.variant],
    ['Seed', String(run.seed)],
    ['Convolutions', textOfConvolutions(run.config.network.convolutions)],
    ['Layers', run.config.network.layers.join(', ')],
    ['Steps', `${thousands(run.step)} of ${thousands(run.steps)}`],
    ['Training', `${run.seconds.toFixed(1)} s${run.stepsPerSecond === null ? '' : `, ${run.stepsPerSecond.toFixed(0)} steps/s`}`],
  ]
  if (run.evaluation) facts.push(['Evaluated', `with the ${evaluatedWeights(run.evaluation)}`])
  const figures = runFigures(run).map(({ title, text, unit }): [string, string] => [title, `${text} ${unit}`.trimEnd()])
  const rows = [...facts, ...figures]
  const width = Math.max(...rows.map(([title]) => title.length)) + 2
  return rows.map(([title, value]) => `${title.padEnd(width)}${value}`).join('\n')
}

/** What `train`, `resume` and `runs show` print of a run. */
export const runJson = (run: Run): Record<string, unknown> => ({
  id: run.id,
  name: run.name,
  state: run.state,
  dataset: run.dataset,
  variant: run.variant,
  seed: run.seed,
  config: run.config,
  evaluation: run.evaluation,
  place: run.place,
  processor: run.processor,
  seconds: run.seconds,
  stepsPerSecond: run.stepsPerSecond,
  step: run.step,
  steps: run.steps,
  epoch: run.epoch,
  stages: run.stages,
  parameters: run.parameters,
  threads: run.threads,
  createdAt: run.createdAt,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
  preset: run.preset,
  origin: run.origin,
  error: run.error,
})

/** Why a run that trains no more did not complete, as a command ends with it; nothing where it did. */
export function stopped(run: Run, interrupted: boolean): Pick<Outcome, 'error' | 'exitCode'> {
  if (run.state === 'completed') return {}
  const resume = `continue with: npm run -s aebench -- resume ${run.id}`
  const error: ErrorInfo =
    run.state === 'paused'
      ? { code: 'CANCELLED', message: `The run “${run.name}” was paused at step ${run.step} with a checkpoint; ${resume}` }
      : run.state === 'cancelled'
        ? { code: 'CANCELLED', message: `The run “${run.name}” was cancelled; what was trained until step ${run.step} is kept.` }
        : (run.error ?? {
            code: run.state === 'diverged' ? 'RUN_DIVERGED' : 'RUN_FAILED',
            message: `The run “${run.name}” ended as ${run.state}; ${resume}`,
          })
  return { error, ...(interrupted ? { exitCode: 130 } : {}) }
}

/** A run that stopped training, as the outcome of the command that waited for it. */
export const ended = async (session: Session, run: Run, interrupted: boolean): Promise<Outcome> =>
  withNotes(session, run, { json: { run: runJson(run) }, text: await describeRun(session, run), ...stopped(run, interrupted) })

/** With what is to be known of the run's figures. */
async function withNotes({ call }: Session, { id, evaluation }: Run, outcome: Outcome): Promise<Outcome> {
  if (evaluation === null) return outcome
  const { notes } = await call('runs.notes', { run: id })
  return { ...outcome, json: { ...outcome.json, notes }, text: [outcome.text, ...notes].join('\n\n') }
}

/** Figures in the list of runs. */
const listed = ['squaredError', 'linearProbeAccuracy'] as const

export const runsList: Command = {
  usage: '',
  summary: 'All runs, oldest first.',
  async run({ call }) {
    const { runs } = await call('runs.list', {})
    const rows = runs.map((run) => [
      run.id,
      run.name,
      run.state,
      run.dataset,
      run.variant,
      String(run.seed),
      ...listed.map((key) => figureText(key, run.evaluation)),
    ])
    const head = ['id', 'name', 'state', 'dataset', 'variant', 'seed', ...listed.map(figureName)]
    const measured = new Set(runs.flatMap(({ evaluation, datasetId }) => (evaluation === null ? [] : [datasetId])))
    const { datasets } = await call('datasets.list', {})
    const few = datasets.filter(({ id }) => measured.has(id)).flatMap((dataset) => fewTestsSentence(dataset) ?? [])
    return {
      json: { runs: runs.map(runJson) },
      text: rows.length === 0 ? 'No runs yet; “train” makes one.' : [table(head, rows), ...few].join('\n\n'),
    }
  },
}

export const runsShow: Command = {
  usage: 'RUN [--config]',
  summary: 'One run: its settings, state and evaluation.',
  help: ['--config          only its settings, as “train --config” takes them from a file'],
  positionals: [1, 1],
  options: { config: { type: 'boolean' } },
  async run(session, { positionals, values }) {
    const { call } = session,
      { run } = await call('runs.show', { run: positionals[0]! })
    if (values['config'] === true) return { json: { config: run.config }, text: JSON.stringify(run.config, null, 2) }
    const error = run.error === null ? '' : `\n\n${run.error.message}`
    const { notes } = await call('runs.notes', { run: run.id })
    return { json: { run: runJson(run), notes }, text: [(await describeRun(session, run)) + error, ...notes].join('\n\n') }
  },
}

export const evaluateRun: Command = {
  usage: 'RUN | --weights F.safetensors --dataset N',
  summary: 'Measures a run that trains no more again from its checkpoint, and stores the result.',
  help: [
    "--weights F       instead of a run: a checkpoint's file, which becomes a run that was not trained",
    '--dataset N       what it is measured on',
    "--name N          that run's name",
  ],
  positionals: [0, 1],
  options: { weights: { type: 'string' }, dataset: { type: 'string' }, name: { type: 'string' } },
  async run(session, { values, positionals, path }, terminal) {
    const { weights, dataset, name } = values as Record<string, string | undefined>
    if ((weights === undefined) === (positionals.length === 0))
      throw new WorkbenchError('USAGE', "Say what to evaluate: a run, or a checkpoint's file with --weights.", { field: 'run' })
    if (weights !== undefined && dataset === undefined)
      throw new WorkbenchError('USAGE', 'Say on what to measure the weights with --dataset; “datasets list” lists them.', {
        field: 'dataset',
      })
    const id = await taskDone(
      session,
      () =>
        weights === undefined
          ? session.call('runs.evaluate', { run: positionals[0]! })
          : session.call('weights.evaluate', {
              weights: path(weights),
              dataset: dataset!,
              ...(name === undefined ? {} : { name }),
            }),
      terminal,
    )
    const { run } = await session.call('runs.show', { run: id })
    return withNotes(session, run, { json: { run: runJson(run) }, text: await describeRun(session, run) })
  },
}
