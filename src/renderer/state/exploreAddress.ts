import type { Opened } from '../../shared/explore.ts'
import type { ImageRef } from '../../shared/questions.ts'

export const views = [
  'similar',
  'chain',
  'generate',
  'manifold',
  'field',
  'tangents',
  'units',
  'copying',
  'map',
  'features',
] as const
export type ExploreView = (typeof views)[number]

export const viewTitles: Record<ExploreView, string> = {
  similar: 'Similar images',
  chain: 'Chain',
  generate: 'Generation',
  manifold: 'Manifold',
  field: 'Field',
  tangents: 'Tangents',
  units: 'Units',
  copying: 'Out of distribution',
  map: 'Map',
  features: 'Feature maps',
}
/** As short as fits into a row of tabs; for rows that are no images too. */
export const tabTitles = (shows: Opened['shows'] | undefined): Record<ExploreView, string> => ({
  ...viewTitles,
  ...(shows === undefined || shows === 'images' ? {} : { similar: shows === 'points' ? 'Similar points' : 'Similar samples' }),
})

/** What a view answers; the palette finds it by these words. */
export const viewDetails: Record<ExploreView, string> = {
  similar: 'nearest neighbours in the code and in pixels, retrieval',
  chain: 'sampling: corrupt, encode, decode, again; Gibbs chain; animation',
  generate: 'draws, sliders on units, traversals, interpolation',
  manifold: 'what the decoder makes of every place of the code',
  field: 'denoising: where the network moves points, arrows, paths',
  tangents: 'Jacobian, singular values, directions, contraction',
  units: 'filters, top-activating images, activity, KL, collapsed units',
  copying: 'reconstruct noise or another dataset',
  map: 'all codes in a plane, thumbnails, lasso',
  features: 'convolutions: activations of an image at each layer, filters, patches that excite them, receptive fields',
}

/** Everything that the address of a look into one or two trained networks holds. */
export interface ExploreAddress {
  run: string | null
  view: ExploreView
  /** A second run, beside the first. */
  with: string | null
  /** Steps of which the weights are looked at; null: the result of the training. */
  step: number | null
  withStep: number | null
  /** What the view itself keeps: images and settings, as texts. */
  options: Readonly<Record<string, string>>
}

const reservedKeys = ['with', 'step', 'withStep']

const stepOf = (text: string | null): number | null => (text !== null && /^\d{1,12}$/.test(text) ? Number(text) : null)

export function readAddress(run: string | null, view: string | null, query: URLSearchParams): ExploreAddress {
  return {
    run,
    view: views.find((one) => one === view) ?? 'similar',
    with: query.get('with') || null,
    step: stepOf(query.get('step')),
    withStep: stepOf(query.get('withStep')),
    options: Object.fromEntries([...query].filter(([key, value]) => !reservedKeys.includes(key) && value !== '')),
  }
}

/** What is as it usually is stays out of the address. */
export function writeAddress({ run, view, with: other, step, withStep, options }: ExploreAddress): string {
  if (run === null) return '#/explore'
  const given: [string, string | number | null][] = [
    ['with', other],
    ['step', step],
    ['withStep', other === null ? null : withStep],
    ...Object.entries(options),
  ]
  // Commas and colons separate the parts of values: readable as they are.
  const text = given
    .flatMap(([key, value]) =>
      value === null || value === '' ? [] : [`${key}=${encodeURIComponent(value).replace(/%2C/g, ',').replace(/%3A/g, ':')}`],
    )
    .join('&')
  return `#/explore/${encodeURIComponent(run)}/${view}${text === '' ? '' : `?${text}`}`
}

/** Options that are the same in every view: which images are looked at. */
export const shared = ['image', 'to', 'third'] as const
export type ImageKey = (typeof shared)[number]

/** What stays of a view's options on the way to another one. */
export const carried = (options: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(shared.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]!]])))

/**
 * `12`: a row of the dataset; `file:/a/b.png`: an image from disk; `at:0.5,-1`: values of the network's input. Null where it is
 * none of them.
 */
export function refOf(text: string | undefined): ImageRef | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return { row: Number(text) }
  if (text.startsWith('file:') && text.length > 5) return { file: text.slice(5) }
  if (!text.startsWith('at:')) return null
  const values = text.slice(3).split(',').map(Number)
  return text.length > 3 && values.every(Number.isFinite) ? { values: Float32Array.from(values) } : null
}

export function refText(ref: ImageRef): string {
  if ('row' in ref) return String(ref.row)
  if ('file' in ref) return `file:${ref.file}`
  return `at:${Array.from(ref.values, (value) => Number(value.toPrecision(6))).join(',')}`
}

/** Readers of a view's options: whatever somebody writes into an address, the answer is one that the view knows. */
export function numberOf(options: Readonly<Record<string, string>>, key: string, usual: number, low: number, high: number): number {
  const text = options[key]
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : usual
}
export const wholeOf = (options: Readonly<Record<string, string>>, key: string, usual: number, low: number, high: number): number =>
  Math.round(numberOf(options, key, usual, low, high))
export const oneOf = <T extends string>(
  options: Readonly<Record<string, string>>,
  key: string,
  choices: readonly T[],
  usual: T,
): T => choices.find((one) => one === options[key]) ?? usual
export const listOf = (options: Readonly<Record<string, string>>, key: string, most: number): number[] =>
  [
    ...new Set(
      (options[key] ?? '')
        .split(',')
        .filter((text) => /^\d{1,9}$/.test(text))
        .map(Number),
    ),
  ].slice(0, most)
