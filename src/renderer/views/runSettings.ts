import type { Config, Field, VariantInfo } from '../../shared/config.ts'
import { areConvolutions, textOfConvolutions } from '../../shared/convolutions.ts'
import { applies, fieldsByKey } from '../../shared/settings/applies.ts'
import { flatten } from '../../shared/settings/nested.ts'
import { sentence } from '../terms.ts'

export interface SettingRow {
  key: string
  title: string
  text: string
  /** Not the default. */ changed: boolean
  usual: string
}

type Entries = [string, unknown][]
const pretrained = ({ pretraining }: Config): boolean => pretraining.kind !== 'none'
const training = (config: Config): Entries => flatten(config.training, 'training.')
const fineTuning = (config: Config): Entries => flatten(config.fineTuning, 'fineTuning.')

/**
 * What is as it was before there was such a thing is not worth saying. With pretraining the training of the whole network is
 * fine-tuning.
 */
const groups: { title: string; of(config: Config): Entries }[] = [
  { title: 'Regularizer', of: (config) => flatten(config.regularizer, 'regularizer.') },
  { title: 'Network', of: (config) => [...flatten(config.network, 'network.'), ['reconstruction', config.reconstruction]] },
  { title: 'Data', of: ({ data }) => flatten(data, 'data.').filter(([, value]) => value !== 'none') },
  { title: 'Pretraining', of: (config) => (pretrained(config) ? flatten(config.pretraining, 'pretraining.') : []) },
  { title: 'Fine-tuning', of: (config) => (pretrained(config) ? [...fineTuning(config), ...training(config)] : []) },
  {
    title: 'Training',
    of: (config) =>
      pretrained(config) ? [] : [...(config.fineTuning.kind === 'reconstruction' ? [] : fineTuning(config)), ...training(config)],
  },
]

/** The settings on which other settings' defaults depend: with them the engine says which fields a run like this one has. */
export const choicesOf = ({ pretraining: { kind, variant }, fineTuning }: Config): Record<string, unknown> => ({
  ...(kind === 'none' ? {} : { 'pretraining.kind': kind, ...(kind === 'greedy' ? { 'pretraining.variant': variant } : {}) }),
  ...(fineTuning.kind === 'reconstruction'
    ? {}
    : { 'fineTuning.kind': fineTuning.kind, 'fineTuning.labelled': fineTuning.labelled }),
})

/**
 * A run's settings by section, as they are read. Settings that another one switches off (`sigma` under masking noise) are left
 * out, and so is the training of variants that do not train step by step. What a variant determines by itself is no setting of
 * it, and is called as those variants call it where it is one.
 *
 * @param fields of a run like this one, with its defaults
 * @param inert keys of what has no use in it
 */
export function settingGroups(
  config: Config,
  variant: VariantInfo | undefined,
  variants: readonly VariantInfo[],
  fields: readonly Field[] = variant?.settings ?? [],
  inert: readonly string[] = [],
): { title: string; rows: SettingRow[] }[] {
  const all = new Map(groups.flatMap((group) => group.of(config)))
  const known = fieldsByKey(fields)
  const titles = new Map(variants.flatMap(({ settings }) => settings.map(({ key, title }) => [key, title] as const)))
  const text = (key: string, value: unknown) =>
    (key === 'pretraining.variant'
      ? variants.find(({ id }) => id === value)?.title
      : key === 'fineTuning.labelled' && value === 0
        ? 'all'
        : key === 'data.augment'
          ? String(value).replaceAll(',', ', ')
          : undefined) ?? settingText(value)
  return groups.flatMap(({ title, of }) => {
    if (title === 'Training' && variant && !variant.iterative) return []
    const rows = of(config).flatMap(([key, value]) => {
      const field = known.get(key)
      if (inert.includes(key)) return []
      if (field && !applies(field, known, (owner) => all.get(owner.key))) return []
      const shown = text(key, value)
      const usual = text(key, field ? (field.stands ?? field.default) : value)
      return [{ key, title: field?.title ?? titles.get(key) ?? sentence(key), text: shown, changed: shown !== usual, usual }]
    })
    return rows.length ? [{ title, rows }] : []
  })
}

function settingText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (areConvolutions(value)) return textOfConvolutions(value).replaceAll(',', ', ')
  if (Array.isArray(value)) return value.join(', ')
  if (typeof value === 'string') return sentence(value).toLowerCase()
  if (value === null || value === undefined) return '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
