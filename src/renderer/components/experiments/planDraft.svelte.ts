import { SvelteMap } from 'svelte/reactivity'
import type { Field, Settings, VariantInfo } from '../../../shared/config.ts'
import type { Plan, PlanCheck, PlanInput, PlanVariant, Sweep } from '../../../shared/experiments.ts'
import { variants } from '../../state/variants.svelte.ts'
import { fieldsByKey, fieldsThatApply } from '../../../shared/settings/applies.ts'
import { answerInTitles } from '../../../shared/settings/messages.ts'
import { flatten } from '../../../shared/settings/nested.ts'
import { textOf } from '../../../shared/settings/text.ts'
import { readSeeds, textOfSeeds } from './seeds.ts'
import { readValues, textOfValues, type Written } from './settingValues.ts'

/** Texts of settings, by dotted key: one value, several, or a range. */
type Texts = SvelteMap<string, string>

/** Settings in which variants differ by nature: they stand with their variant. */
export const isOwn = (key: string): boolean => key.startsWith('regularizer.')
const ofPretraining = (key: string): boolean => key.startsWith('pretraining.regularizer.')

let lastKey = 0

/** A variant of the plan as it is being written. */
export class PlannedVariant {
  readonly key = `planned-${(lastKey += 1)}`
  variant = $state('')
  title = $state('')
  open = $state(false)
  /** Its own settings, and those in which it departs from the others. */
  readonly texts: Texts = new SvelteMap()
  /** As the engine describes them beside the plan's other settings; before its answer the variant's usual ones. */
  answered = $state.raw<Field[] | null>(null)
  /** What that was the answer to. */
  asked = ''
  readonly info: VariantInfo | undefined = $derived(variants.byId.get(this.variant))
  readonly fields: readonly Field[] = $derived(this.answered ?? this.info?.settings ?? [])

  constructor(variant: string, open = false) {
    this.variant = variant
    this.open = open
  }

  get name(): string {
    return this.title.trim() || (this.info?.title ?? this.variant)
  }

  choose(variant: string): void {
    if (variant === this.variant) return
    const keys = new Set(variants.byId.get(variant)?.settings.map(({ key }) => key))
    for (const key of [...this.texts.keys()]) if (isOwn(key) || !keys.has(key)) this.texts.delete(key)
    this.variant = variant
    this.answered = null
  }
}

/** A plan that is being written: texts as they were typed, and what they come to. It outlives a change of view. */
export class PlanDraft {
  name = $state('')
  /** Id of the dataset. */
  dataset = $state('')
  seeds = $state('1-3')
  reuse = $state(true)
  /** Key of a planned variant; null: none; `auto`: the first one without a regularizer. */
  baseline = $state<string | null>('auto')
  readonly shared: Texts = new SvelteMap()
  planned = $state<PlannedVariant[]>([])
  /** The engine's answer to the plan as it is, or was a moment ago. */
  checked = $state.raw<PlanCheck | null>(null)

  readonly seedList = $derived(readSeeds(this.seeds))

  /**
   * Settings that all variants share, each once, in the order of the first variant that has it; regularizers only where the plan
   * sets them for all.
   */
  readonly fields: readonly Field[] = $derived.by(() => {
    const union = new Map<string, Field>()
    for (const one of this.planned) {
      const pretrainsItself = one.texts.has('pretraining.kind') || one.texts.has('pretraining.variant')
      for (const field of one.fields) {
        if (
          union.has(field.key) ||
          (isOwn(field.key) && !this.shared.has(field.key)) ||
          (ofPretraining(field.key) && pretrainsItself)
        )
          continue
        union.set(field.key, field)
      }
    }
    return [...union.values()]
  })
  readonly shown: readonly Field[] = $derived(
    fieldsThatApply(this.fields, (field) =>
      this.#valuesOf(field, this.shared.get(field.key), () => this.defaultsOf(field.key).map(({ text }) => text)),
    ),
  )

  /** The variants' defaults of a shared setting: each text once, with the names of those that have it. */
  defaultsOf(key: string): { text: string; names: string[] }[] {
    const found = new Map<string, string[]>()
    for (const one of this.planned) {
      const field = one.fields.find((each) => each.key === key)
      if (!field) continue
      const text = textOf(field.default)
      found.set(text, [...(found.get(text) ?? []), one.name])
    }
    return [...found].map(([text, names]) => ({ text, names }))
  }

  #valuesOf(field: Field, text: string | undefined, otherwise: () => string[]): string[] {
    const written = text === undefined ? null : readValues(field, text)
    return written?.kind === 'one'
      ? [textOf(written.value)]
      : written?.kind === 'several'
        ? written.values.map(textOf)
        : otherwise()
  }

  /** Settings that stand with a variant: its own, and those in which it departs from the others; without what others switch off. */
  shownOf(one: PlannedVariant): Field[] {
    const text = (field: Field): string[] =>
      this.#valuesOf(field, one.texts.get(field.key) ?? this.shared.get(field.key), () => [textOf(field.default)])
    const pretrainsItself = one.texts.has('pretraining.kind') || one.texts.has('pretraining.variant')
    return fieldsThatApply(one.fields, text).filter(
      ({ key }) => one.texts.has(key) || isOwn(key) || (ofPretraining(key) && pretrainsItself),
    )
  }

  /** Settings in which a variant could depart from the others and does not yet. */
  overridable(one: PlannedVariant): Field[] {
    const here = new Set(this.shown.map(({ key }) => key))
    return one.fields.filter(({ key }) => !isOwn(key) && here.has(key) && !one.texts.has(key))
  }

  /** One settings' text: what it says, and with which problem. Index null: of the shared settings. */
  read(field: Field, one: PlannedVariant | null): Written {
    return readValues(field, (one?.texts ?? this.shared).get(field.key) ?? '')
  }

  #split(texts: Texts, fields: readonly Field[], shown: readonly Field[]): { settings: Settings; sweep: Sweep; wrong: boolean } {
    const settings: Record<string, unknown> = {}
    const sweep: Sweep = {}
    let wrong = false
    const known = fieldsByKey(fields)
    const visible = new Set(shown.map(({ key }) => key))
    for (const [key, text] of texts) {
      const field = known.get(key)
      // What another setting hides stays with the draft, and out of the plan; what nobody knows is the engine's to refuse.
      if (field && !visible.has(key)) continue
      const written = readValues(field ?? guessed(text), text)
      if (written.kind === 'one') settings[key] = written.value
      else if (written.kind === 'several') sweep[key] = written.values
      else if (written.kind === 'range') sweep[key] = written.range
      else if (written.kind === 'wrong') wrong = true
    }
    return { settings, sweep, wrong }
  }

  readonly #parts = $derived.by(() => ({
    shared: this.#split(this.shared, this.fields, this.shown),
    planned: this.planned.map((one) => this.#split(one.texts, one.fields, this.shownOf(one))),
  }))

  /** Whether something typed cannot be read; what it is stands beside its field. */
  readonly unreadable = $derived(
    this.#parts.shared.wrong || this.#parts.planned.some(({ wrong }) => wrong) || 'message' in this.seedList,
  )

  /** The plan without what cannot be read. Null where there is not enough for one. */
  readonly plan: PlanInput | null = $derived.by(() => {
    if (this.planned.length === 0 || !this.dataset) return null
    const { shared, planned } = this.#parts
    const index = this.planned.findIndex(({ key }) => key === this.baseline)
    return {
      name: this.name.trim() || this.suggestedName,
      dataset: this.dataset,
      ...('seeds' in this.seedList ? { seeds: this.seedList.seeds } : {}),
      ...filled('settings', shared.settings),
      ...filled('sweep', shared.sweep),
      variants: this.planned.map((one, at) => ({
        variant: one.variant,
        ...(one.title.trim() ? { title: one.title.trim() } : {}),
        ...filled('settings', planned[at]!.settings),
        ...filled('sweep', planned[at]!.sweep),
      })),
      ...(this.baseline === null ? { baseline: null } : index >= 0 ? { baseline: index } : {}),
      ...(this.reuse ? {} : { reuse: false }),
    }
  })

  readonly suggestedName: string = $derived.by(() => {
    const names = [...new Set(this.planned.map(({ name }) => name))]
    return names.length === 0
      ? 'Experiment'
      : names.length <= 3
        ? names.join(', ')
        : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
  })

  /** The engine's settings of a variant for its fields: what this plan gives it, of several values the last. */
  settingsFor(one: PlannedVariant): Settings {
    const settings: Record<string, unknown> = {}
    for (const texts of [this.shared, one.texts]) {
      for (const [key, text] of texts) {
        const written = readValues(one.fields.find((field) => field.key === key) ?? guessed(text), text)
        if (written.kind === 'one') settings[key] = written.value
        else if (written.kind === 'several') settings[key] = written.values.at(-1)
      }
    }
    return settings
  }

  /** The engine's answer, with the titles of fields in the place of their keys. */
  answer(check: PlanCheck): void {
    const known = new Map(this.planned.flatMap(({ fields }) => fields.map((field) => [field.key, field] as const)))
    this.checked = { ...check, ...answerInTitles(check, [...known.values()]) }
  }

  /** What is wrong with a setting, here or in the engine's eyes. */
  problem(field: Field, one: PlannedVariant | null): string | null {
    const written = this.read(field, one)
    if (written.kind === 'wrong') return written.message
    const place = one === null ? '' : `variants.${this.planned.indexOf(one)}.`
    return this.problemAt(`${place}settings.${field.key}`) ?? this.problemAt(`${place}sweep.${field.key}`)
  }

  problemAt(place: string): string | null {
    return this.checked?.problems.find(({ field }) => field === place)?.message ?? null
  }

  /** Problems of a variant that stand beside none of its fields. */
  problemsOf(one: PlannedVariant): string[] {
    const place = `variants.${this.planned.indexOf(one)}.`
    const beside = new Set(this.shownOf(one).flatMap(({ key }) => [`${place}settings.${key}`, `${place}sweep.${key}`]))
    return (this.checked?.problems ?? [])
      .filter(({ field }) => field?.startsWith(place) && !beside.has(field))
      .map(({ message }) => message)
  }

  /** Problems that stand nowhere else on the form. */
  readonly unseen = $derived.by(() => {
    const beside = new Set([
      'seeds',
      'dataset',
      'name',
      'baseline',
      ...this.shown.flatMap(({ key }) => [`settings.${key}`, `sweep.${key}`]),
    ])
    return (this.checked?.problems ?? []).filter(({ field }) => !field || (!beside.has(field) && !field.startsWith('variants.')))
  })

  add(variant: string): void {
    this.planned.push(new PlannedVariant(variant, true))
  }

  remove(one: PlannedVariant): void {
    if (this.baseline === one.key) this.baseline = 'auto'
    this.planned = this.planned.filter((each) => each !== one)
  }

  copy(one: PlannedVariant): void {
    const copied = new PlannedVariant(one.variant, true)
    copied.title = `${one.name} again`
    for (const [key, text] of one.texts) copied.texts.set(key, text)
    this.planned.splice(this.planned.indexOf(one) + 1, 0, copied)
  }

  /** Back to an empty form; the dataset stays. */
  clear(): void {
    this.take({ name: '', dataset: '', seeds: [1, 2, 3], settings: {}, sweep: {}, variants: [], reuse: true }, '')
  }

  /** A whole plan in the place of all that was written. @param dataset id of its dataset; empty: the present one stays */
  take(plan: Plan, dataset: string): void {
    this.name = plan.name
    if (dataset) this.dataset = dataset
    this.seeds = textOfSeeds(plan.seeds)
    this.reuse = plan.reuse
    this.checked = null
    fill(this.shared, plan)
    this.planned = plan.variants.map((planned) => {
      const one = new PlannedVariant(planned.variant)
      one.title = planned.title ?? ''
      fill(one.texts, planned)
      return one
    })
    this.baseline =
      plan.baseline === null ? null : plan.baseline === undefined ? 'auto' : (this.planned[plan.baseline]?.key ?? 'auto')
  }
}

const filled = <K extends string, V extends object>(key: K, value: V): Record<K, V> | object =>
  Object.keys(value).length > 0 ? { [key]: value } : {}

/** Of a setting, by any variant that has it. */
const kindOf = (key: string): Field['kind'] | undefined =>
  variants.list.flatMap(({ settings }) => settings).find((field) => field.key === key)?.kind

function fill(texts: Texts, { settings, sweep }: Pick<PlanVariant, 'settings' | 'sweep'>): void {
  texts.clear()
  for (const [key, value] of flatten(settings)) texts.set(key, textOfValues(value, kindOf(key)))
  for (const [key, value] of Object.entries(sweep)) texts.set(key, textOfValues(value, kindOf(key)))
}

/** How to read a setting that no variant has: as numbers where it looks like them. */
const guessed = (text: string): Pick<Field, 'kind'> => ({
  kind: /[a-z]{3}/i.test(text.replace(/\b(to|log|linear)\b/gi, '')) ? 'choice' : text.includes(';') ? 'integers' : 'number',
})

/** The plan that is being written in this window. */
export const draft = new PlanDraft()
