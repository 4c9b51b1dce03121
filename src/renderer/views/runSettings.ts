import type { Config, VariantInfo } from '../../shared/config.ts'
import { sentence } from '../terms.ts'

export interface SettingRow { key: string; title: string; text: string; /** Not the variant's default. */ changed: boolean; usual: string }

const groups: { title: string; of(config: Config): [string, unknown][] }[] = [
  { title: 'Regularizer', of: (config) => entries('regularizer', config.regularizer) },
  { title: 'Network', of: (config) => [...entries('network', config.network), ['reconstruction', config.reconstruction]] },
  { title: 'Training', of: (config) => entries('training', config.training) },
]

const entries = (section: string, values: object): [string, unknown][] => Object.entries(values).map(([name, value]) => [`${section}.${name}`, value])

/**
 * A run's settings by section, as they are read. Settings that another one switches off (`sigma` under masking noise) are left
 * out, and so is the training of variants that do not train step by step. What a variant determines by itself is no setting of
 * it, and is called as those variants call it where it is one.
 */
export function settingGroups(config: Config, variant: VariantInfo | undefined, variants: readonly VariantInfo[]): { title: string; rows: SettingRow[] }[] {
  const all = new Map(groups.flatMap((group) => group.of(config)))
  const titles = new Map(variants.flatMap(({ settings }) => settings.map(({ key, title }) => [key, title] as const)))
  return groups.flatMap(({ title, of }) => {
    if (title === 'Training' && variant && !variant.iterative) return []
    const rows = of(config).flatMap(([key, value]) => {
      const field = variant?.settings.find((one) => one.key === key)
      if (field?.when && !field.when.in.includes(String(all.get(field.when.key)))) return []
      const text = settingText(value)
      const usual = settingText(field ? field.default : value)
      return [{ key, title: field?.title ?? titles.get(key) ?? sentence(key), text, changed: text !== usual, usual }]
    })
    return rows.length ? [{ title, rows }] : []
  })
}

function settingText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value === 'string') return sentence(value).toLowerCase()
  if (value === null || value === undefined) return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
