import type { Dataset } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import type { CallInput } from '../../../../shared/calls.ts'
import { contrasts, datasetReference, type Contrast } from '../../../../shared/patches.ts'
import { syntheticName, syntheticNames } from '../../../../shared/synthetic.ts'
import { parseRange, rangeForms } from '../../../../shared/valueRange.ts'
import type { Command } from '../command.ts'
import type { Session } from '../session.ts'
import { partsOf } from '../../../../shared/split.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { taskDone } from '../wait.ts'

/** Imports and waits; Ctrl-C cancels and leaves nothing behind. */
export async function importAndWait(session: Session, input: CallInput<'datasets.import'>, terminal: Terminal): Promise<Dataset> {
  const id = await taskDone(session, () => session.call('datasets.import', input), terminal)
  const { datasets } = await session.call('datasets.list', {})
  return datasets.find((dataset) => dataset.id === id)!
}

const sizeOf = (dataset: Dataset): string => (dataset.kind === 'image' ? `${dataset.width}x${dataset.height}x${dataset.channels}` : `${dataset.width} values`)

function parseSize(text: string, field: string, example: string): { width: number; height: number } {
  const [, width, height] = /^(\d+)[x\u00d7](\d+)$/i.exec(text) ?? []
  if (width === undefined || height === undefined) throw new WorkbenchError('USAGE', `“${text}” is not a size; write it like ${example}.`, { field })
  return { width: Number(width), height: Number(height) }
}

/** Words that stand for data of the workbench's own; all else is a path. */
const isWord = (given: string): boolean => given.trim() === 'mnist' || syntheticName(given) !== null || datasetReference(given) !== null
/** The words for channels that people write. */
const channelWords = new Map<string, 1 | 3>([['1', 1], ['gray', 1], ['grey', 1], ['3', 3], ['colour', 3], ['color', 3], ['rgb', 3]])
const isContrast = (given: string): given is Contrast => (contrasts as readonly string[]).includes(given)

/** What --channels asks for: how images are stored, or, as a list, which channels of the source are taken. Error: USAGE. */
function parseChannels(text: string): { channels?: 1 | 3; pick?: number[] } {
  const channels = channelWords.get(text.trim().toLowerCase())
  if (channels !== undefined) return { channels }
  const list = text.split(',').map((item) => item.trim()), pick = (list.at(-1) === '' ? list.slice(0, -1) : list).map(Number)
  if (/^\s*\d{1,5}\s*(,\s*\d{1,5}\s*)*,?\s*$/.test(text) && (pick.length === 1 || pick.length === 3)) return { pick }
  const forms = '--channels is gray or colour (1 or 3), or one or three channels of the source as in 0,2,3'
  throw new WorkbenchError('USAGE', `${forms}, not “${text}”.`, { field: 'channels' })
}

/** Error: USAGE. */
export function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new WorkbenchError('USAGE', `--${option} is a whole number, not “${text}”.`, { field: option })
  return Number(text)
}

export const datasetsAdd: Command = {
  usage: '--name N --path P',
  summary: 'Imports images, the digits of mnist, a synthetic set, or patches of images.',
  help: [
    '--name N          its name here (default: that of the folder or file)',
    '--path P          a folder of images, IDX files, an .npz file, the word mnist,',
    `                  or a synthetic set: ${syntheticNames.join(', ')}`,
    '--test P          images of the test split; else 15% are drawn',
    '--size 28x28      width and height; else those of the images, and where their',
    '                  sizes differ, of the middle one; at most 64 pixels',
    '--channels gray|colour  also 1 or 3; else as the images are; or which channels',
    '                  of the source to take, counted from 0: 0,2,3 (one: 2,)',
    '--range data|image|A..B|pA..pB  which values become black and white: from the',
    '                  smallest to the largest of all images or of each image, from',
    '                  A to B, or percentiles; else one range of all images where',
    '                  values are of 16 bits or more, signed, or floats',
    '--fit crop|pad|stretch  how other sizes are made to fit (default: crop)',
    '--count N         rows of a synthetic set, or patches (default: 10000)',
    '--seed S          what these are drawn from (default: 1)',
    '--patches 8x8     draws patches of this size from the images, which keep',
    '                  their own size; P may also be dataset:N, a dataset of yours',
    '--contrast none|normalise  of patches: normalise removes the mean of each,',
    '                  truncates to 3 standard deviations, squashes to [0.1, 0.9]',
  ],
  options: {
    name: { type: 'string' }, path: { type: 'string' }, test: { type: 'string' }, size: { type: 'string' }, channels: { type: 'string' }, fit: { type: 'string' },
    range: { type: 'string' }, count: { type: 'string' }, seed: { type: 'string' }, patches: { type: 'string' }, contrast: { type: 'string' },
  },
  async run(session, { values, path }, terminal) {
    if (typeof values['path'] !== 'string') throw new WorkbenchError('USAGE', 'Say what to import with --path.', { field: 'path' })
    const { channels, fit, size, test, name, count: rows, seed, patches, contrast, range } = values as Record<string, string | undefined>
    if (range !== undefined && parseRange(range) === null) {
      throw new WorkbenchError('USAGE', `--range is ${rangeForms}, not “${range}”.`, { field: 'range' })
    }
    if (fit !== undefined && fit !== 'crop' && fit !== 'pad' && fit !== 'stretch') throw new WorkbenchError('USAGE', `--fit is crop, pad or stretch, not “${fit}”.`, { field: 'fit' })
    if (contrast !== undefined && !isContrast(contrast)) throw new WorkbenchError('USAGE', `--contrast is ${contrasts.join(' or ')}, not “${contrast}”.`, { field: 'contrast' })
    if (patches !== undefined && fit !== undefined) throw new WorkbenchError('USAGE', 'Patches are cut from images at their own size; leave --fit out.', { field: 'fit' })
    const dataset = await importAndWait(session, {
      path: isWord(values['path']) ? values['path'].trim() : path(values['path']),
      ...(name === undefined ? {} : { name }), ...(test === undefined ? {} : { testPath: path(test) }), ...(size === undefined ? {} : parseSize(size, 'size', '28x28')),
      ...(channels === undefined ? {} : parseChannels(channels)), ...(range === undefined ? {} : { range }),
      ...(fit === undefined ? {} : { fit }),
      ...(rows === undefined ? {} : { count: wholeNumber('count', rows) }), ...(seed === undefined ? {} : { seed: wholeNumber('seed', seed) }),
      ...(patches === undefined ? {} : { patches: parseSize(patches, 'patches', '8x8') }), ...(contrast === undefined ? {} : { contrast }),
    }, terminal)
    const { skipped } = await session.call('datasets.skipped', { dataset: dataset.id })
    const { id, count, width, height, classes, sha256, testCount, kind, duplicates, movedToOneSide, notes } = dataset
    const named = skipped.slice(0, 20).map((file) => `  ${file.path}: ${file.reason}`)
    return {
      json: { dataset: { id, name: dataset.name, count, width, height, channels: dataset.channels, classes, sha256, skipped, kind, testCount, duplicates, movedToOneSide, parts: partsOf(dataset), notes } },
      text: [
        `${dataset.name} (${id}): ${count.toLocaleString('en')} ${kind === 'image' ? 'images' : 'rows'} of ${sizeOf(dataset)}, ${testCount.toLocaleString('en')} of them for testing, ${classes.length === 0 ? 'without labels' : `${classes.length} classes`}`,
        ...notes.map(({ message }) => `Note: ${message}`),
        ...(skipped.length === 0 ? [] : [`${skipped.length} skipped:`, ...named, ...(skipped.length > 20 ? [`  and ${skipped.length - 20} more (--json lists all)`] : [])]),
      ].join('\n'),
    }
  },
}

export const datasetsRepair: Command = {
  usage: 'NAME [--path P]',
  summary: 'Imports the source of a damaged dataset again, in place of its files.',
  help: ['NAME              the dataset, by name or id', '--path P          where its source lies now, if not where it was'],
  options: { path: { type: 'string' } },
  positionals: [1, 1],
  async run(session, { values, positionals, path }, terminal) {
    const from = values['path'] as string | undefined
    const dataset = await taskDone(session, () => session.call('datasets.repair', {
      dataset: positionals[0]!, ...(from === undefined ? {} : { path: isWord(from) ? from.trim() : path(from) }),
    }), terminal)
    return { json: { dataset }, text: `${positionals[0]} is whole again: the same images, and its runs go on.` }
  },
}

export const datasetsList: Command = {
  usage: '',
  summary: 'All datasets.',
  async run({ call }) {
    const { datasets } = await call('datasets.list', {})
    const rows = datasets.map((dataset) => [dataset.id, dataset.name, String(dataset.count), String(dataset.testCount), sizeOf(dataset), String(dataset.classes.length), String(dataset.skippedCount)])
    return {
      json: { datasets },
      text: rows.length === 0 ? 'No datasets yet; “datasets add --path mnist” imports the sample digits.' : table(['id', 'name', 'images', 'test', 'size', 'classes', 'skipped'], rows),
    }
  },
}
