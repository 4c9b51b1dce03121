import type { Dataset } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import type { CallInput } from '../../../../shared/calls.ts'
import type { Command } from '../command.ts'
import type { Session } from '../session.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import { partsOf } from '../../../../shared/split.ts'
import { ownSet } from '../../data/sets/registry.ts'
import { datasetText, sizeOf } from '../datasetText.ts'
import { isWord, sourceHelp, sourceInput, sourceOptions } from '../sourceOptions.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { taskDone } from '../wait.ts'

/** Imports and waits; Ctrl-C cancels and leaves nothing behind. */
async function importAndWait(session: Session, input: CallInput<'datasets.import'>, terminal: Terminal): Promise<Dataset> {
  const id = await taskDone(session, () => session.call('datasets.import', input), terminal)
  const { datasets } = await session.call('datasets.list', {})
  return datasets.find((dataset) => dataset.id === id)!
}

export const datasetsAdd: Command = {
  usage: '--name N --path P',
  summary: 'Imports images, a set that comes with the workbench, or patches of images.',
  help: ['--name N          its name here (default: that of the folder or file)', ...sourceHelp],
  options: { name: { type: 'string' }, ...sourceOptions },
  async run(session, given, terminal) {
    const name = given.values['name'] as string | undefined
    const dataset = await importAndWait(session, { ...sourceInput(given), ...(name === undefined ? {} : { name }) }, terminal)
    const { json, text } = await shown(session, dataset)
    return { json: { dataset: json }, text }
  },
}

/** Imports a set that comes with the workbench where a dataset of that name is asked for and there is none. */
export async function importOwnSet(session: Session, reference: string | undefined, terminal: Terminal): Promise<void> {
  if (await lacksOwnSet(session, reference)) await importAndWait(session, { path: reference!, name: reference! }, terminal)
}

/** Whether what is asked for is a set that comes with the workbench, and is not imported. */
export async function lacksOwnSet(session: Session, reference: string | undefined): Promise<boolean> {
  if (reference === undefined || ownSet(reference)?.name !== reference) return false
  return named((await session.call('datasets.list', {})).datasets, reference) === undefined
}

/** Everything that is to be known of a dataset. */
async function shown(session: Session, dataset: Dataset) {
  const one = { dataset: dataset.id }
  const [{ skipped }, byClass] = [await session.call('datasets.skipped', one), await session.call('datasets.classes', one)]
  return { json: { ...dataset, parts: partsOf(dataset), byClass, skipped }, text: datasetText(dataset, byClass, skipped) }
}

/** The dataset of an id, else of a name. */
export const named = (datasets: readonly Dataset[], wanted: string): Dataset | undefined =>
  datasets.find(({ id }) => id === wanted) ?? datasets.find(({ name }) => name === wanted)

export const datasetsShow: Command = {
  usage: 'NAME',
  summary: 'One dataset: its parts, classes, notes, and what was left out.',
  help: ['NAME              the dataset, by name or id'],
  positionals: [1, 1],
  async run(session, { positionals }) {
    const { datasets } = await session.call('datasets.list', {}),
      wanted = positionals[0]!
    const dataset = named(datasets, wanted)
    if (!dataset) {
      throw new WorkbenchError('DATASET_UNKNOWN', `There is no dataset “${wanted}”; “datasets list” lists them.`, {
        field: 'dataset',
      })
    }
    const { json, text } = await shown(session, dataset)
    return { json: { dataset: json }, text }
  },
}

export const datasetsRepair: Command = {
  usage: 'NAME [--path P]',
  summary: 'Imports the source of a damaged dataset again, in place of its files.',
  help: [
    'NAME              the dataset, by name or id',
    '--path P          where its source lies now, if not where it was;',
    '                  that is its source from then on',
  ],
  options: { path: { type: 'string' } },
  positionals: [1, 1],
  async run(session, { values, positionals, path }, terminal) {
    const from = values['path'] as string | undefined
    const before = named((await session.call('datasets.list', {})).datasets, positionals[0]!)
    const dataset = await taskDone(
      session,
      () =>
        session.call('datasets.repair', {
          dataset: positionals[0]!,
          ...(from === undefined ? {} : { path: isWord(from) ? from.trim() : path(from) }),
        }),
      terminal,
    )
    const { name, source } = (await session.call('datasets.list', {})).datasets.find(({ id }) => id === dataset)!
    const { runs } = await session.call('runs.list', {})
    const stopped = runs.filter(({ datasetId, state }) => datasetId === dataset && (state === 'failed' || state === 'interrupted'))
    const moved = before !== undefined && before.source !== source
    const resumed =
      stopped
        .slice(0, 3)
        .map(({ id }) => `“resume ${id}”`)
        .join(', ') + (stopped.length > 3 ? ' and so on' : '')
    const text = [
      `“${name}” is whole again, with the same images.`,
      ...(moved ? [`Its source is ${source} from now on; it was ${before.source}.`] : []),
      ...(stopped.length === 0 ? [] : [`${counted(stopped.length, 'run')} of it stopped before and can go on: ${resumed}.`]),
    ]
    const json = { dataset, source, ...(moved ? { sourceBefore: before.source } : {}), stopped: stopped.map(({ id }) => id) }
    return { json, text: text.join('\n') }
  },
}

export const datasetsList: Command = {
  usage: '',
  summary: 'All datasets.',
  async run({ call }) {
    const { datasets } = await call('datasets.list', {})
    const rows = datasets.map((dataset) => {
      const { train, validation, test } = partsOf(dataset),
        { id, name, count, classes, skippedCount, notes } = dataset
      return [
        id,
        name,
        ...[count, train, validation, test].map(thousands),
        sizeOf(dataset),
        ...[classes.length, skippedCount, notes.length].map(thousands),
      ]
    })
    return {
      json: { datasets: datasets.map((dataset) => ({ ...dataset, parts: partsOf(dataset) })) },
      text:
        rows.length === 0
          ? 'No datasets yet; “datasets add --path mnist” imports the sample digits.'
          : table(['id', 'name', 'images', 'train', 'validation', 'test', 'size', 'classes', 'skipped', 'notes'], rows),
    }
  },
}
