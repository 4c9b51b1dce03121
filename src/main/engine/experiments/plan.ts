import type { Field } from '../../../shared/config.ts'
import type { ErrorInfo } from '../../../shared/errors.ts'
import { mostCells, type Cell, type Plan, type PlanVariant } from '../../../shared/experiments.ts'
import { applies, fieldsByKey, fieldsThatApply } from '../../../shared/settings/applies.ts'
import { flatten, valueAt } from '../../../shared/settings/nested.ts'
import { textOf } from '../../../shared/settings/text.ts'
import { suggestion } from '../suggestion.ts'
import { plainest, variants } from '../variants/registry.ts'
import { chosenOf } from '../variants/settings/chosen.ts'
import { fieldsOf } from '../variants/settings/fields.ts'
import { resolveConfig, type Resolved } from '../variants/settings/resolve.ts'
import type { Facts, Variant } from '../variants/variant.ts'
import { baselineWarning } from './baselineWarning.ts'
import { isOwn } from '../../../shared/ownedKeys.ts'
import { titled } from './titles.ts'
import { combinations, sweptValues } from './values.ts'

/** Of an experiment. */
const mostRuns = 10_000

/** A cell with its settings resolved on the plan's dataset. */
interface ExpandedCell {
  cell: Cell
  resolved: Resolved
}

export interface Expansion {
  cells: ExpandedCell[]
  /** Of the plan and of its cells, each once, by the field of the plan that is to be changed. */
  problems: ErrorInfo[]
  warnings: string[]
  /** Index into the plan's variants; null: none. */
  baseline: number | null
}

/** More combinations than this are not even looked at: most of them would be the same cell. */
const mostCombinations = 20_000

/** One way to fill a variant of the plan, before it is known what of it has an effect. */
interface Combination {
  values: Map<string, unknown>
  given: Map<string, unknown>
  ignored: string[]
}

/**
 * The cells of a plan: for each of its variants every combination of swept values. Settings and sweeps of the plan go to the
 * variants that have them; what has no effect beside other settings is left out, and combinations that then are the same are
 * one cell. A function of its arguments alone; nothing is thrown for a plan that cannot be carried out, it has problems.
 */
export function expandPlan(plan: Plan, facts: Facts): Expansion {
  const problems = new Problems()
  const shared = new Map(flatten(plan.settings))
  checkSeeds(plan, problems)
  const baseline = baselineOf(plan, problems)
  const used = new Set<string>()
  const drafts = plan.variants.flatMap((planned, index) => {
    const variant = variants.find(({ id }) => id === planned.variant)
    if (!variant) {
      problems.add(
        `variants.${index}.variant`,
        'VARIANT_UNKNOWN',
        `There is no variant “${planned.variant}”; ${suggestion(
          planned.variant,
          variants.map(({ id }) => id),
        )}`,
      )
      return []
    }
    return draftsOf(plan, shared, planned, index, variant, facts, used, problems)
  })
  problems.list.push(...unknownKeys(plan, shared, used))
  if (drafts.length > mostCells)
    problems.add(
      'sweep',
      'SETTING_INVALID',
      `This plan has ${drafts.length} combinations, and an experiment at most ${mostCells}; sweep fewer values.`,
    )
  else if (drafts.length * plan.seeds.length > mostRuns) {
    problems.add(
      'seeds',
      'SETTING_INVALID',
      `This plan has ${drafts.length * plan.seeds.length} runs, and an experiment at most ${mostRuns}; take fewer seeds or values.`,
    )
  }
  const sound = drafts.length <= mostCells ? drafts : []
  const titles = titled(
    sound.map(({ planned, variant, values, given }) => ({
      title: plan.variants[planned]!.title ?? variant.title,
      planned,
      values,
      given,
      variantKeys: new Set(flatten(plan.variants[planned]!.settings).map(([key]) => key)),
      fields: fieldsByKey(fieldsFor(variant, facts, given)),
    })),
  )
  const cells = sound.map(({ planned, variant, values, given, ignored }, index): ExpandedCell => {
    const settings = Object.fromEntries(given)
    const resolved = resolveConfig(variant.id, [{ from: 'plan', settings }], facts)
    const variantSettings = new Map(flatten(plan.variants[planned]!.settings))
    for (const { field, code, message } of resolved.problems)
      problems.add(placeOf(field ?? '', plan, planned, variantSettings, shared), code, message)
    return {
      cell: {
        index,
        planned,
        variant: variant.id,
        ...titles[index]!,
        values: Object.fromEntries(values),
        settings,
        overrides: [...variantSettings.keys()].filter((key) => !isOwn(key) && !values.has(key)),
        // What a variant determines just as the plan wants it is not ignored.
        ignored: ignored.filter(
          (key) => !shared.has(key) || JSON.stringify(valueAt(resolved.config, key)) !== JSON.stringify(shared.get(key)),
        ),
      },
      resolved,
    }
  })
  return { cells, problems: problems.list, warnings: [...warningsOf(plan, cells), ...baselineWarning(cells, baseline)], baseline }
}

function draftsOf(
  plan: Plan,
  shared: ReadonlyMap<string, unknown>,
  planned: PlanVariant,
  index: number,
  variant: Variant,
  facts: Facts,
  used: Set<string>,
  problems: Problems,
) {
  const variantSettings = new Map(flatten(planned.settings))
  const ownSweep = new Set(Object.keys(planned.sweep))
  for (const key of ownSweep) {
    if (variantSettings.has(key))
      problems.add(
        `variants.${index}.sweep.${key}`,
        'SETTING_INVALID',
        `${key} is both set and swept for this variant; leave one of them out.`,
      )
  }
  const sweep = { ...Object.fromEntries(Object.entries(plan.sweep).filter(([key]) => !variantSettings.has(key))), ...planned.sweep }
  const base = new Map([...shared, ...variantSettings])
  const known = fieldsFor(variant, facts, base)
  const choices = new Map<string, unknown[]>()
  for (const [key, given] of Object.entries(sweep)) {
    const values = sweptValues(
      key,
      given,
      known.find((field) => field.key === key),
    )
    if (typeof values !== 'string') choices.set(key, values)
    else {
      problems.add(`${ownSweep.has(key) ? `variants.${index}.` : ''}sweep.${key}`, 'SETTING_INVALID', values)
      used.add(key)
    }
  }
  const count = [...choices.values()].reduce((product, values) => product * values.length, 1)
  if (count > mostCombinations) {
    problems.add(
      'sweep',
      'SETTING_INVALID',
      `${count} combinations of values are too many for one variant; sweep fewer settings at once.`,
    )
    return []
  }
  const seen = new Set<string>()
  return combinations(choices).flatMap((combination) => {
    const draft = fitted(variant, facts, base, combination, new Set([...variantSettings.keys(), ...ownSweep]), used)
    const identity = JSON.stringify([...draft.values])
    if (seen.has(identity)) return []
    seen.add(identity)
    return [{ planned: index, variant, ...draft }]
  })
}

/**
 * A combination without what the variant does not have and without swept settings that the others switch off. @param variantKeys keys
 * that are meant for this variant
 */
function fitted(
  variant: Variant,
  facts: Facts,
  base: ReadonlyMap<string, unknown>,
  combination: ReadonlyMap<string, unknown>,
  variantKeys: ReadonlySet<string>,
  used: Set<string>,
): Combination {
  const given = new Map([...base, ...combination])
  const fields = fieldsFor(variant, facts, given)
  const byKey = fieldsByKey(fields)
  const ignored: string[] = []
  for (const key of [...given.keys()]) {
    if (byKey.has(key)) used.add(key)
    // What was given to this very variant is kept: if it has no such setting, that is to be said.
    else if (!variantKeys.has(key)) {
      given.delete(key)
      ignored.push(key)
    } else used.add(key)
  }
  const values = new Map([...combination].filter(([key]) => given.has(key)))
  for (const key of values.keys()) {
    const field = byKey.get(key)
    if (!field || applies(field, byKey, (owner) => given.get(owner.key) ?? owner.default)) continue
    values.delete(key)
    given.delete(key)
  }
  return { values, given, ignored }
}

const fieldsFor = (variant: Variant, facts: Facts, given: ReadonlyMap<string, unknown>): Field[] =>
  fieldsOf(variant, facts, chosenOf(variant, given))

/** Settings that none of the variants has: most likely misspelt. */
function unknownKeys(plan: Plan, shared: ReadonlyMap<string, unknown>, used: ReadonlySet<string>): ErrorInfo[] {
  const first = plan.variants.find(({ variant }) => variants.some(({ id }) => id === variant))
  if (!first) return []
  const ask = (section: string, key: string, value: unknown): ErrorInfo[] =>
    resolveConfig(first.variant, { [key]: value })
      .problems.filter(({ field }) => field === key)
      .map((problem) => ({ ...problem, field: `${section}.${key}` }))
  return [
    ...[...shared].filter(([key]) => !used.has(key)).flatMap(([key, value]) => ask('settings', key, value)),
    ...Object.entries(plan.sweep)
      .filter(([key]) => !used.has(key) && !shared.has(key))
      .flatMap(([key, given]) => ask('sweep', key, Array.isArray(given) ? given[0] : given.from)),
  ]
}

function checkSeeds({ seeds }: Plan, problems: Problems): void {
  const twice = seeds.find((seed, index) => seeds.indexOf(seed) !== index)
  if (twice !== undefined)
    problems.add(
      'seeds',
      'SETTING_INVALID',
      `The seed ${twice} is listed twice, which would be the same run again; give each once.`,
    )
}

function baselineOf({ variants: planned, baseline }: Plan, problems: Problems): number | null {
  if (baseline === null) return null
  if (baseline === undefined) {
    const index = planned.findIndex(({ variant }) => variant === plainest.id)
    return index < 0 ? null : index
  }
  if (baseline < planned.length) return baseline
  problems.add(
    'baseline',
    'SETTING_INVALID',
    `The plan has ${planned.length} variants, so the baseline is one from 0 to ${planned.length - 1}.`,
  )
  return null
}

/** Where in the plan a setting of a cell comes from. */
function placeOf(
  key: string,
  plan: Plan,
  index: number,
  variantSettings: ReadonlyMap<string, unknown>,
  shared: ReadonlyMap<string, unknown>,
): string {
  if (Object.hasOwn(plan.variants[index]!.sweep, key)) return `variants.${index}.sweep.${key}`
  if (variantSettings.has(key)) return `variants.${index}.settings.${key}`
  if (Object.hasOwn(plan.sweep, key)) return `sweep.${key}`
  return shared.has(key) ? `settings.${key}` : `variants.${index}.settings.${key}`
}

function warningsOf(plan: Plan, cells: readonly ExpandedCell[]): string[] {
  const dead = Object.keys(plan.sweep).filter(
    (key) =>
      cells.length > 0 &&
      cells.every(({ cell }) => !(key in cell.values) && !cell.ignored.includes(key) && !(key in cell.settings)),
  )
  return [
    ...(plan.seeds.length === 1
      ? ['With one seed one cannot tell a difference from chance; with three or more each figure gets an interval.']
      : []),
    ...dead.map((key) => `Sweeping ${key} has no effect, because other settings switch it off.`),
    ...sameCells(cells),
    ...unequalDefaults(plan, cells),
  ]
}

/** Cells that differ in name only. */
function sameCells(cells: readonly ExpandedCell[]): string[] {
  const first = new Map<string, string>()
  return cells.flatMap(({ cell, resolved: { config } }) => {
    if (config === null) return []
    const identity = JSON.stringify([cell.variant, config])
    const other = first.get(identity)
    if (other === undefined) first.set(identity, cell.title)
    return other === undefined ? [] : [`“${other}” and “${cell.title}” have the same settings; one of them is enough.`]
  })
}

const sharedSections = ['network', 'reconstruction', 'training', 'data', 'pretraining', 'fineTuning']

/**
 * What the plan leaves to the variants, and these have different defaults of: then it is not their regularizers alone that are
 * compared.
 */
function unequalDefaults(plan: Plan, cells: readonly ExpandedCell[]): string[] {
  const values = new Map<string, Map<string, Set<string>>>()
  for (const {
    cell,
    resolved: { config, fields },
  } of cells) {
    if (config === null) continue
    for (const { key } of fieldsThatApply(fields, (owner) => valueAt(config, owner.key))) {
      if (!sharedSections.includes(key.split('.')[0]!) || isOwn(key) || key in cell.settings) continue
      const value = valueAt(config, key)
      const byValue = values.get(key) ?? new Map<string, Set<string>>()
      const text = textOf(value)
      byValue.set(
        text,
        (byValue.get(text) ?? new Set()).add(
          plan.variants[cell.planned]!.title ?? variants.find(({ id }) => id === cell.variant)!.title,
        ),
      )
      values.set(key, byValue)
    }
  }
  return [...values]
    .filter(([, byValue]) => byValue.size > 1)
    .map(([key, byValue]) => {
      const parts = [...byValue].map(
        ([value, titles]) =>
          `${value} (${[...titles].slice(0, 3).join(', ')}${titles.size > 3 ? ` and ${titles.size - 3} more` : ''})`,
      )
      return `Variants have different defaults of ${key}: ${parts.join('; ')}. Set it for all of them to compare like with like.`
    })
}

/** Problems by field, each sentence once a field. */
class Problems {
  readonly list: ErrorInfo[] = []

  add(field: string, code: ErrorInfo['code'], message: string): void {
    if (!this.list.some((other) => other.field === field && other.message === message)) this.list.push({ code, message, field })
  }
}
