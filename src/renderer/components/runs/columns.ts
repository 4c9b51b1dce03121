import { formatFigure, withSign, type FigureInfo } from '../../../shared/figures.ts'
import type { CellValue, RunColumn, RunRow, TableView } from '../../../shared/runTable.ts'
import { partsOf } from '../../../shared/ownedKeys.ts'
import { isWaiting } from '../../../shared/runStates.ts'
import { bytes, count, counted, duration, figure, moment, percent, rate, when } from '../../format.ts'
import { sentence, seriesTitle } from '../../terms.ts'
import { leftText, shareOf } from '../../views/runFacts.ts'
import { stateWords } from '../runStates.ts'
import type { Read, ReadAll } from './rows.ts'

/** A column of the table of runs: what every run has by itself, or a figure, setting or curve. */
export interface TableColumn {
  key: string
  kind: 'fact' | RunColumn['kind']
  /** As short as a header wants it, in full, and with what is to be known about it. */
  title: string
  full: string
  hint: string
  /** What it stands under in the list of columns. */
  section: string
  numeric: boolean
  /** Pixels, and whether somebody set them. */
  width: number
  set: boolean
  sortable: boolean
  /** How it can be filtered: numbers by range and by value. */
  filter: 'number' | 'choice' | 'text' | null
  groupable: boolean
  /** Whether the engine knows it, for groups. */
  engine: boolean
  /** Better when lower or higher, for the hint. */
  read: Read
  readAll: ReadAll
  /** What `variant:contractive` in the search is compared with: the values, and other names of them. */
  searched: ReadAll
  text(row: RunRow): string
  /** A single value, as in a run's row. */
  write(cell: CellValue): string
  /** The unit of all texts, where they carry it as a sign. */
  unit: string
  /** How many runs have it, and whether they differ in it; null for facts. */
  count: number | null
  varies: boolean
}

/** What other state has to be asked for. */
export interface Sources {
  variant(id: string): string
  experiment(id: string): string | null
  /** What is known of a figure by its key. */
  figure(key: string): FigureInfo | undefined
  /** Of a figure, setting or curve; undefined while it is on its way. */
  value(key: string, run: string): CellValue | undefined
}

interface Fact extends Partial<Pick<TableColumn, 'numeric' | 'filter' | 'groupable' | 'hint' | 'sortable' | 'engine'>> {
  title: string
  width: number
  read: Read
  readAll?: ReadAll
  searched?: ReadAll
  text?: (row: RunRow) => string
}

const live = ({ state }: RunRow): boolean => state === 'running'

/** What every run has without being asked. */
const facts = ({ variant, experiment }: Sources): Record<string, Fact> => ({
  name: { title: 'Run', width: 168, read: ({ name }) => name, filter: 'text' },
  dataset: { title: 'Dataset', width: 80, read: ({ dataset }) => dataset, filter: 'choice', groupable: true, engine: true },
  variant: {
    title: 'Variant',
    width: 104,
    read: (row) => variant(row.variant),
    searched: (row) => [variant(row.variant), row.variant],
    filter: 'choice',
    groupable: true,
  },
  state: {
    title: 'State',
    width: 110,
    read: ({ state }) => stateWords[state],
    searched: ({ state }) => [stateWords[state], state],
    filter: 'choice',
    groupable: true,
  },
  progress: {
    title: 'Progress',
    width: 88,
    read: shareOf,
    text: (row) =>
      row.state === 'completed'
        ? row.epochs > 0 && row.steps > 0
          ? counted(Math.round(row.epoch), 'epoch')
          : ''
        : isWaiting(row.state)
          ? ''
          : percent(shareOf(row), 0),
  },
  rate: {
    title: 'Steps/s',
    hint: 'Steps per second while it runs',
    width: 70,
    numeric: true,
    read: (row) => (live(row) ? (row.progress?.perSecond ?? null) : null),
    text: (row) => (live(row) ? rate(row.progress?.perSecond) : ''),
  },
  time: {
    title: 'Time',
    hint: 'Time left while it runs, then the time it trained',
    width: 84,
    numeric: true,
    read: (row) => (live(row) ? (row.progress?.secondsLeft ?? null) : row.seconds || null),
    text: (row) =>
      live(row) && row.progress?.secondsLeft != null
        ? leftText(row.progress.secondsLeft)
        : row.seconds > 0
          ? duration(row.seconds)
          : '',
  },
  seed: {
    title: 'Seed',
    width: 48,
    numeric: true,
    read: ({ seed }) => seed,
    filter: 'number',
    groupable: true,
    engine: true,
    text: ({ seed }) => String(seed),
  },
  tags: {
    title: 'Tags',
    width: 88,
    read: ({ tags }) => tags.join(', ') || null,
    readAll: ({ tags }) => tags,
    filter: 'choice',
    text: ({ tags }) => tags.join(', '),
  },
  note: { title: 'Notes', width: 160, read: ({ note }) => note || null, filter: 'text' },
  place: {
    title: 'Place',
    hint: 'Where it is trained, beside this machine',
    width: 96,
    read: ({ place }) => place,
    filter: 'choice',
    groupable: true,
  },
  experiment: {
    title: 'Experiment',
    width: 120,
    read: (row) => (row.experiment ? experiment(row.experiment.id) : null),
    filter: 'choice',
    groupable: true,
  },
  started: { title: 'Started', width: 98, read: (row) => row.startedAt ?? row.createdAt, text: ({ startedAt }) => when(startedAt) },
  created: { title: 'Created', width: 112, read: ({ createdAt }) => createdAt, text: ({ createdAt }) => when(createdAt) },
  ended: { title: 'Ended', width: 112, read: ({ endedAt }) => endedAt, text: ({ endedAt }) => when(endedAt) },
  parameters: {
    title: 'Parameters',
    width: 92,
    numeric: true,
    read: ({ parameters }) => parameters,
    filter: 'number',
    text: ({ parameters }) => count(parameters),
  },
  epochs: {
    title: 'Epochs done',
    width: 92,
    numeric: true,
    read: ({ epoch, steps }) => (steps > 0 ? epoch : null),
    filter: 'number',
    text: ({ epoch, steps }) => (steps > 0 ? figure(epoch, 3) : ''),
  },
  bytes: {
    title: 'On disk',
    width: 76,
    numeric: true,
    read: (row) => row.bytes,
    text: (row) => (row.bytes === null ? '' : bytes(row.bytes)),
  },
  id: { title: 'Id', width: 88, read: ({ id }) => id, filter: 'text' },
  archived: { title: 'Archived', width: 76, read: ({ archived }) => (archived ? 'archived' : null), filter: 'choice' },
  actions: { title: 'Actions', width: 110, sortable: false, read: () => null, text: () => '' },
})

const factSection = 'Run'
/** What the engine calls a fact, where it groups by it under its own name. */
const all =
  (read: Read): ReadAll =>
  (row) => {
    const value = read(row)
    return value === null ? [] : [value]
  }

export function factColumns(sources: Sources): TableColumn[] {
  return Object.entries(facts(sources)).map(([key, fact]) => ({
    key,
    kind: 'fact',
    title: fact.title,
    hint: fact.hint ?? fact.title,
    section: factSection,
    full: fact.title,
    numeric: fact.numeric ?? false,
    width: fact.width,
    set: false,
    sortable: fact.sortable ?? true,
    filter: fact.filter ?? null,
    groupable: fact.groupable ?? false,
    engine: fact.engine ?? false,
    read: fact.read,
    readAll: fact.readAll ?? all(fact.read),
    searched: fact.searched ?? fact.readAll ?? all(fact.read),
    text:
      fact.text ??
      ((row) => {
        const value = fact.read(row)
        return value === null ? '' : String(value)
      }),
    write: (cell) => (cell === null ? '' : String(cell)),
    unit: '',
    count: null,
    varies: true,
  }))
}

/** Headers of the curves that are shown most. */
const curves: Record<string, { short: string; explanation: string }> = {
  'validation/squaredError': {
    short: 'Val. error',
    explanation: 'Of the clean validation images, summed over values: the same measure for every variant.',
  },
  'validation/loss': {
    short: 'Val. loss',
    explanation: 'It compares only runs with the same objective.',
  },
}

const betterWords = { lower: ': lower is better', higher: ': higher is better', neither: '' }

/** What a setting is called before the engine has said it, or where no run has it any more: `Contractive: lambda`. */
function settingTitle(key: string, variant: Sources['variant']): string {
  const { plain, owner } = partsOf(key)
  return owner === null ? sentence(plain) : `${variant(owner)}: ${sentence(plain).toLowerCase()}`
}

const isSetting = /^(network|regularizer|training|data|pretraining|fineTuning)\./

/** A figure, setting or curve as a column. */
export function engineColumn(key: string, info: RunColumn | undefined, { value, variant, figure: wordsOf }: Sources): TableColumn {
  const words = wordsOf(key)
  const known = words ?? curves[key]
  const read: Read = (row) => value(key, row.id) ?? null
  const kind = info?.kind ?? (key.includes('/') ? 'series' : words ? 'figure' : 'setting')
  const unit = info?.unit ?? words?.unit ?? ''
  const full =
    kind === 'series' ? seriesTitle(key) : (info?.title ?? words?.title ?? (isSetting.test(key) ? settingTitle(key, variant) : key))
  const numeric = info?.numeric ?? known !== undefined
  const named = unit && unit !== '%' ? `${full} (${unit})` : full
  const write = (cell: CellValue): string => {
    if (cell === null) return '–'
    if (typeof cell === 'string') return cell
    if (kind === 'setting') return String(cell)
    return withSign(formatFigure(cell, { unit, digits: words?.digits }), unit)
  }
  return {
    key,
    kind,
    title: known?.short ?? full,
    full: named,
    set: false,
    hint: `${named}${betterWords[info?.better ?? words?.better ?? 'neither']}${known ? `. ${known.explanation}` : ''}`,
    section: info?.section ?? 'Settings',
    numeric,
    // Of a short name hardly anything can be spared, of a long one the end.
    width: known ? Math.max(70, 16 + 6 * known.short.length) : Math.min(160, Math.max(72, 24 + 7 * full.length)),
    sortable: true,
    filter: numeric ? 'number' : 'choice',
    groupable: kind === 'setting',
    engine: true,
    read,
    readAll: all(read),
    searched: all(read),
    unit,
    count: info?.count ?? null,
    varies: info?.varies ?? true,
    write,
    text(row) {
      const cell = value(key, row.id)
      return cell === undefined ? '' : write(cell)
    },
  }
}

/** The table as it is before anybody changed it. */
export const standardView: TableView = {
  columns: [
    'name',
    'dataset',
    'state',
    'progress',
    'time',
    'squaredError',
    'linearProbeAccuracy',
    'validation/squaredError',
    'seed',
    'tags',
    'started',
    'actions',
  ].map((key) => ({ key, width: null })),
  sort: { key: 'started', descending: true },
  text: '',
  filters: [],
  group: null,
  archived: false,
}

/** For hovering over a moment. */
export const momentOf = (key: string, row: RunRow): string | undefined =>
  key === 'started'
    ? moment(row.startedAt)
    : key === 'created'
      ? moment(row.createdAt)
      : key === 'ended'
        ? moment(row.endedAt)
        : undefined
