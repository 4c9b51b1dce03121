import type { CompareLine, CompareTerms, LinesInput } from '../../../shared/comparisonLines.ts'
import type { Run } from '../../../shared/domain.ts'
import { smoothed } from '../../../shared/smoothing.ts'
import { bandOf, type Band, type Line } from './bands.ts'
import type { RunGroup } from './groups.ts'
import { gathered, reduced } from './reduce.ts'
import { meanOf } from './statistics.ts'

/** Reads a stored series of a run; null where it has none. */
export type ReadSeries = (run: Run, key: string) => Line | null

export type LineOptions = Pick<LinesInput, 'smoothing' | 'smooth' | 'band' | 'axis' | 'from' | 'to' | 'columns' | 'logarithmic'>

/** What a line is of: a run, or the seeds of a group. */
export interface Subject {
  id: string
  title: string
  named: boolean
  colour: number
  variant: string
  runs: readonly Run[]
}

export const subjectOfRun = (run: Run): Subject => ({
  id: run.id,
  title: run.name,
  named: true,
  colour: run.colour,
  variant: run.variant,
  runs: [run],
})

/** The runs of a group's line: one of each seed, the one with the longest curve so far. */
export function subjectOfGroup({ id, title, named, colour, variant, runs }: RunGroup): Subject {
  const bySeed = new Map<number, Run>()
  for (const run of runs) {
    const other = bySeed.get(run.seed)
    if (other === undefined || run.step >= other.step) bySeed.set(run.seed, run)
  }
  return { id, title, named, colour, variant, runs: [...bySeed.values()] }
}

const axisColumn = { step: 'step', epoch: 'epoch', time: 'seconds' } as const

/**
 * One series of a run, or the mean and band of a group's seeds, ready to draw: smoothed on all of its points, then averaged,
 * then reduced to what the pixels can show. Null where no run has any point of it.
 */
export function lineOf(subject: Subject, key: string, read: ReadSeries, asked: LineOptions): CompareLine | null {
  const options = asked.smooth === 'training' && !/(^|\/)train\//.test(key) ? { ...asked, smoothing: 0 } : asked
  const found = seedsOf(subject, key, read)
  if (found.length === 0) return null
  const lines = found.map(({ line }) => line)
  const band = merged(smoothedLines(lines, options), options)
  // Smoothing is of what is drawn; whoever reads a number wants what was measured.
  const raw = options.smoothing > 0 ? merged(lines, options).value : null
  const kept = reduced(
    band[axisColumn[options.axis]],
    // Of a smoothed line the extremes of what it was, which is drawn below it: its own lie close by.
    [raw ?? band.value, ...(band.low === null ? [] : [band.low, band.high!])],
    options,
  )
  const take = (column: Float64Array) => gathered(column, kept)
  return {
    ...head(
      subject,
      found.map(({ run }) => run),
    ),
    key,
    points: band.step.length,
    step: take(band.step),
    epoch: take(band.epoch),
    seconds: take(band.seconds),
    value: take(band.value),
    raw: raw && take(raw),
    last: lastOf(lines),
    level: found.every(({ run, line }) => run.steps === 0 && line.step.length === 1),
    low: band.low && take(band.low),
    high: band.high && take(band.high),
    pair: isPair(lines, options),
    n: band.n && Uint16Array.from(kept, (index) => band.n![index]!),
  }
}

/**
 * The terms of a run's objective (or the means of a group's), one on top of the other, so that their sum is the loss. All on
 * the same points.
 * @param terms in the order in which they are stacked
 */
export function termsOf(
  subject: Subject,
  split: 'train' | 'validation',
  terms: readonly string[],
  read: ReadSeries,
  options: LineOptions,
): CompareTerms | null {
  const layers = terms.flatMap((term) => {
    const found = seedsOf(subject, `${split}/${term}`, read)
    const lines = found.map(({ line }) => line)
    const runs = found.map(({ run }) => run)
    if (found.length === 0) return []
    const raw = options.smoothing > 0 ? merged(lines, options).value : null
    return [{ term, runs, band: merged(smoothedLines(lines, options), options), raw }]
  })
  const first = layers[0]
  if (first === undefined) return null
  // All terms of a step are stored together; a run that stopped between them lacks the last point of some.
  const length = Math.min(...layers.map(({ band }) => band.step.length))
  const upper: Float64Array[] = []
  for (const { band } of layers) {
    const below = upper.at(-1)
    upper.push(Float64Array.from({ length }, (_, i) => (below?.[i] ?? 0) + band.value[i]!))
  }
  const cut = (column: Float64Array): Float64Array => column.subarray(0, length)
  const kept = reduced(cut(first.band[axisColumn[options.axis]]), upper, options)
  const take = (column: Float64Array) => gathered(column, kept)
  return {
    ...head(subject, first.runs),
    split,
    points: length,
    step: take(cut(first.band.step)),
    epoch: take(cut(first.band.epoch)),
    seconds: take(cut(first.band.seconds)),
    terms: layers.map(({ term, band, raw }, index) => ({
      term,
      value: take(cut(band.value)),
      raw: raw && take(cut(raw)),
      lower: index === 0 ? new Float64Array(kept.length) : take(upper[index - 1]!),
      upper: take(upper[index]!),
    })),
  }
}

const head = ({ id, title, named, colour, variant }: Subject, runs: readonly Run[]) => ({
  id,
  title,
  named,
  colour,
  variant,
  runs: runs.map((run) => run.id),
})

function seedsOf({ runs }: Subject, key: string, read: ReadSeries): { run: Run; line: Line }[] {
  return runs.flatMap((run) => {
    // What a run has is known without reading it.
    const line = Object.hasOwn(run.latest, key) ? read(run, key) : null
    return line === null || line.step.length === 0 ? [] : [{ run, line }]
  })
}

const smoothedLines = (lines: readonly Line[], { smoothing }: LineOptions): Line[] =>
  lines.map((line) => ({ ...line, value: smoothed(line.value, smoothing) }))

/** Seeds may end at different steps: the last of their mean would be that of those that went on longest. */
function lastOf(lines: readonly Line[]): CompareLine['last'] {
  const values = lines.flatMap(({ value }) => value.findLast(Number.isFinite) ?? [])
  return { value: values.length === 0 ? null : meanOf(values), n: values.length }
}

type Merged = Line & (Band | { low: null; high: null; n: null })

const isPair = (lines: readonly Line[], { band }: LineOptions): boolean => band === 'seeds' && lines.length === 2

function merged(lines: readonly Line[], options: LineOptions): Merged {
  if (lines.length === 1) return { ...lines[0]!, low: null, high: null, n: null }
  return bandOf(lines, isPair(lines, options) ? 'range' : options.band)
}
