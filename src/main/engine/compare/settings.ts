import type { Field, VariantInfo } from '../../../shared/config.ts'
import type { Comparison, SettingSection } from '../../../shared/comparison.ts'
import type { Run } from '../../../shared/domain.ts'
import { columnsOf, isOf, ownerOf, partsOf } from '../../../shared/ownedKeys.ts'
import { applies, fieldsByKey } from '../../../shared/settings/applies.ts'
import { flatten } from '../../../shared/settings/nested.ts'
import { inertSettings } from '../variants/inert.ts'
import { variants as registered } from '../variants/registry.ts'
import { absent } from '../../../shared/quantities.ts'
import { inSentence } from '../../../shared/words.ts'
import { formatSetting } from './formats.ts'

export type DifferenceRow = Comparison['differences'][number]

/**
 * The settings in which runs differ: dataset, variant and seed first, then the fields of the variants in the order in which
 * the variants list them. A field that a run's variant does not have, or that its other settings switch off, reads `–`; so does a setting
 * that has no use in a run, which makes no difference by itself.
 */
export function settingDifferences(runs: readonly Run[], variants: readonly VariantInfo[]): DifferenceRow[] {
  const known = new Map(variants.map((variant) => [variant.id, variant]))
  const fieldsFor = fieldsIn(known)
  const rows: DifferenceRow[] = []
  const addIfDifferent = (key: string, title: string, identities: readonly string[], values: string[]) => {
    if (new Set(identities).size > 1) rows.push({ key, title, values })
  }

  addIfDifferent(
    'dataset',
    'Dataset',
    runs.map((run) => run.datasetId),
    runs.map((run) => run.dataset),
  )
  addIfDifferent(
    'variant',
    'Variant',
    runs.map((run) => run.variant),
    runs.map((run) => known.get(run.variant)?.title ?? run.variant),
  )
  addIfDifferent(
    'seed',
    'Seed',
    runs.map((run) => String(run.seed)),
    runs.map((run) => String(run.seed)),
  )

  const fields = runs.map(fieldsFor)
  const settings = runs.map((run, index) => settingsOf(run, fields[index]!))
  const inert = runs.map(inertIn)
  for (const { key, title } of titlesOf(runs, fields, settings, known)) {
    const { plain } = partsOf(key)
    const values = settings.map((flat, index) =>
      flat.has(plain) && isOf(key, ownerIn(runs[index]!)) ? formatSetting(flat.get(plain)) : absent,
    )
    // What has no use in a run does not set it apart from others.
    addIfDifferent(
      key,
      title,
      values.filter((_, index) => !inert[index]!.has(plain)),
      values,
    )
  }
  return rows
}

/** Reads the settings that have an effect in a run, by dotted key. */
export function settingsReader(variants: readonly VariantInfo[]): (run: Run) => Map<string, unknown> {
  const fieldsFor = fieldsIn(new Map(variants.map((variant) => [variant.id, variant])))
  return (run) => settingsOf(run, fieldsFor(run))
}

/** Key and title of every setting that has an effect in any of the runs, section by section. */
export function settingTitles(runs: readonly Run[], variants: readonly VariantInfo[]): { key: string; title: string }[] {
  const known = new Map(variants.map((variant) => [variant.id, variant]))
  const fields = runs.map(fieldsIn(known))
  return titlesOf(
    runs,
    fields,
    runs.map((run, index) => settingsOf(run, fields[index]!)),
    known,
  )
}

/** By what a run's layers were pretrained, beside its variant: whose settings it has. */
export const ownerIn = ({ variant, stages, config: { pretraining } }: Pick<Run, 'variant' | 'stages' | 'config'>) => ({
  variant,
  layers: pretraining.kind === 'none' ? null : (stages.find(({ kind }) => kind === 'layer')?.variant ?? pretraining.variant),
})

/** Of the parts of a config. */
export const sectionTitles: Readonly<Record<string, string>> = {
  run: 'Run',
  network: 'Network',
  objective: 'Objective',
  regularizer: 'Regularizer',
  data: 'Data',
  training: 'Training',
  pretraining: 'Pretraining',
  fineTuning: 'Fine-tuning',
}
/** Where a setting stands in the tree. */
const placeOf = (key: string): string[] => {
  const parts = key.split('.')
  if (key === 'reconstruction') return ['objective']
  if (parts.length === 1) return ['run']
  return parts[0] === 'regularizer' ? ['objective', 'regularizer'] : parts.slice(0, -1)
}

/**
 * The same rows, nested: what stands in one section of the config is together, and a section that differs in nothing is not there.
 * @param groups runs of each group, as indices of `runs`
 */
export function settingTree(rows: readonly DifferenceRow[], groups: readonly (readonly number[])[]): SettingSection[] {
  const top: SettingSection[] = []
  for (const { key, title, values } of rows) {
    let level = top
    let section: SettingSection | undefined
    for (const name of placeOf(key)) {
      section = level.find((one) => one.key === name)
      if (section === undefined) level.push((section = { key: name, title: sectionTitles[name] ?? name, rows: [], sections: [] }))
      level = section.sections
    }
    const groupValues = groups.map((members) => [...new Set(members.map((index) => values[index]!))].join(', '))
    section!.rows.push({
      key,
      title: title.replace(/^Pretraining: ([a-z])/, (_, letter: string) => letter.toUpperCase()),
      values,
      groupValues,
      lacking: new Set(values.filter((value) => value !== absent)).size === 1,
    })
  }
  return top
}

/** The fields of a run: those of its variant, and with pretraining those of its layers' variant. */
function fieldsIn(known: ReadonlyMap<string, VariantInfo>): (run: Run) => Field[] | null {
  const found = new Map<string, Field[]>()
  return (run) => {
    const variant = known.get(run.variant)
    if (!variant) return null
    const { kind, variant: chosen } = run.config.pretraining
    const layers = kind === 'none' ? undefined : known.get(run.stages.find((stage) => stage.kind === 'layer')?.variant ?? chosen)
    const key = JSON.stringify([variant.id, layers?.id])
    let fields = found.get(key)
    if (fields === undefined) found.set(key, (fields = allFields(variant, layers)))
    return fields
  }
}

/** Names and conditions of the layers' fields stand under `pretraining.`. */
function allFields(variant: VariantInfo, layers: VariantInfo | undefined): Field[] {
  const under = (key: string) => `pretraining.${key}`
  return [
    ...variant.settings.map((field) =>
      field.key.startsWith(under('')) && field.title !== 'Pretraining'
        ? { ...field, title: `Pretraining: ${inSentence(field.title)}` }
        : field,
    ),
    ...(layers?.settings ?? [])
      .filter(({ key }) => key.startsWith('regularizer.'))
      .map((field) => ({
        ...field,
        key: under(field.key),
        title: `Pretraining: ${inSentence(field.title)}`,
        ...(field.when ? { when: { ...field.when, key: under(field.when.key) } } : {}),
      })),
  ]
}

/**
 * The settings that have an effect in a run, by dotted key. What a variant determines of its network or reconstruction is no
 * field of it, but is as true of the run as a choice would be; other sections without a field (training, of PCA) are not.
 */
function settingsOf(run: Run, fields: readonly Field[] | null): Map<string, unknown> {
  const all = new Map(flatten(run.config))
  if (!fields) return all
  // A run that was made before its variant had a setting meant what the default says.
  for (const { key, default: value } of fields) if (key.startsWith('regularizer.') && !all.has(key)) all.set(key, value)
  const byKey = fieldsByKey(fields)
  const inert = inertIn(run)
  return new Map(
    [...all].filter(([key]) => {
      if (inert.has(key)) return false
      const field = byKey.get(key)
      return field ? applies(field, byKey, (owner) => all.get(owner.key)) : key === 'reconstruction' || key.startsWith('network.')
    }),
  )
}

function inertIn({ variant: id, config }: Run): ReadonlyMap<string, string> {
  const variant = registered.find((one) => one.id === id)
  return variant === undefined ? new Map() : inertSettings(variant, config)
}

const sections = ['network', 'reconstruction', 'regularizer', 'data', 'pretraining', 'fineTuning', 'training']

/**
 * Key and title of every setting of any run: in the order of the variants' fields, then what no field describes. What several
 * variants call alike is a setting of each: `Contractive: lambda`.
 */
function titlesOf(
  runs: readonly Run[],
  fields: readonly (readonly Field[] | null)[],
  settings: readonly Map<string, unknown>[],
  known: ReadonlyMap<string, VariantInfo>,
): { key: string; title: string }[] {
  const titles = new Map<string, string>()
  // Whatever the order of the runs: by variant, then by that of their layers.
  const rank = runs.map(({ variant, config: { pretraining } }) => `${variant} ${pretraining.kind} ${pretraining.variant}`)
  const order = runs.map((_, index) => index).sort((a, b) => (rank[a]! < rank[b]! ? -1 : rank[a]! > rank[b]! ? 1 : 0))
  for (const index of order) for (const field of fields[index] ?? []) if (!titles.has(field.key)) titles.set(field.key, field.title)
  for (const flat of settings) for (const key of flat.keys()) if (!titles.has(key)) titles.set(key, key)
  const section = (key: string) => sections.indexOf(key.split('.')[0] ?? '')
  const columns = Map.groupBy(
    columnsOf(order.map((index) => ({ keys: settings[index]!.keys(), ...ownerIn(runs[index]!) }))),
    (key) => partsOf(key).plain,
  )
  const owned = (key: string): string => {
    const { plain, owner } = partsOf(key)
    const mine = runs.findIndex((run, index) => settings[index]!.has(plain) && ownerOf(plain, ownerIn(run)) === owner)
    const title = fields[mine]?.find((field) => field.key === plain)?.title ?? titles.get(plain)!
    const whose = known.get(owner!)?.title ?? owner!
    return title.startsWith(ofPretraining)
      ? `${ofPretraining}${inSentence(whose)}: ${title.slice(ofPretraining.length)}`
      : `${whose}: ${inSentence(title)}`
  }
  return [...titles]
    .flatMap(([plain, title]) => {
      const keys = columns.get(plain) ?? [plain]
      return keys.length === 1 ? [{ key: plain, title }] : keys.map((key) => ({ key, title: owned(key) }))
    })
    .sort((a, b) => section(a.key) - section(b.key))
}

/** What the titles of settings of pretraining begin with. */
const ofPretraining = 'Pretraining: '
