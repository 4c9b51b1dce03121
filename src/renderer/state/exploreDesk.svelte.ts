import { untrack } from 'svelte'
import type { ErrorInfo } from '../../shared/errors.ts'
import type { Opened } from '../../shared/explore.ts'
import type { ImageRef } from '../../shared/questions.ts'
import type { Dataset } from '../../shared/domain.ts'
import type { RunRow } from '../../shared/runTable.ts'
import {
  carried,
  readAddress,
  refOf,
  refText,
  shared,
  tabTitles,
  writeAddress,
  type ExploreAddress,
  type ExploreView,
  type ImageKey,
} from './exploreAddress.ts'
import { runDash, runVariable } from '../colours.ts'
import { call } from './connection.svelte.ts'
import { datasets } from './datasets.svelte.ts'
import { Loaded, loaded } from './loaded.svelte.ts'
import { route } from './route.svelte.ts'
import { rowNames } from './rowNames.svelte.ts'
import { runs } from './runs.svelte.ts'

/** One of the networks that are looked into. */
export interface Side {
  slot: 0 | 1
  run: RunRow
  /** What a question names: nothing more for the result of the training. */
  network: { run: string; checkpoint?: number }
  /** Null while it is not known what can be asked. */
  opened: Opened | null
  /** Why the run cannot be looked into at all. */
  error: ErrorInfo | null
  colour: string
  /** Of its lines. */
  dash: readonly number[]
  /** The run's name, with its moment where both are the same run. */
  title: string
}

/** Rows of the test split that a view begins with: one of each class in turn. */
export interface Samples {
  rows: readonly number[]
  labels: readonly number[]
}

/** What was looked at last in this window. */
let before = ''
const kept = new Map<ExploreView, Record<string, string>>()

/** Where the rail and the palette lead. */
export const lastExplored = (): string => before

/**
 * What the window looks into: what its address says, which runs these are, and what can be asked of them. To be made while a
 * component starts.
 */
export class Desk {
  readonly address = $derived(readAddress(route.id, route.part, route.query))
  readonly view = $derived(this.address.view)
  readonly options = $derived(this.address.options)
  readonly #opened = [new Loaded<Opened>(), new Loaded<Opened>()] as const
  readonly #ids = $derived([this.address.run, this.address.with])
  readonly run: RunRow | null = $derived(this.address.run === null ? null : (runs.row(this.address.run) ?? null))
  readonly second: RunRow | null = $derived(this.address.with === null ? null : (runs.row(this.address.with) ?? null))
  /** A second run cannot be fed the same rows where it is of another dataset. */
  readonly apart = $derived(this.run !== null && this.second !== null && this.run.datasetId !== this.second.datasetId)
  readonly sides: Side[] = $derived(
    this.run === null ? [] : [this.#side(0, this.run), ...(this.second && !this.apart ? [this.#side(1, this.second)] : [])],
  )
  readonly dataset: Dataset | null = $derived(this.run === null ? null : (datasets.byId.get(this.run.datasetId) ?? null))
  readonly opened: Opened | null = $derived(this.sides[0]?.opened ?? null)
  readonly shows = $derived(this.opened?.shows ?? 'images')
  /** What a row of the data is called. */
  readonly word = $derived(this.shows === 'images' ? 'image' : this.shows === 'points' ? 'point' : 'sample')
  readonly titles = $derived(tabTitles(this.opened?.shows))
  readonly classes: readonly string[] = $derived(this.opened?.classes ?? [])
  readonly samples = loaded<Samples>(() => {
    const { id, kind, width } = this.dataset ?? {}
    if (id === undefined) return null
    return kind === 'vector' && width === 2
      ? call('datasets.points', { dataset: id, count: 24, split: 'test' })
      : call('datasets.images', { dataset: id, count: 24, preview: true, side: 1 })
  })

  /** What a row is called: its file's name, else its number; with its class where it has one. */
  nameOf(row: number, label?: number | null): string {
    return rowNames.title(this.dataset?.id, row, this.word, this.classes[label ?? -1])
  }

  constructor() {
    for (const slot of [0, 1] as const) {
      const id = $derived(this.#ids[slot] ?? null)
      /** A run that trains has more checkpoints now and then. */
      const moment = $derived(id === null ? null : (runs.row(id)?.state ?? null))
      $effect(() => this.#opened[slot].follow(() => (id === null || moment === null ? null : call('explore.open', { run: id }))))
    }
    // Their settings go into the pictures that are saved.
    $effect(() => {
      for (const { run } of this.sides) runs.byId.get(run.id)
    })
    $effect(() => {
      const { run, view, options } = this.address
      if (run === null) return
      before = writeAddress(this.address)
      untrack(() => kept.set(view, { ...options }))
    })
  }

  #side(slot: 0 | 1, run: RunRow): Side {
    const step = slot === 0 ? this.address.step : this.address.withStep
    const { value, error } = this.#opened[slot]
    const twice = this.address.run === this.address.with
    const epoch = value?.checkpoints.find((one) => one.step === step)?.epoch
    const moment =
      step === null ? 'result' : epoch === null || epoch === undefined ? `step ${step}` : `epoch ${Number(epoch.toFixed(2))}`
    return {
      slot,
      run,
      network: step === null ? { run: run.id } : { run: run.id, checkpoint: step },
      opened: value,
      error,
      colour: runVariable(run.colour),
      // Two moments of one run are told apart as two runs of one hue are.
      dash: runDash(twice && slot === 1 ? run.colour + 8 : run.colour),
      title: twice || step !== null ? `${run.name}, ${moment}` : run.name,
    }
  }

  /** Changes what the address says. A change of run or view is a step that the way back takes; the rest is not. */
  go(change: Partial<ExploreAddress>): void {
    const { address } = this
    const moves = change.run !== undefined || change.view !== undefined || change.with !== undefined
    const remembered =
      change.view !== undefined && change.view !== address.view && change.options === undefined
        ? { options: { ...withoutShared(kept.get(change.view)), ...carried(address.options) } }
        : {}
    // Another dataset has other rows.
    const other = change.run ? runs.row(change.run) : undefined
    const fresh = other && this.run && other.datasetId !== this.run.datasetId ? { options: {}, with: null } : {}
    if ('options' in fresh) kept.clear()
    route.go(
      writeAddress({ ...address, ...remembered, ...(change.run !== undefined ? { step: null } : {}), ...fresh, ...change }),
      moves ? {} : { replace: true, soon: true },
    )
  }

  /** Changes some of the view's options; null or what is usual takes one out of the address. */
  set(change: Record<string, string | number | null>): void {
    const options = { ...this.options }
    for (const [key, value] of Object.entries(change)) {
      if (value === null || value === '') delete options[key]
      else options[key] = String(value)
    }
    this.go({ options })
  }

  /** The image that a view looks at; the first ones of the test split where none were chosen. Null while those are not known. */
  image(key: ImageKey): ImageRef | null {
    const given = refOf(this.options[key])
    if (given) return given
    const { rows, labels } = this.samples.value ?? { rows: [], labels: [] }
    const row = spreadOver(rows, labels)[shared.indexOf(key)] ?? rows[0]
    return row === undefined ? null : { row }
  }

  choose(key: ImageKey, ref: ImageRef | null): void {
    this.set({ [key]: ref === null ? null : refText(ref) })
  }

  /** To another view, with an image. */
  show(view: ExploreView, options: Record<string, string>): void {
    this.go({ view, options: { ...withoutShared(kept.get(view)), ...carried(this.options), ...options } })
  }
}

/** The rows, those of classes that came before put last: the first few differ in what they show. */
function spreadOver(rows: readonly number[], labels: readonly number[]): number[] {
  const first = rows.filter((_, i) => labels[i] === undefined || labels.indexOf(labels[i]!) === i)
  return [...first, ...rows.filter((row) => !first.includes(row))]
}

const withoutShared = (options: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([key]) => !(shared as readonly string[]).includes(key)))
