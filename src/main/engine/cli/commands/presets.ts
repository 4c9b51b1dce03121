import type { Dataset, Run } from '../../../../shared/domain.ts'
import { withSign } from '../../../../shared/figures.ts'
import { inKeys } from '../../../../shared/settings/messages.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import {
  isDatasetOf,
  presetForms,
  type Outcome as PresetOutcome,
  type PresetForm,
  type PresetFormInfo,
  type PresetInfo,
} from '../../../../shared/presets.ts'
import type { Settings } from '../../../../shared/config.ts'
import { suggestion } from '../../suggestion.ts'
import type { Arguments, Command, Outcome } from '../command.ts'
import type { Session } from '../session.ts'
import { settingsFrom } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import { runEnded, taskDone } from '../wait.ts'
import { wholeNumber } from '../wholeNumber.ts'
import { runJson, stopped } from './runs.ts'

/** `40 s`, `14 min`, `3 h`, `14 days`: as exact as a guess is. */
export function about(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

/** The form in which a preset is trained. Error: USAGE. */
export function formNamed(form: unknown = 'quick'): PresetForm {
  if (presetForms.includes(form as PresetForm)) return form as PresetForm
  throw new WorkbenchError('USAGE', `A form is ${presetForms.join(' or ')}, not “${String(form)}”.`, { field: 'form' })
}

/** Error: PRESET_UNKNOWN. */
export async function findPreset({ call }: Session, id: string): Promise<PresetInfo> {
  const { presets } = await call('presets.list', {})
  const found = presets.find((preset) => preset.id === id)
  if (found) return found
  throw new WorkbenchError(
    'PRESET_UNKNOWN',
    `There is no preset “${id}”; ${suggestion(
      id,
      presets.map((preset) => preset.id),
    )}`,
    { field: 'preset' },
  )
}

/** A preset's runs in its quick form or in the paper's. */
export const formOf = (preset: PresetInfo, form: PresetForm): PresetFormInfo => preset.forms.find((each) => each.form === form)!

/** The dataset that a preset needs: the one that is there, or else imported. */
export async function presetDataset(session: Session, preset: PresetInfo, terminal: Terminal): Promise<Dataset> {
  const list = async () => (await session.call('datasets.list', {})).datasets
  const known = (await list()).find((dataset) => isDatasetOf(preset.dataset, dataset))
  if (known) return known
  const id = await taskDone(session, () => session.call('presets.import', { preset: preset.id }), terminal)
  return (await list()).find((dataset) => dataset.id === id)!
}

/** Settings on top of others, in one level of dotted keys. */
export function onTop(below: Settings, above: Settings): Settings {
  const flat = (settings: Settings, prefix = ''): [string, unknown][] =>
    Object.entries(settings).flatMap(([key, value]): [string, unknown][] =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? flat(value as Settings, `${prefix}${key}.`)
        : [[prefix + key, value]],
    )
  return Object.fromEntries([...flat(below), ...flat(above)])
}

/** What is told of a run beside its figures. */
function outcomeText({ rows, reasons }: PresetOutcome): string {
  return [
    ...rows.map((row) => `  ${row.sentence}\n    ${row.says} (${row.where})`),
    ...reasons.map((reason) => `  ${reason}`),
  ].join('\n')
}

export const presetOptions = { preset: { type: 'string' }, form: { type: 'string' }, run: { type: 'string' } } as const
export const presetHelp = [
  '--preset ID       a published experiment with its dataset and settings; “presets” lists them.',
  '                  --set, --seed, --name and --dataset change single things of it',
  '--form quick|paper  minutes on 2 cores (default), or as published',
  '--run R           only this one of its runs',
]

/** `train --preset ID`: one run after the other, each beside what was published. Ctrl-C pauses the one that trains and starts no more. */
export async function trainPreset(session: Session, { values, path }: Arguments, terminal: Terminal): Promise<Outcome> {
  const given = values as Record<string, string | undefined>
  if (given['variant'] !== undefined)
    throw new WorkbenchError('USAGE', 'A preset says which variant; leave --variant out.', { field: 'variant' })
  const preset = await findPreset(session, given['preset']!)
  const form = formNamed(given['form'])
  const all = formOf(preset, form).runs
  const chosen = given['run'] === undefined ? all : all.filter((run) => run.id === given['run'])
  if (chosen.length === 0)
    throw new WorkbenchError(
      'PRESET_UNKNOWN',
      `The ${form} form of ${preset.id} has no run “${given['run']}”; choose one of ${all.map((run) => run.id).join(', ')}.`,
      { field: 'run' },
    )
  if (given['name'] !== undefined && chosen.length > 1)
    throw new WorkbenchError('USAGE', `--name names one run, and this preset has ${chosen.length}; choose one with --run.`, {
      field: 'name',
    })
  const requests = []
  for (const { id, name, variant, settings, seed } of chosen) {
    const { fields } = await session.call('runs.check', { variant, settings })
    const typed = settingsFrom(
      (values['set'] ?? []) as string[],
      given['config'] === undefined ? undefined : path(given['config']),
      fields,
    )
    const request = {
      variant,
      settings: onTop(settings, typed),
      seed: given['seed'] === undefined ? seed : wholeNumber('seed', given['seed']),
      name: given['name'] ?? name,
      preset: { id: preset.id, form, run: id },
    }
    // Before minutes go into an import or into the runs before it.
    const { problems } = await session.call('runs.check', request)
    if (problems[0] !== undefined) throw WorkbenchError.from(problems[0])
    requests.push(request)
  }
  const dataset = given['dataset'] ?? (await presetDataset(session, preset, terminal)).id
  const done: { run: Run; outcome: PresetOutcome | null }[] = []
  for (const request of requests) {
    const { warnings, fields } = await session.call('runs.check', { dataset, ...request })
    for (const warning of warnings) terminal.tell(inKeys(warning, fields))
    const { run, interrupted } = await runEnded(session, () => session.call('runs.create', { dataset, ...request }), terminal)
    const { outcome } = await session.call('presets.outcome', { run: run.id })
    done.push({ run, outcome })
    const last = stopped(run, interrupted)
    if (last.error !== undefined) return { ...report(preset, form, done), ...last }
  }
  return report(preset, form, done)
}

function report(preset: PresetInfo, form: PresetForm, done: { run: Run; outcome: PresetOutcome | null }[]): Outcome {
  const runs = done.map(({ run, outcome }) => ({ ...runJson(run), outcome }))
  const text = done.map(
    ({ run, outcome }) =>
      `${run.name} (${run.id}), ${run.state}, ${about(run.seconds)}\n${outcome === null ? '' : outcomeText(outcome)}`,
  )
  return {
    json: { preset: preset.id, form, runs, ...(runs.length === 1 ? { run: runs[0] } : {}) },
    text: [preset.reference, ...text].join('\n\n'),
  }
}

export const presetsList: Command = {
  usage: '',
  summary: 'Published experiments that can be trained, with the figures reported.',
  async run({ call }) {
    const { presets } = await call('presets.list', {})
    const runLine = ({ id, title, references }: PresetFormInfo['runs'][number]) => {
      const figures = references.map((one) => `${one.title} ${withSign(one.text, one.unit)}`).join(', ')
      return `    ${id.padEnd(10)}${title}: ${figures || 'no comparable figure'}`
    }
    const text = presets
      .map((preset) =>
        [
          `${preset.id}  ${preset.title}`,
          `  ${preset.reference}`,
          `  ${preset.dataset.title}; ${preset.forms.map(({ form, seconds }) => `${form}: about ${about(seconds)}`).join(', ')}`,
          ...formOf(preset, 'quick').runs.map(runLine),
        ].join('\n'),
      )
      .join('\n\n')
    return { json: { presets }, text: `${text}\n\nTrain one with: train --preset ID [--form quick|paper] [--run R]` }
  },
}
