import { untrack } from 'svelte'
import { mostCompared, type Comparison } from '../../../shared/comparison.ts'
import { usualSmoothing } from '../../../shared/smoothing.ts'
import { call } from '../../state/connection.svelte.ts'
import { Loaded } from '../../state/loaded.svelte.ts'
import { route } from '../../state/route.svelte.ts'
import { isLive, runs } from '../../state/runs.svelte.ts'
import { seriesTitle } from '../../terms.ts'
import { chartsOf, columnsFor, curvesOf, readings, type CurveChart } from './curves.ts'
import { latest } from './latest.svelte.ts'
import { readAddress, writeAddress, type CompareAddress } from './address.ts'
import { seedChoices, standingFor, type Standing } from './standing.ts'
import { subjectsOf, type Subject } from './subjects.ts'

/** Milliseconds between two looks at runs that train. */
const pause = 3000

/**
 * One comparison: what its address says, what the engine makes of it, and what the pointer brings forward in all of its parts
 * at once. To be made while a component starts.
 */
export class Comparing {
  readonly address = $derived(readAddress(route.query))
  /**
   * Those of the address that are still there; null until that is known. As text, so that what depends on it is made anew only
   * when it changes.
   */
  readonly #ids = $derived(runs.ready ? this.address.runs.filter((id) => runs.byId.has(id)).join(',') : null)
  readonly ids = $derived(this.#ids === null ? [] : this.#ids.split(',').filter(Boolean))
  readonly ready = $derived(this.#ids !== null)
  readonly missing = $derived(this.ready ? this.address.runs.length - this.ids.length : 0)

  readonly tooMany = $derived(this.ids.length > mostCompared)
  /** Whether there is something to ask the engine. */
  readonly possible = $derived(this.ids.length >= 2 && !this.tooMany)

  readonly asked = new Loaded<Comparison>()
  readonly comparison = $derived(this.possible ? this.asked.value : null)
  readonly subjects: Subject[] = $derived(this.comparison ? subjectsOf(this.comparison, this.address.by) : [])
  /** Moment of the training that pictures and maps show; null: the newest of each run. */
  epoch = $state<number | null>(null)
  /** Of a group the run of this seed stands in pictures and maps; null: the seed that most groups have. */
  seed = $state<number | null>(null)
  /** Rows and lines in pictures and maps: each with the one run that stands for it. */
  readonly standing: Standing[] = $derived(
    this.comparison ? standingFor(this.subjects, this.comparison.runs, this.seed ?? seedChoices(this.subjects)[0] ?? null) : [],
  )
  readonly byId = $derived(new Map(this.subjects.map((subject) => [subject.id, subject])))
  /** Of each run the row or line that it is in. */
  readonly ofRun = $derived(new Map(this.subjects.flatMap((subject) => subject.runs.map((run) => [run, subject.id] as const))))

  /** While the slider is moved; the address gets the last value. */
  sliding = $state<number | null>(null)
  readonly #chosen = $derived(this.sliding ?? this.address.smoothing)
  /** Weight of the smoothing, and of which series. */
  readonly smoothing = $derived(this.#chosen ?? usualSmoothing)
  readonly smooth = $derived(this.#chosen === null ? ('training' as const) : ('all' as const))
  /**
   * Keys of the series that have a chart. Before it is known what there is, what there usually is: so the engine reads points
   * while the table is made.
   */
  readonly series: string[] = $derived.by(() => {
    const known = this.comparison
    if (!known) return this.address.series.length > 0 ? this.address.series : ['validation/squaredError']
    const wanted = this.address.series.filter((key) => known.seriesKeys.includes(key))
    return wanted.length > 0 ? wanted : known.curves.usual
  })
  /** Of each series a chart for all that are measured on the same. */
  readonly charts: CurveChart[] = $derived(this.comparison ? chartsOf(this.comparison, this.series, this.subjects) : [])
  readonly curves = latest(
    () =>
      !this.possible || this.series.length === 0
        ? null
        : {
            runs: this.ids,
            keys: this.series,
            by: this.address.by,
            smoothing: this.smoothing,
            smooth: this.smooth,
            band: 'seeds' as const,
            axis: this.address.axis,
            logarithmic: this.address.logX,
            columns: columnsFor(this.ids.length * this.series.length),
          },
    (question) => call('compare.series', question),
  )

  /** Id of the row, line and pictures that are brought forward: under the pointer or with the focus, else the one that was clicked. */
  #hovered = $state<string | null>(null)
  pinned = $state<string | null>(null)
  readonly highlighted = $derived(this.#hovered ?? (this.pinned !== null && this.byId.has(this.pinned) ? this.pinned : null))

  /** Runs that were chosen by brushing; null: all. */
  brushed = $state.raw<ReadonlySet<string> | null>(null)
  brushedBy = $state<string | null>(null)
  /** Rows and lines of which no run is chosen. */
  readonly faint: ReadonlySet<string> = $derived(
    this.brushed === null
      ? new Set<string>()
      : new Set(this.subjects.filter(({ runs: members }) => !members.some((run) => this.brushed!.has(run))).map(({ id }) => id)),
  )

  /** What the crosshair of the curves reads. */
  pointed = $state.raw<{ title: string; texts: ReadonlyMap<string, string> } | null>(null)
  /**
   * A column of the table that follows the crosshair; without one it has the last values in the first chart, whichever part is
   * open, so that the table stands still.
   */
  readonly reading = $derived.by(() => {
    const [chart] = this.charts
    if (this.pointed || chart === undefined || !this.curves.value) return this.pointed
    const curves = curvesOf(this.curves.value.lines, chart.key, this.address.axis, chart.subjects)
    return curves.length === 0 ? null : { title: `${this.titleOf(chart)}, last`, texts: readings(curves, null) }
  })
  /** Counts changes of the runs that can have brought new points. */
  news = $state(0)

  constructor() {
    const baseline = $derived(this.address.baseline)
    const figure = $derived(this.address.figure)
    $effect(() =>
      this.asked.follow(() => {
        const ids = this.#ids?.split(',').filter(Boolean) ?? []
        void this.news
        if (ids.length < 2 || ids.length > mostCompared) return null
        const given = { ...(baseline ? { baseline } : {}), ...(figure ? { figure } : {}) }
        return call('compare', { runs: ids, ...given }).then(({ comparison }) => comparison)
      }),
    )
    $effect(() => {
      void this.#ids
      untrack(() => {
        this.pinned = null
        this.brush(null)
      })
    })
    $effect(() => this.#follow())
    // The curves themselves follow every point.
    $effect(() => {
      if (this.news > 0 && untrack(() => this.address.part) !== 'curves') untrack(() => this.curves.again())
    })
  }

  /** Asks again when a compared run has changed; of those that train, now and then. */
  #follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined
    let asked = Date.now()
    const states = new Map<string, string>()
    const later = (wait: number) => {
      timer ??= setTimeout(() => {
        timer = undefined
        asked = Date.now()
        this.news += 1
      }, wait)
    }
    const stop = runs.onChange((changed) => {
      const compared = new Set(untrack(() => this.ids))
      for (const id of changed) {
        const row = compared.has(id) ? untrack(() => runs.row(id)) : undefined
        if (!row) continue
        const now = JSON.stringify([row.state, row.name, row.colour])
        const important = !isLive(row) || (states.has(id) && states.get(id) !== now)
        states.set(id, now)
        later(important ? 100 : Math.max(100, asked + pause - Date.now()))
      }
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }

  /** What a chart shows; where a series has several, what this one's is measured on, too. */
  titleOf({ key, words }: CurveChart): string {
    return this.charts.filter((chart) => chart.key === key).length > 1 && words !== ''
      ? `${seriesTitle(key)} ${words}`
      : seriesTitle(key)
  }

  hover(id: string | null): void {
    this.#hovered = id
  }
  pin(id: string): void {
    this.pinned = this.pinned === id ? null : id
  }
  /** @param by where it was chosen: marks that belong to an earlier choice elsewhere are gone */
  brush(chosen: Iterable<string> | null, by: string | null = null): void {
    this.brushedBy = chosen === null ? null : by
    const set = chosen === null ? null : new Set(chosen)
    this.brushed = set !== null && this.ids.every((id) => set.has(id)) ? null : set
  }

  /** Changes what the address says. A change of the part is a step that the way back takes; the rest is not. */
  go(change: Partial<CompareAddress>): void {
    route.go(writeAddress({ ...this.address, ...change }), { replace: change.part === undefined })
  }
}
