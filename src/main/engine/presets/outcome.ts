import type { Config } from '../../../shared/config.ts'
import type { Run } from '../../../shared/domain.ts'
import { isObject } from '../../../shared/json.ts'
import { isDatasetOf, type Outcome } from '../../../shared/presets.ts'
import { absent, formatDecimals } from '../../../shared/quantities.ts'
import { formatList, formatSetting } from '../compare/formats.ts'
import { figureOf } from './figures.ts'
import { referenceInfo, type PlannedRun } from './index.ts'
import type { Preset, Reference } from './preset.ts'

type Row = Outcome['rows'][number]

export interface OutcomeFacts {
  run: Run
  /** All runs: among them the one that a figure is relative to. */
  runs: readonly Run[]
  /** The run's dataset. */
  dataset: Parameters<typeof isDatasetOf>[1]
  /** What the preset's settings are on that dataset; null where they cannot be used on it. */
  config: Config | null
}

/** What a run that was made from a preset came to beside what was published. */
export function outcomeOf({ preset, form, run: planned }: PlannedRun, { run, runs, dataset, config }: OutcomeFacts): Outcome {
  const rows = planned.references.map((reference) => rowOf(reference, run, baseOf(reference, run, runs)))
  return {
    preset: preset.id,
    title: preset.title,
    form: run.preset!.form,
    run: planned.title,
    rows,
    stated: preset.stated ?? [],
    reasons: [...reasonsOf({ run, dataset, config }, preset, planned.seed), form.note],
  }
}

/** The newest completed run of the same form and seed that a relative figure is divided by. */
function baseOf({ relativeTo }: Reference, { preset, seed }: Run, runs: readonly Run[]): Run | null {
  if (relativeTo === undefined) return null
  return (
    runs.findLast(
      (other) =>
        other.state === 'completed' &&
        other.seed === seed &&
        other.preset?.id === preset!.id &&
        other.preset.form === preset!.form &&
        other.preset.run === relativeTo,
    ) ?? null
  )
}

function rowOf(reference: Reference, run: Run, base: Run | null): Row {
  const figure = figureOf(reference.figure)
  const info = referenceInfo(reference)
  const value = figure.of(run),
    divisor = base === null ? null : figure.of(base)
  const obtained =
    reference.relativeTo === undefined ? value : value === null || divisor === null || divisor === 0 ? null : value / divisor
  const obtainedText = formatDecimals(obtained, figure.decimals)
  return {
    ...info,
    obtained,
    obtainedText,
    sentence: sentenceOf(info, obtained, obtainedText, figure.decimals, reference.relativeTo !== undefined && value !== null),
  }
}

/** By how much two figures differ, in words. */
function sentenceOf(
  { title, unit, value, text }: Omit<Row, 'obtained' | 'obtainedText' | 'sentence'>,
  obtained: number | null,
  shown: string,
  decimals: number,
  baseless: boolean,
): string {
  if (obtained === null) {
    return baseless ? `${title}: the run that it is relative to is not here yet.` : `${title}: not measured yet.`
  }
  const unitWords = unit === '' ? '' : unit === '%' ? '%' : ` ${unit}`
  const difference = formatDecimals(Math.abs(obtained - value), decimals)
  if (Number(difference) === 0) return `${title}: ${shown}${unitWords}, as published.`
  const share = value === 0 ? '' : ` (${formatDecimals((100 * Math.abs(obtained - value)) / Math.abs(value), 0)}%)`
  return (
    `${title}: ${shown}${unitWords}, ${difference}${unit === '%' ? ' points' : ''} ` +
    `${obtained > value ? 'above' : 'below'} the published ${text}${unit === '%' ? '%' : share}.`
  )
}

/** In what a run departs from its preset. */
function reasonsOf(
  { run, dataset, config }: Pick<OutcomeFacts, 'run' | 'dataset' | 'config'>,
  preset: Preset,
  seed: number,
): string[] {
  const reasons: string[] = []
  if (run.state !== 'completed') reasons.push(`This run is ${run.state}, not completed.`)
  if (!isDatasetOf(preset.dataset, dataset))
    reasons.push(`It was trained on other data (${run.dataset}) than the preset’s: ${preset.dataset.title.replace(/^T/, 't')}.`)
  const changed = config === null ? [] : differences(config, run.config)
  if (changed.length > 0) reasons.push(`Settings that are not the preset’s: ${formatList(changed)}.`)
  if (run.seed !== seed) reasons.push(`Its seed is ${run.seed}, the preset’s is ${seed}.`)
  return reasons
}

/** `training.epochs 1 instead of 12`, for every setting that differs. */
function differences(wanted: object, actual: object, prefix = ''): string[] {
  const keys = [...new Set([...Object.keys(wanted), ...Object.keys(actual)])]
  return keys.flatMap((key) => {
    const [a, b] = [(wanted as Record<string, unknown>)[key], (actual as Record<string, unknown>)[key]]
    if (isObject(a) && isObject(b)) return differences(a, b, `${prefix}${key}.`)
    return JSON.stringify(a) === JSON.stringify(b)
      ? []
      : [`${prefix}${key} ${b === undefined ? absent : formatSetting(b)} instead of ${a === undefined ? absent : formatSetting(a)}`]
  })
}
