import type { CallInput } from '../../../shared/calls.ts'
import { fits } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { contrasts, datasetReference, type Contrast } from '../../../shared/patches.ts'
import { parseRange, rangeForms } from '../../../shared/valueRange.ts'
import { thousands } from '../../../shared/words.ts'
import { ownSet, ownSets } from '../data/sets/registry.ts'
import { arrayHelp, arrayInput, arrayOptions } from './arrayOptions.ts'
import type { Arguments, Command } from './command.ts'
import { layoutHelp, layoutOptions, readLayout } from './layoutOptions.ts'
import { wholeNumber } from './wholeNumber.ts'

/** What a source of images is and how it is to be understood: the same options for `datasets add` and `datasets inspect`. */

/** The longest side that the contract takes. */
const longestSide = 4096

function parseSize(text: string, field: string, example: string): { width: number; height: number } {
  const [, width, height] = /^(\d+)[x\u00d7](\d+)$/i.exec(text) ?? []
  if (width === undefined || height === undefined) {
    throw new WorkbenchError('USAGE', `“${text}” is not a size; write it like ${example}.`, { field })
  }
  if ([width, height].some((side) => Number(side) < 1 || Number(side) > longestSide)) {
    const sides = `width and height are whole numbers from 1 to ${thousands(longestSide)}`
    throw new WorkbenchError('USAGE', `--${field} ${text} is not possible: ${sides}; write it like ${example}.`, { field })
  }
  return { width: Number(width), height: Number(height) }
}

/** Words that stand for data of the workbench's own; all else is a path. */
export const isWord = (given: string): boolean => ownSet(given) !== null || datasetReference(given) !== null
/** The words for channels that people write. */
const channelWords = new Map<string, 1 | 3>([
  ['1', 1],
  ['gray', 1],
  ['grey', 1],
  ['3', 3],
  ['colour', 3],
  ['color', 3],
  ['rgb', 3],
])
const isFit = (given: string): given is 'crop' | 'pad' | 'stretch' => (fits as readonly string[]).includes(given)
const isContrast = (given: string): given is Contrast => (contrasts as readonly string[]).includes(given)

/** What --channels asks for: how images are stored, or, as a list, which channels of the source are taken. Error: USAGE. */
function parseChannels(text: string): { channels?: 1 | 3; pick?: number[] } {
  const channels = channelWords.get(text.trim().toLowerCase())
  if (channels !== undefined) return { channels }
  const list = text.split(',').map((item) => item.trim()),
    pick = (list.at(-1) === '' ? list.slice(0, -1) : list).map(Number)
  if (/^\s*\d{1,5}\s*(,\s*\d{1,5}\s*)*,?\s*$/.test(text) && (pick.length === 1 || pick.length === 3)) return { pick }
  const forms = '--channels is gray or colour (1 or 3), or one or three channels of the source as in 0,2,3'
  throw new WorkbenchError('USAGE', `${forms}, not “${text}”.`, { field: 'channels' })
}

/** In the order in which people need it. */
export const sourceHelp: string[] = [
  '--path P          a folder of images; a tar or zip archive, a WebDataset, or a folder of',
  '                  Parquet files; a file or folder of arrays (IDX, .npz, .npy, HDF5, .csv,',
  '                  CIFAR’s .bin); or the name of a set that comes with the workbench:',
  ...ownSets.map(({ name, title }) => `                  ${name.padEnd(14)}${title}`),
  ...layoutHelp,
  '',
  'Size and values:',
  '--size 28x28      width and height; else those of the images, and where their',
  '                  sizes differ, of the middle one; at most 64 pixels',
  '--fit crop|pad|stretch  how other sizes are made to fit (default: crop)',
  '--channels gray|colour  also 1 or 3; else as the images are; or which channels',
  '                  of the source to take, counted from 0: 0,2,3 (one: 2,)',
  '--range A..B|full|dataset|percentiles|image  which values become black and',
  '                  white: A and B, all that their type can hold, the smallest and',
  '                  the largest of all images, percentiles (1 and 99; others as in',
  '                  p2..p98), or those of each image; else one range of all images',
  '                  where values are of 16 bits or more, signed, or floats',
  '',
  'Several pages, patches, synthetic sets, arrays:',
  '--pages first|all  of files with several pages or frames, the first (the',
  '                  default), or each as an image: stack.tif#0, stack.tif#1 ...',
  '--patches 8x8     draws patches of this size from the images, which keep',
  '                  their own size; P may also be dataset:N, a dataset of yours',
  '--contrast none|normalise  of patches: normalise removes the mean of each,',
  '                  truncates to 3 standard deviations, squashes to [0.1, 0.9]',
  '--count N         images or points of a computed set (default: its own), or',
  '                  patches (default: 10000)',
  '--seed S          what these are drawn from (default: 1)',
  ...arrayHelp,
  '',
]

export const sourceOptions: NonNullable<Command['options']> = {
  path: { type: 'string' },
  ...layoutOptions,
  size: { type: 'string' },
  channels: { type: 'string' },
  fit: { type: 'string' },
  range: { type: 'string' },
  pages: { type: 'string' },
  count: { type: 'string' },
  seed: { type: 'string' },
  patches: { type: 'string' },
  contrast: { type: 'string' },
  ...arrayOptions,
}

/** What the options ask for. Error: USAGE. */
export function sourceInput({ values, path }: Arguments): Omit<CallInput<'datasets.import'>, 'name'> {
  if (typeof values['path'] !== 'string') throw new WorkbenchError('USAGE', 'Say what to import with --path.', { field: 'path' })
  const { channels, fit, size, count: rows, seed, patches, contrast, range, pages } = values as Record<string, string | undefined>
  const refuse = (message: string, field: string) => new WorkbenchError('USAGE', message, { field })
  if (range !== undefined && parseRange(range) === null) throw refuse(`--range is ${rangeForms}, not “${range}”.`, 'range')
  if (pages !== undefined && pages !== 'first' && pages !== 'all') throw refuse(`--pages is first or all, not “${pages}”.`, 'pages')
  if (fit !== undefined && !isFit(fit)) throw refuse(`--fit is crop, pad or stretch, not “${fit}”.`, 'fit')
  if (contrast !== undefined && !isContrast(contrast)) {
    throw refuse(`--contrast is ${contrasts.join(' or ')}, not “${contrast}”.`, 'contrast')
  }
  if (patches !== undefined && fit !== undefined)
    throw refuse('Patches are cut from images at their own size; leave --fit out.', 'fit')
  return {
    path: isWord(values['path']) ? values['path'].trim() : path(values['path']),
    ...readLayout(values as Record<string, string | undefined>, path),
    ...(size === undefined ? {} : parseSize(size, 'size', '28x28')),
    ...(channels === undefined ? {} : parseChannels(channels)),
    ...(range === undefined ? {} : { range }),
    ...(pages === undefined ? {} : { pages }),
    ...(fit === undefined ? {} : { fit }),
    ...(rows === undefined ? {} : { count: wholeNumber('count', rows) }),
    ...(seed === undefined ? {} : { seed: wholeNumber('seed', seed) }),
    ...(patches === undefined ? {} : { patches: parseSize(patches, 'patches', '8x8') }),
    ...(contrast === undefined ? {} : { contrast }),
    ...arrayInput(values),
  }
}
