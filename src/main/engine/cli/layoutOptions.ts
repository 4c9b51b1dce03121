import type { CallInput } from '../../../shared/calls.ts'
import { wholeNumber } from './wholeNumber.ts'

/** How parts, labels and groups of an import are found: a part of what sourceOptions.ts takes. */
export const layoutHelp = [
  '',
  'Parts and labels:',
  '--test P          images of the test part; else a folder called test is, or 15%',
  '                  are drawn',
  '--val P           images of the validation part; else a folder called val is,',
  '                  or each run keeps a tenth aside by its seed',
  '--split 70/15/15  training, validation and testing, where the data bring no test',
  '                  part; 80/20: training and testing',
  '--split-seed S    what these are drawn from; else the same for every import',
  '--labels F.csv|folders|names|none  where labels come from: a table, folders',
  '                  (default), what names begin with before their number, nowhere',
  '--labels-from-name PATTERN  labels in names: {label}_*.png, or a regular',
  '                  expression with the label in brackets',
  '--file-column C --label-column C --part-column C --group-column C  columns of',
  '                  the table, by name or number; else by what they hold',
  '--group C|PATTERN  what no split divides, as patients or plates: a column of the',
  '                  table, or a pattern in names: {group}_*.png',
]

const text = { type: 'string' } as const
export const layoutOptions = {
  val: text,
  test: text,
  labels: text,
  'file-column': text,
  'label-column': text,
  'part-column': text,
  'group-column': text,
  'labels-from-name': text,
  group: text,
  split: text,
  'split-seed': text,
}

type Layout = Pick<
  CallInput<'datasets.import'>,
  | 'valPath'
  | 'testPath'
  | 'labels'
  | 'labelPattern'
  | 'fileColumn'
  | 'labelColumn'
  | 'partColumn'
  | 'groupColumn'
  | 'group'
  | 'split'
  | 'splitSeed'
>
const words = ['folders', 'names', 'none']

/** @param path makes a typed path absolute */
export function readLayout(values: Readonly<Record<string, string | undefined>>, path: (typed: string) => string): Layout {
  const { val, test, labels } = values
  const layout = {
    valPath: val && path(val),
    testPath: test && path(test),
    labels: labels && (words.includes(labels) ? labels : path(labels)),
    labelPattern: values['labels-from-name'],
    fileColumn: values['file-column'],
    labelColumn: values['label-column'],
    partColumn: values['part-column'],
    groupColumn: values['group-column'],
    group: values['group'],
    split: values['split'],
    splitSeed: values['split-seed'] === undefined ? undefined : wholeNumber('split-seed', values['split-seed']),
  }
  return Object.fromEntries(Object.entries(layout).filter(([, value]) => value !== undefined))
}
