import type { XKind } from '../../charts/curve.ts'

/** Everything that the comparison's address holds: a reload, a bookmark and the way back show the same. */
export interface CompareAddress {
  runs: string[]
  /** Rows and lines: one for the seeds of a setting together, or one for each run. */
  by: 'group' | 'run'
  /** Id of the group (or of a run in it) that others are compared with; null: the engine's choice. */
  baseline: string | null
  /** Key of the figure that the sentences are about; null: the engine's choice. */
  figure: string | null
  /** What the table shows: figures, or differences to the baseline. */
  show: 'values' | 'differences'
  part: Part
  axis: XKind
  /** Logarithmic axes of the curves. */
  logX: boolean
  logY: boolean
  /** Weight of the past in the smoothing of all curves, 0 to below 1; null: `usualSmoothing` in those of training. */
  smoothing: number | null
  /** Keys of the series that are shown; empty: the usual ones. */
  series: string[]
  /** Id of the group or run whose terms are stacked; null: none. */
  terms: string | null
}

export const parts = ['curves', 'images', 'codes', 'relations', 'settings'] as const
export type Part = (typeof parts)[number]
export const partTitles: Record<Part, string> = {
  curves: 'Curves',
  images: 'Images',
  codes: 'Codes',
  relations: 'Relations',
  settings: 'Settings',
}

const oneOf = <T extends string>(value: string | null, choices: readonly T[], usual: T): T =>
  choices.includes(value as T) ? (value as T) : usual
const list = (value: string | null): string[] => [...new Set((value ?? '').split(',').filter(Boolean))]

export function readAddress(query: URLSearchParams): CompareAddress {
  const smoothing = Number(query.get('smoothing') ?? NaN)
  return {
    runs: list(query.get('runs')),
    by: oneOf(query.get('by'), ['group', 'run'], 'group'),
    baseline: query.get('baseline'),
    figure: query.get('figure'),
    show: oneOf(query.get('show'), ['values', 'differences'], 'values'),
    part: oneOf(query.get('part'), parts, 'curves'),
    axis: oneOf(query.get('axis'), ['step', 'epoch', 'time'], 'epoch'),
    logX: query.get('logX') === 'yes',
    logY: query.get('logY') === 'yes',
    smoothing: smoothing >= 0 && smoothing < 1 ? smoothing : null,
    series: list(query.get('series')),
    terms: query.get('terms'),
  }
}

/** What is as it usually is stays out of the address. */
export function writeAddress(address: CompareAddress): string {
  const { runs, by, baseline, figure, show, part, axis, logX, logY, smoothing, series, terms } = address
  const parameters: [string, string | null][] = [
    ['runs', runs.length > 0 ? runs.map(encodeURIComponent).join(',') : null],
    ['by', by === 'group' ? null : by],
    ['baseline', baseline && encodeURIComponent(baseline)],
    ['figure', figure && encodeURIComponent(figure)],
    ['show', show === 'values' ? null : show],
    ['part', part === 'curves' ? null : part],
    ['axis', axis === 'epoch' ? null : axis],
    ['logX', logX ? 'yes' : null],
    ['logY', logY ? 'yes' : null],
    ['smoothing', smoothing === null ? null : String(smoothing)],
    ['series', series.length > 0 ? series.map(encodeURIComponent).join(',') : null],
    ['terms', terms && encodeURIComponent(terms)],
  ]
  const text = parameters.flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`])).join('&')
  return text === '' ? '#/compare' : `#/compare?${text}`
}
