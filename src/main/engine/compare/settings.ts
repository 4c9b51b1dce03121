import type { Field, VariantInfo } from '../../../shared/config.ts'
import type { Comparison, Run } from '../../../shared/domain.ts'
import { absent, formatSetting } from './formats.ts'

export type DifferenceRow = Comparison['differences'][number]

/**
 * The settings in which runs differ: dataset, variant and seed first, then the fields of the variants in the order in which
 * the variants list them. A field that a run's variant does not have, or that its other settings switch off, reads `–`.
 */
export function settingDifferences(runs: readonly Run[], variants: readonly VariantInfo[]): DifferenceRow[] {
  const known = new Map(variants.map((variant) => [variant.id, variant]))
  const rows: DifferenceRow[] = []
  const addIfDifferent = (key: string, title: string, identities: readonly string[], values: string[]) => {
    if (new Set(identities).size > 1) rows.push({ key, title, values })
  }

  addIfDifferent('dataset', 'Dataset', runs.map((run) => run.datasetId), runs.map((run) => run.dataset))
  addIfDifferent('variant', 'Variant', runs.map((run) => run.variant), runs.map((run) => known.get(run.variant)?.title ?? run.variant))
  addIfDifferent('seed', 'Seed', runs.map((run) => String(run.seed)), runs.map((run) => String(run.seed)))

  const fields = runs.map((run) => fieldsFor(run, known))
  const settings = runs.map((run, index) => settingsOf(run, fields[index]!))
  for (const { key, title } of titlesOf(runs, fields, settings)) {
    const values = settings.map((own) => (own.has(key) ? formatSetting(own.get(key)) : absent))
    addIfDifferent(key, title, values, values)
  }
  return rows
}

/**
 * The fields of a run: those of its variant, and with pretraining those of its layers' variant, whose names and conditions stand under
 * `pretraining.` there.
 */
function fieldsFor(run: Run, known: ReadonlyMap<string, VariantInfo>): Field[] | null {
  const variant = known.get(run.variant)
  if (!variant) return null
  const { kind, variant: chosen } = run.config.pretraining
  const layers = kind === 'none' ? undefined : known.get(run.stages.find((stage) => stage.kind === 'layer')?.variant ?? chosen)
  const under = (key: string) => `pretraining.${key}`
  return [
    ...variant.settings.map((field) => (field.key.startsWith(under('')) && field.title !== 'Pretraining' ? { ...field, title: `Pretraining: ${lowered(field.title)}` } : field)),
    ...(layers?.settings ?? []).filter(({ key }) => key.startsWith('regularizer.')).map((field) => ({
      ...field, key: under(field.key), title: `Pretraining: ${lowered(field.title)}`, ...(field.when ? { when: { ...field.when, key: under(field.when.key) } } : {}),
    })),
  ]
}

const lowered = (title: string): string => title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())

/**
 * The settings that have an effect in a run, by dotted key. What a variant determines of its network or reconstruction is no
 * field of it, but is as true of the run as a choice would be; other sections without a field (training, of PCA) are not.
 */
function settingsOf(run: Run, fields: readonly Field[] | null): Map<string, unknown> {
  const all = new Map(flatten(run.config))
  if (!fields) return all
  const byKey = new Map(fields.map((field) => [field.key, field]))
  return new Map([...all].filter(([key]) => {
    const field = byKey.get(key)
    return field ? applies(field, all) : key === 'reconstruction' || key.startsWith('network.')
  }))
}

function applies(field: Field, settings: ReadonlyMap<string, unknown>): boolean {
  return !field.when || field.when.in.includes(String(settings.get(field.when.key)))
}

const sections = ['network', 'reconstruction', 'regularizer', 'data', 'pretraining', 'fineTuning', 'training']

/** Key and title of every setting of any run: in the order of the variants' fields, then what no field describes. */
function titlesOf(runs: readonly Run[], fields: readonly (readonly Field[] | null)[], settings: readonly Map<string, unknown>[]) {
  const titles = new Map<string, string>()
  // Whatever the order of the runs: by variant, then by that of their layers.
  const rank = runs.map(({ variant, config: { pretraining } }) => `${variant} ${pretraining.kind} ${pretraining.variant}`)
  const order = runs.map((_, index) => index).sort((a, b) => (rank[a]! < rank[b]! ? -1 : rank[a]! > rank[b]! ? 1 : 0))
  for (const index of order) for (const field of fields[index] ?? []) if (!titles.has(field.key)) titles.set(field.key, field.title)
  for (const own of settings) for (const key of own.keys()) if (!titles.has(key)) titles.set(key, key)
  const section = (key: string) => sections.indexOf(key.split('.')[0] ?? '')
  return [...titles].map(([key, title]) => ({ key, title })).sort((a, b) => section(a.key) - section(b.key))
}

function flatten(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? flatten(inner, `${prefix}${name}.`)
      : [[`${prefix}${name}`, inner] as [string, unknown]])
}
