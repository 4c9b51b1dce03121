/**
 * What the form of an import calls its choices, by the option of the command line. Notes and errors name options, since they are kept
 * with the dataset and printed; a window says the same with its own words.
 */
export const optionTitles = {
  val: 'Folder or file of validation images',
  test: 'Folder or file of test images',
  split: 'Shares',
  'split-seed': 'Seed of the split',
  labels: 'Labels',
  'labels-from-name': 'Pattern of the label',
  'file-column': 'Column of files',
  'label-column': 'Column of labels',
  'part-column': 'Column of parts',
  'group-column': 'Column of groups',
  group: 'Groups',
  fit: 'Images with other proportions',
  channels: 'Channels',
  range: 'Range of values',
  pages: 'Pages and frames',
  contrast: 'Contrast',
  seed: 'Seed',
  set: 'Set',
  array: 'Array of the images',
  shape: 'Shape of a row',
  planes: 'Each channel by itself',
  input: 'Input',
} as const
type Option = keyof typeof optionTitles

/** Of options that take a table or a list, what the form calls that. */
export const tableTitle = 'Table of labels',
  pickTitle = 'Taken from the source'

/** Of options that take one of a few values, what the form calls these. */
export const choiceTitles = {
  labels: { folders: 'From folders', names: 'From the files', none: 'None' },
  channels: { gray: 'Gray', colour: 'Colour' },
  pages: { first: 'The first of each file', all: 'All, each as an image' },
  input: { pixels: 'Pixels (uint8)', raw: 'Values (float32)' },
} as const

/** What may follow an option as its value, and how the form calls it where that differs. */
const number = String.raw`-?\d[\d.]*(?:e[+-]?\d+)?`
const values: Partial<Record<Option, { form: RegExp; words?: Record<string, string> }>> = {
  labels: { form: /^(?:folders|names|none)\b/, words: choiceTitles.labels },
  channels: { form: /^(?:gray|colour|\d+(?:,\d+)*,?)/, words: choiceTitles.channels },
  range: { form: new RegExp(String.raw`^(?:dataset|full|image|percentiles|A\.\.B|p?${number}\.\.p?${number})`) },
  pages: { form: /^(?:first|all)\b/, words: choiceTitles.pages },
  shape: { form: /^\d+x\d+(?:x\d+)?/ },
  split: { form: /^\d+(?:\/\d+)+/ },
  input: { form: /^(?:raw|pixels)\b/, words: choiceTitles.input },
  array: { form: /^NAME\b/ },
}

const isOption = (name: string): name is Option => Object.hasOwn(optionTitles, name)

/** An option where it stands by itself, and not within a path. */
const written = /(?<![\w./\\~-])--([a-z]+(?:-[a-z]+)*)/

/** A note or an error as a window says it: `--range dataset` is “Range of values: dataset”. What is no option of the form stays. */
export function inWindow(text: string): string {
  let titled = '',
    rest = text
  for (let found = written.exec(rest); found; found = written.exec(rest)) {
    const option = found[1]!,
      end = found.index + found[0].length
    if (!isOption(option)) {
      titled += rest.slice(0, end)
      rest = rest.slice(end)
      continue
    }
    const before = rest.slice(0, found.index),
      after = rest.slice(end)
    const value = after.startsWith(' ') ? valueOf(option, before, after.slice(1)) : null
    const title = titleOf(option, value)
    titled += `${before}“${value === null ? title : `${title}: ${values[option]?.words?.[value] ?? value}`}”`
    rest = value === null ? after : after.slice(1 + value.length)
  }
  return `${titled}${rest}`.replaceAll(`” “${optionTitles.planes}”`, `” with “${optionTitles.planes}”`)
}

/** After “as in” whatever follows is an example. */
function valueOf(option: Option, before: string, after: string): string | null {
  const form = values[option]?.form ?? (before.endsWith('as in ') ? /^[^\s,;.]+/ : null)
  return form?.exec(after)?.[0] ?? null
}

function titleOf(option: Option, value: string | null): string {
  if (option === 'labels' && value === null) return tableTitle
  if (option === 'channels' && !values.channels!.words![value ?? '']) return pickTitle
  return optionTitles[option]
}
