import type { Evaluation } from '../../../shared/domain.ts'
import { absent } from '../../../shared/quantities.ts'
import { digitsOf, formatFigure, withSign, type FigureInfo, type RunFigure } from '../../../shared/figures.ts'
import { encoder } from './encoder.ts'
import { valueOf, type Evaluated, type Figure, type Goal, type Metrics } from './figure.ts'
import type { NumberMetric, OtherMetric, PartsMetric } from './figure.ts'
import { classifier, codes } from './labels.ts'
import { likelihood } from './likelihood.ts'
import { noise } from './noise.ts'
import { reconstruction } from './reconstruction.ts'

export { valueOf, type Figure } from './figure.ts'

/**
 * Every metric of an evaluation in the order of the tables. A new one is its measurement (a field of `evaluationSchema`, a file
 * in `evaluate/`) and an entry here.
 */
export const metrics: Metrics = { ...classifier, ...reconstruction, ...codes, ...likelihood, ...encoder, ...noise }

type Metric = NumberMetric | PartsMetric<unknown> | OtherMetric
const entries = () => Object.entries(metrics) as [keyof Metrics, Metric][]

/** Metrics that are one number. */
export type NumberKey = { [Key in keyof Metrics]: Metrics[Key] extends NumberMetric ? Key : never }[keyof Metrics]
export const numberKeys = (): NumberKey[] => entries().flatMap(([key, metric]) => ('title' in metric ? [key as NumberKey] : []))

/** Every figure of some runs, whether or not one has it, in the order of the tables. */
export function figuresOf(runs: readonly Evaluated[]): Figure[] {
  const some = differing(runs)
  return entries().flatMap(([key, metric]) =>
    'applies' in metric && metric.applies && !some.some(metric.applies) ? [] : figuresIn(key, metric, some),
  )
}

function figuresIn(key: keyof Metrics, metric: Metric, runs: readonly Evaluated[]): Figure[] {
  if ('shownIn' in metric) return []
  const usual = { yardstick: 'samples', place: null } as const
  if (!('parts' in metric)) return [{ ...usual, ...metric, key, value: (evaluation) => evaluation[key] as number | null }]
  const { parts, ...common } = metric
  const values = runs.map(({ evaluation }) => evaluation?.[key]).filter((value) => value != null)
  return parts(values).map(({ name, read, ...words }) => ({
    ...usual,
    ...common,
    ...words,
    key: `${key}.${name}`,
    value: (evaluation) => (evaluation[key] == null ? null : read(evaluation[key])),
  }))
}

/** Of runs that are alike in what decides which figures there are, as most are, one. */
function differing(runs: readonly Evaluated[]): readonly Evaluated[] {
  if (runs.length < 2) return runs
  const metrics = entries().map(([key, metric]) => ({
    key,
    parts: 'parts' in metric,
    applies: 'applies' in metric && metric.applies,
  }))
  const different = new Map<string, Evaluated>()
  for (const run of runs) {
    let signature = ''
    for (const { key, parts, applies } of metrics) {
      if (parts) signature += nestedNames(run.evaluation?.[key])
      if (applies) signature += applies(run) ? '+' : '-'
    }
    if (!different.has(signature)) different.set(signature, run)
  }
  return [...different.values()]
}

/** By what names the numbers of a metric go. */
function nestedNames(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  let names = '{'
  for (const [name, inner] of Object.entries(value)) names += `${name}${nestedNames(inner)},`
  return `${names}}`
}

/** For what networks are trained that do well in a figure; null for figures that nothing is trained for. */
export function goalsOf(key: string): readonly Goal[] | null {
  const metric = (metrics as Record<string, Metric | undefined>)[key.split('.')[0]!]
  return (metric && 'goals' in metric && metric.goals) || null
}

/** The number as it is read, without its unit; counts with of how many they are. */
export function textOf(figure: Figure, value: number | null, evaluation: Evaluation | null): string {
  const text = formatFigure(value, figure)
  const total = value === null || evaluation === null ? undefined : figure.outOf?.(evaluation)
  return total === undefined ? text : `${text} of ${total}`
}

/** What is sent of a figure, wherever it stands. */
export const headOf = ({ key, title, unit, better, section, explanation }: Figure) => ({
  key,
  title,
  unit,
  better,
  section,
  explanation,
})

/** Every figure that a run can have, for windows; of noise and radii those that are measured now. */
export const figureInfos = (): FigureInfo[] =>
  entries()
    .flatMap(([key, metric]) => figuresIn(key, metric, []))
    .map((figure) => ({ ...headOf(figure), short: figure.short ?? figure.title, digits: digitsOf(figure) }))

/** The figures that a run has, as they are read; and those that it lacks for a reason that is to be known, as a dash. */
export const runFigures = (run: Evaluated): RunFigure[] =>
  figuresOf([run]).flatMap((figure) => {
    const { evaluation } = run
    const value = valueOf(figure, { evaluation })
    if (evaluation === null) return []
    const lacking = value === null ? figure.lacking?.(evaluation) : null
    if (value === null && !lacking) return []
    const { explanation, unit, ...head } = headOf(figure)
    return [
      {
        ...head,
        unit: unit === '%' ? '' : unit,
        text: value === null ? absent : withSign(textOf(figure, value, evaluation), unit),
        explanation: [explanation, (value === null ? lacking : figure.detail?.(evaluation)) ?? ''].join(' ').trim(),
        place: figure.place,
      },
    ]
  })
