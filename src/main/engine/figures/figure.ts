import type { Config } from '../../../shared/config.ts'
import type { Evaluation, Run } from '../../../shared/domain.ts'
import type { Better, FigureSection, FigureUnit } from '../../../shared/figures.ts'

/** What networks can be trained for that figures measure. */
export type Goal = 'squaredError' | 'crossEntropy' | 'elbo' | 'importanceBound' | 'classes'

/**
 * With what a figure is measured: the test samples; for what is said of their likelihood that and the likelihood, under which
 * alone it means the same.
 */
export type Yardstick = 'samples' | 'likelihood'

/** A run as far as its figures depend on it. */
export interface Evaluated {
  config: Pick<Config, 'fineTuning'>
  evaluation: Evaluation | null
}

/** What is said of a figure, and how it is written. */
interface Words {
  title: string
  /** Where there is little room; the title unless given. */
  short?: string
  unit: FigureUnit
  better: Better
  /** Decimals; the unit's own unless given. */
  digits?: number
  /** What it measures, in a sentence or two; which end of it is better need not be said. */
  explanation: string
  /** What is to be known besides of the figure of one evaluation. */
  detail?: (evaluation: Evaluation) => string | null
  /** Why an evaluation is without it, where it would have one of other data; null where it needs no word. */
  lacking?: (evaluation: Evaluation) => string | null
  /** Of how many it is a count. */
  outOf?: (evaluation: Evaluation) => number | undefined
}

/** What the figures of one metric have in common. */
interface Common {
  section: FigureSection
  yardstick?: Yardstick
  /** For what networks are trained that do well in it; none where nothing is trained for it. */
  goals?: readonly Goal[]
  /** Whether it has a meaning for a run; for all unless given. */
  applies?: (run: Evaluated) => boolean
}

/** A metric that is one number is one figure. */
export interface NumberMetric extends Common, Words {}

/** One of several figures that are read from a metric of several numbers. */
export interface Part<Value> extends Words {
  /** Of its key, behind the metric's. */
  name: string
  read: (value: Value) => number | null | undefined
  place?: { row: string; column: string }
}
export interface PartsMetric<Value> extends Common {
  /** @param values of some evaluations: which parts there are may depend on them */
  parts: (values: readonly Value[]) => Part<Value>[]
}

/** A metric that is no figure by itself, and where it is shown. */
export interface OtherMetric {
  shownIn: string
}

/** What an evaluation says of itself; everything else in it is a metric. */
type About = 'version' | 'checkpoint' | 'checkpointStep' | 'checkpointEpoch' | 'seconds'

/**
 * How each metric of an evaluation is shown. A metric without an entry does not compile, nor does one that is shown as what it
 * is not.
 */
export type Metrics<Of = Evaluation> = {
  [Key in Exclude<keyof Of, About>]: NonNullable<Of[Key]> extends number
    ? NumberMetric
    : PartsMetric<NonNullable<Of[Key]>> | OtherMetric
}

/** A figure of evaluations: one number of each. */
export interface Figure extends Words, Common {
  key: string
  yardstick: Yardstick
  place: { row: string; column: string } | null
  /** Null where an evaluation has none. */
  value: (evaluation: Evaluation) => number | null | undefined
}

/** A run's figure; null where it has none. */
export function valueOf(figure: Figure, { evaluation }: Pick<Run, 'evaluation'>): number | null {
  const value = evaluation && figure.value(evaluation)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** Numbers by which some evaluation has a figure, those that every evaluation measures among them; ascending. */
export const namesIn = (known: readonly number[], records: readonly object[]): string[] =>
  [...new Set([...known.map(String), ...records.flatMap(Object.keys)])].sort((a, b) => Number(a) - Number(b))
