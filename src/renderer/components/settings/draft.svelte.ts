import { SvelteMap } from 'svelte/reactivity'
import type { CallOutput } from '../../../shared/calls.ts'
import type { Field, Settings } from '../../../shared/config.ts'
import type { Run } from '../../../shared/domain.ts'
import { variants } from '../../state/variants.svelte.ts'
import { equal, textOf, valueOf } from './words.ts'

export type Checked = CallOutput<'runs.check'>

/** A run that is being written: only what differs from the variant's defaults is kept, so that defaults stay the engine's. */
export class Draft {
  dataset = $state('')
  variant = $state('')
  seed = $state('1')
  name = $state('')
  /** What the user typed, by the setting's key. */
  readonly texts = new SvelteMap<string, string>()
  /** The engine's answer to the draft as it is, or was a moment ago. */
  checked = $state.raw<Checked | null>(null)

  readonly fields = $derived(this.checked?.fields ?? variants.byId.get(this.variant)?.settings ?? [])
  readonly seedNumber = $derived(/^\d{1,10}$/.test(this.seed.trim()) && Number(this.seed) <= 2_147_483_647 ? Number(this.seed) : null)

  /** Nested, as the engine takes it. */
  readonly settings = $derived.by((): Settings => {
    const nested: Record<string, unknown> = {}
    for (const field of this.fields) {
      const text = this.texts.get(field.key)
      // What another setting hides stays with the draft, and out of the run.
      if (text === undefined || !this.shows(field)) continue
      const value = field.kind === 'boolean' ? text === 'true' : valueOf(field, text)
      const [section, key] = field.key.split('.') as [string, string | undefined]
      if (key === undefined) nested[section] = value
      else nested[section] = { ...(nested[section] as object | undefined), [key]: value }
    }
    return nested
  })

  text(field: Field): string {
    return this.texts.get(field.key) ?? textOf(field.default)
  }

  write(field: Field, text: string): void {
    if (text === textOf(field.default)) this.texts.delete(field.key)
    else this.texts.set(field.key, text)
  }

  /** Shown only while the setting that it depends on has the value that needs it. */
  shows(field: Field): boolean {
    if (!field.when) return true
    const owner = this.fields.find((other) => other.key === field.when?.key)
    return owner !== undefined && field.when.in.includes(this.text(owner))
  }

  problem(key: string): string | null {
    return this.checked?.problems.find((problem) => problem.field === key)?.message ?? null
  }

  /** Another variant keeps the shared settings that it has too, and takes its own defaults for its regularizer. */
  choose(variant: string): void {
    if (variant === this.variant) return
    this.variant = variant
    this.checked = null
    const keys = new Set(variants.byId.get(variant)?.settings.map((field) => field.key))
    for (const key of [...this.texts.keys()]) if (key.startsWith('regularizer.') || !keys.has(key)) this.texts.delete(key)
  }

  /** The settings of a run that exists. */
  take(run: Run): void {
    this.dataset = run.datasetId
    this.variant = run.variant
    this.seed = String(run.seed)
    this.checked = null
    this.texts.clear()
    for (const field of variants.byId.get(run.variant)?.settings ?? []) {
      const value = field.key.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], run.config)
      if (value !== undefined && !equal(value, field.default)) this.texts.set(field.key, textOf(value))
    }
  }
}
