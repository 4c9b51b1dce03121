import { setImmediate as later } from 'node:timers/promises'
import type { VariantInfo } from '../../../shared/config.ts'
import type { Run } from '../../../shared/domain.ts'
import type { Yardstick } from '../figures/figure.ts'
import { yardsticksOf } from './comparable.ts'
import { settingsReader } from './settings.ts'

/** A run as columns and groups are made of it. */
export interface TableEntry {
  /** With everything that groups and figures look at; without what is live or known of single code units. */
  run: Run
  /** The settings that have an effect, by dotted key. Shared by runs that differ in their seed only. */
  settings: ReadonlyMap<string, unknown>
  /** Figures of two runs may be put together where that by which they are measured is equal. */
  measured: Record<Yardstick, string>
}

/** What the index is made from: the stored runs, and which of them have changed. */
export interface TableSource {
  ids(): string[]
  read(id: string): Omit<Run, 'progress' | 'notes'> | object | null
  takeChanged(): string[]
}

/** So many runs are read at a stretch: other calls are answered in between. */
const atOnce = 250

/**
 * All runs in memory, read at the first question and then kept up to date: a question costs what has changed since the last one.
 */
export function tableIndex(source: TableSource, variants: readonly VariantInfo[]) {
  const settingsOf = settingsReader(variants)
  const entries = new Map<string, TableEntry>()
  /** Runs of one config share its object, and mostly the variant of their layers. */
  const known = new WeakMap<Run['config'], Map<string, ReadonlyMap<string, unknown>>>()
  const waiting = new Set<string>()
  let begun = false
  let working: Promise<void> | null = null

  const refresh = (id: string): void => {
    const found = source.read(id) as Run | null
    if (found === null) return void entries.delete(id)
    const run: Run = { ...found, evaluation: found.evaluation && { ...found.evaluation, klPerUnit: null, collapse: null } }
    let byVariants = known.get(run.config)
    if (byVariants === undefined) known.set(run.config, (byVariants = new Map()))
    const pair = `${run.variant} ${run.stages.find(({ kind }) => kind === 'layer')?.variant ?? ''}`
    let settings = byVariants.get(pair)
    if (settings === undefined) byVariants.set(pair, (settings = settingsOf(run)))
    entries.set(id, { run, settings, measured: yardsticksOf(run) })
  }
  const update = async (): Promise<void> => {
    if (!begun) for (const id of source.ids()) waiting.add(id)
    begun = true
    for (;;) {
      for (const id of source.takeChanged()) waiting.add(id)
      if (waiting.size === 0) return
      let read = 0
      for (const id of waiting) {
        waiting.delete(id)
        refresh(id)
        if (++read === atOnce) break
      }
      if (waiting.size > 0) await later()
    }
  }
  return {
    /** Every stored run by id, as of now. */
    async entries(): Promise<ReadonlyMap<string, TableEntry>> {
      await (working ??= update().finally(() => {
        working = null
      }))
      return entries
    },
  }
}
