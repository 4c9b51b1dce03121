import { untrack } from 'svelte'
import { SvelteMap } from 'svelte/reactivity'
import type { CallOutput } from '../../../shared/calls.ts'
import type { Field, Settings } from '../../../shared/config.ts'
import type { Run } from '../../../shared/domain.ts'
import { datasets } from '../../state/datasets.svelte.ts'
import { variants } from '../../state/variants.svelte.ts'
import { equal, saidBeside } from './words.ts'
import { fieldsThatApply } from '../../../shared/settings/applies.ts'
import { flatten } from '../../../shared/settings/nested.ts'
import { answerInTitles } from '../../../shared/settings/messages.ts'
import { textOf, valueOf } from '../../../shared/settings/text.ts'

export type Checked = CallOutput<'runs.check'>

/** A draft as plain data. */
export interface KeptDraft {
  dataset: string
  variant: string
  seed: string
  name: string
  preset: Run['preset']
  texts: [key: string, text: string][]
}

const usualSeed = '1'

const ofLayers = 'pretraining.regularizer.'

/**
 * A run that is being written: only what differs from the defaults is kept, so that defaults stay the engine's. It outlives a
 * change of view.
 */
export class Draft {
  dataset = $state('')
  variant = $state('')
  seed = $state(usualSeed)
  name = $state('')
  /** The preset's run that it was filled from; settings may have been changed since. */
  preset = $state.raw<Run['preset']>(null)
  /** What the user typed, by the setting's key. */
  readonly texts = new SvelteMap<string, string>()
  /** The engine's answer to the draft as it is, or was a moment ago. */
  checked = $state.raw<Checked | null>(null)
  /** Keys whose texts came with settings that exist: which of them are defaults is known once the engine has answered. */
  #taken = new Set<string>()

  readonly fields = $derived(this.checked?.fields ?? variants.byId.get(this.variant)?.settings ?? [])
  /** Of the network, settings without a use beside the others, as the engine last said it of such as can be trained. */
  #inert = $state.raw<ReadonlySet<string>>(new Set())
  /** Whether the images have classes that a network could be tuned for. */
  readonly #classed = $derived((datasets.byId.get(this.dataset)?.classes.length ?? 2) >= 2)
  /** Shown only while the settings that they depend on have the values that need them; what was typed without a use stays, to be undone. */
  readonly shown = $derived(
    fieldsThatApply(this.fields, (field) => this.text(field)).filter(
      ({ key }) => this.texts.has(key) || !(this.#inert.has(key) || (key === 'fineTuning.kind' && !this.#classed)),
    ),
  )
  readonly seedNumber = $derived(
    /^\d{1,10}$/.test(this.seed.trim()) && Number(this.seed) <= 2_147_483_647 ? Number(this.seed) : null,
  )

  /** By dotted keys, as the engine takes it. What another setting hides stays with the draft, and out of the run. */
  readonly settings = $derived.by((): Settings => {
    const settings: Record<string, unknown> = {}
    for (const field of this.shown) {
      const text = this.texts.get(field.key)
      if (text !== undefined) settings[field.key] = valueOf(field, text)
    }
    return settings
  })

  text(field: Field): string {
    return this.texts.get(field.key) ?? textOf(field.default)
  }

  write(field: Field, text: string): void {
    if (text === textOf(field.default)) this.texts.delete(field.key)
    else this.texts.set(field.key, text)
    this.#taken.delete(field.key)
    // Another kind of layers has settings of its own, some of them under the same names.
    if (field.key === 'pretraining.kind' || field.key === 'pretraining.variant') this.#forget((key) => key.startsWith(ofLayers))
  }

  /** Not the default, which may have become what was typed: it depends on the other settings. */
  changed(field: Field): boolean {
    const text = this.texts.get(field.key)
    return text !== undefined && text !== textOf(field.default)
  }

  /** Texts by the settings' keys, e.g. of an address: those of settings that there are, as they would be typed. */
  writeAll(texts: Iterable<readonly [key: string, text: string]>): void {
    const given = new Map(texts)
    for (const field of this.fields) {
      const text = given.get(field.key)
      if (text !== undefined) this.write(field, textOf(valueOf(field, text)))
    }
  }

  reset(field: Field): void {
    this.write(field, textOf(field.default))
  }

  shows(field: Field): boolean {
    return this.shown.includes(field)
  }

  problem(key: string): string | null {
    const message = this.checked?.problems.find((problem) => problem.field === key)?.message
    return message === undefined ? null : saidBeside(key, message)
  }

  /** Settings that are refused, and the seed where it is none. */
  readonly wrong = $derived([
    ...new Set([
      ...(this.seedNumber === null ? ['seed'] : []),
      ...(this.checked?.problems ?? []).flatMap(({ field }) => field ?? []),
    ]),
  ])
  /** Whether anything but variant and dataset was chosen. */
  readonly touched = $derived(this.texts.size > 0 || this.name !== '' || this.seed !== usualSeed || this.preset !== null)

  /** How often the engine was to be asked anew although nothing here has changed. */
  asked = $state(0)
  askAgain(): void {
    untrack(() => {
      this.asked += 1
    })
  }

  /** The engine's answer to `settings`. */
  answer(settings: Settings, checked: Checked): void {
    this.checked = { ...checked, ...answerInTitles(checked, checked.fields) }
    if (checked.config) this.#inert = new Set(checked.inert.filter((key) => /^(network\.|reconstruction$)/.test(key)))
    // With new fields there may be more to ask; the next answer's defaults are the ones to compare with.
    if (this.#taken.size === 0 || !equal(this.settings, settings)) return
    for (const { key, default: usual } of checked.fields)
      if (this.#taken.has(key) && this.texts.get(key) === textOf(usual)) this.texts.delete(key)
    this.#taken.clear()
  }

  /** Another variant keeps the shared settings that it has too, and takes its own defaults for its regularizer. */
  choose(variant: string): void {
    if (variant === this.variant) return
    this.variant = variant
    if (this.preset) this.name = ''
    this.preset = null
    this.checked = null
    const keys = new Set(variants.byId.get(variant)?.settings.map((field) => field.key))
    // Layers are of the chosen variant unless said otherwise.
    const sameLayers =
      keys.has('pretraining.kind') && (this.texts.has('pretraining.variant') || this.texts.get('pretraining.kind') === 'rbm')
    this.#forget((key) => (key.startsWith(ofLayers) ? !sameLayers : key.startsWith('regularizer.') || !keys.has(key)))
  }

  /** Back to the defaults of the variant; the dataset stays. */
  clear(): void {
    this.begin(this.variant, {})
    this.seed = usualSeed
    this.name = ''
  }

  /** The settings of a run that exists. */
  take(run: Run): void {
    this.clear()
    this.dataset = run.datasetId
    this.seed = String(run.seed)
    this.begin(run.variant, run.config)
    this.preset = run.preset
  }

  /** Given settings, nested or by dotted keys, in the place of all that was typed. */
  begin(variant: string, settings: Settings): void {
    this.variant = variant
    this.preset = null
    this.checked = null
    this.texts.clear()
    for (const [key, value] of flatten(settings)) this.texts.set(key, textOf(value))
    this.#taken = new Set(this.texts.keys())
  }

  /** All that was chosen, to be brought back by `restore`. */
  kept(): KeptDraft {
    const { dataset, variant, seed, name, preset } = this
    return { dataset, variant, seed, name, preset, texts: [...this.texts] }
  }

  restore({ dataset, variant, seed, name, preset, texts }: KeptDraft): void {
    this.begin(variant, Object.fromEntries(texts))
    Object.assign(this, { dataset, seed, name, preset })
  }

  #forget(wanted: (key: string) => boolean): void {
    for (const key of [...this.texts.keys()]) {
      if (!wanted(key)) continue
      this.texts.delete(key)
      this.#taken.delete(key)
    }
  }
}

const key = 'newRun'

/** Keeps the draft until the window is closed, for a reload. */
export function keepDraft(draft: Draft): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(draft.kept()))
  } catch {
    // A draft that cannot be kept lasts as long as the page.
  }
}

/** The run that is being written in this window. */
export const newRun = new Draft()

try {
  const kept = sessionStorage.getItem(key)
  if (kept !== null) newRun.restore(JSON.parse(kept) as KeptDraft)
} catch {
  // What cannot be read was not kept by this version.
}
