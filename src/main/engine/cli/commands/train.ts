import { bytes, duration } from '../../../../shared/amounts.ts'
import type { CallInput, CallOutput } from '../../../../shared/calls.ts'
import type { Field, Settings } from '../../../../shared/config.ts'
import { timeWords } from '../../../../shared/expectedTime.ts'
import { counted } from '../../../../shared/words.ts'
import { inKeys } from '../../../../shared/settings/messages.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { isUnderWay } from '../../../../shared/runStates.ts'
import type { Arguments, Command, Outcome } from '../command.ts'
import type { Session } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { settingsFrom } from '../settings.ts'
import { runEnded } from '../wait.ts'
import { wholeNumber } from '../wholeNumber.ts'
import { importOwnSet, lacksOwnSet } from './datasets.ts'
import { presetHelp, presetOptions, trainPreset } from './presets.ts'
import { placeHelp, placeOptions, submit } from './places.ts'
import { ended, runJson } from './runs.ts'

export const settingOptions = {
  variant: { type: 'string' },
  set: { type: 'string', multiple: true },
  config: { type: 'string' },
} as const
export const settingHelp = [
  '--variant V       “variants” lists them and their settings',
  '--set key=value   one setting, e.g. --set network.layers=512,64; may be given often',
  '--config F.json   settings from a file, e.g. {"training": {"epochs": 5}}; --set goes on top',
]

/** The variant and settings that a command was given. @param otherwise the variant where none is named */
export async function variantAndSettings(
  { call }: Session,
  { values, path }: Arguments,
  otherwise?: string,
): Promise<{ variant: string; settings: Settings }> {
  const variant = values['variant'] ?? otherwise
  if (typeof variant !== 'string')
    throw new WorkbenchError('USAGE', 'Say which variant with --variant; “variants” lists them.', { field: 'variant' })
  const config = values['config']
  const read = (fields: readonly Field[]) =>
    settingsFrom((values['set'] ?? []) as string[], typeof config === 'string' ? path(config) : undefined, fields)
  const { fields } = await call('runs.check', { variant })
  // Some settings bring others with them, such as those of pretrained layers.
  return { variant, settings: read((await call('runs.check', { variant, settings: read(fields) })).fields) }
}

export const train: Command = {
  usage: '--dataset N --variant V | --preset ID | --from F.safetensors',
  summary: 'Trains an autoencoder and waits until it is evaluated. Ctrl-C pauses it with a checkpoint.',
  help: [
    '--dataset N       a dataset by name or id; a set that comes with the workbench,',
    '                  such as mnist, is imported where it is missing',
    ...settingHelp,
    '--seed S          of everything random (default: 1)',
    "--name N          the run's name",
    '--from F          begins with the weights of a checkpoint, and with its',
    '                  settings; --set goes on top',
    '--check           only says what it will take: time, memory, parameters',
    ...placeHelp,
    ...presetHelp,
  ],
  options: {
    dataset: { type: 'string' },
    ...settingOptions,
    seed: { type: 'string' },
    name: { type: 'string' },
    from: { type: 'string' },
    check: { type: 'boolean' },
    ...placeOptions,
    ...presetOptions,
  },
  async run(session, given, terminal) {
    const { dataset, seed, name, preset, form, run: part, from } = given.values as Record<string, string | undefined>
    if (preset !== undefined) return trainPreset(session, given, terminal)
    if (form !== undefined || part !== undefined)
      throw new WorkbenchError('USAGE', '--form and --run are of a preset; name it with --preset.', { field: 'preset' })
    if (dataset === undefined)
      throw new WorkbenchError('USAGE', 'Say which dataset with --dataset; “datasets list” lists them.', { field: 'dataset' })
    const weights = from === undefined ? undefined : given.path(from)
    const { variant, settings } = await variantAndSettings(
      session,
      given,
      weights === undefined ? undefined : (await session.call('weights.inspect', { weights })).weights.variant,
    )
    const chosen = {
      variant,
      settings,
      ...(weights === undefined ? {} : { weights }),
      ...(seed === undefined ? {} : { seed: wholeNumber('seed', seed) }),
      ...(name === undefined ? {} : { name }),
    }
    if (await lacksOwnSet(session, dataset)) {
      await requireSound(session, chosen)
      await importOwnSet(session, dataset, terminal)
    }
    const checked = await session.call('runs.check', { dataset, ...chosen })
    for (const sentence of [...checked.fromData, ...checked.warnings]) terminal.tell(inKeys(sentence, checked.fields))
    if (given.values['check'] === true) {
      if (checked.problems[0] !== undefined) throw WorkbenchError.from(checked.problems[0])
      return { json: { check: checked }, text: costText(checked) }
    }
    if (checked.expected !== null) terminal.tell(costText(checked))
    const { place } = given.values
    if (typeof place === 'string') {
      const { run } = await session.call('runs.create', { dataset, ...chosen, held: true })
      return trainAt(session, place, run.id, given.values['detach'] === true, terminal)
    }
    const { run, interrupted } = await runEnded(session, () => session.call('runs.create', { dataset, ...chosen }), terminal)
    return ended(session, run, interrupted)
  },
}

/** Has a run trained at a place, and waits for it unless that is not wanted. */
async function trainAt(session: Session, place: string, id: string, detached: boolean, terminal: Terminal): Promise<Outcome> {
  await submit(session, place, { run: id }, terminal)
  const show = () => session.call('runs.show', { run: id })
  if (detached) {
    const { run } = await show()
    return { json: { run: runJson(run) }, text: `${run.name} (${id}) is at ${place}; “resume ${id}” follows it.` }
  }
  const { run, interrupted } = await runEnded(session, show, terminal, place)
  return ended(session, run, interrupted)
}

/** What a run takes, in one line. */
const costText = ({ expected, memory, parameters, stages }: CallOutput<'runs.check'>): string =>
  [
    ...(expected === null ? [] : [`about ${duration(expected.seconds)} (${timeWords[expected.from]})`]),
    ...(memory === null ? [] : [`about ${bytes(memory)} of memory`]),
    ...(parameters === null ? [] : [counted(parameters, 'parameter')]),
    ...(stages.length === 0 ? [] : [counted(stages.at(-1)!.startStep + stages.at(-1)!.steps, 'step')]),
  ].join(', ')

/** Before minutes go into an import: what is wrong with the settings whatever the dataset. */
async function requireSound({ call }: Session, chosen: CallInput<'runs.check'>): Promise<void> {
  const { problems } = await call('runs.check', chosen)
  if (problems[0] !== undefined) throw WorkbenchError.from(problems[0])
}

export const resume: Command = {
  usage: 'RUN',
  summary: 'Continues a paused or interrupted run from its last checkpoint, and waits for it.',
  positionals: [1, 1],
  async run(session, { positionals }, terminal) {
    const { run: known } = await session.call('runs.show', { run: positionals[0]! })
    if (known.place !== null && isUnderWay(known.state)) {
      await session.call('places.look', { place: known.place })
      const followed = await runEnded(session, () => session.call('runs.show', { run: known.id }), terminal, known.place)
      return ended(session, followed.run, followed.interrupted)
    }
    const { run, interrupted } = await runEnded(session, () => session.call('runs.resume', { run: positionals[0]! }), terminal)
    return ended(session, run, interrupted)
  },
}
