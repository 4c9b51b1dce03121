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

  const settings = runs.map((run) => settingsOf(run, known.get(run.variant)))
  for (const { key, title } of fieldsOf(runs, known, settings)) {
    const values = settings.map((own) => (own.has(key) ? formatSetting(own.get(key)) : absent))
    addIfDifferent(key, title, values, values)
  }
  return rows
}

/**
 * The settings that have an effect in a run, by dotted key. What a variant determines of its network or reconstruction is no
 * field of it, but is as true of the run as a choice would be; other sections without a field (training, of PCA) are not.
 */
function settingsOf(run: Run, variant: VariantInfo | undefined): Map<string, unknown> {
  const all = new Map(flatten(run.config))
  if (!variant) return all
  const fields = new Map(variant.settings.map((field) => [field.key, field]))
  return new Map([...all].filter(([key]) => {
    const field = fields.get(key)
    return field ? applies(field, all) : key === 'reconstruction' || key.startsWith('network.')
  }))
}

function applies(field: Field, settings: ReadonlyMap<string, unknown>): boolean {
  return !field.when || field.when.in.includes(String(settings.get(field.when.key)))
}

/** Key and title of every setting of any run: in the order of the variants' fields, then what no field describes. */
function fieldsOf(runs: readonly Run[], known: ReadonlyMap<string, VariantInfo>, settings: readonly Map<string, unknown>[]) {
  const titles = new Map<string, string>()
  for (const id of [...new Set(runs.map((run) => run.variant))].sort()) {
    for (const field of known.get(id)?.settings ?? []) if (!titles.has(field.key)) titles.set(field.key, field.title)
  }
  for (const own of settings) for (const key of own.keys()) if (!titles.has(key)) titles.set(key, key)
  const section = (key: string) => ['network', 'reconstruction', 'regularizer', 'training'].indexOf(key.split('.')[0] ?? '')
  return [...titles].map(([key, title]) => ({ key, title })).sort((a, b) => section(a.key) - section(b.key))
}

function flatten(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? flatten(inner, `${prefix}${name}.`)
      : [[`${prefix}${name}`, inner] as [string, unknown]])
}
