import { untrack } from 'svelte'
import { SvelteSet } from 'svelte/reactivity'
import type { RowFilter, RowGroup, RunRow, SavedView, TableView } from '../../../shared/runTable.ts'
import { toErrorInfo, type ErrorInfo } from '../../../shared/errors.ts'
import { bySeeds } from '../../../shared/runRows.ts'
import { call, connection } from '../../state/connection.svelte.ts'
import { experiments } from '../../state/experiments.svelte.ts'
import { figures } from '../../state/figures.svelte.ts'
import { runColumns } from '../../state/runColumns.svelte.ts'
import { runs } from '../../state/runs.svelte.ts'
import { variants } from '../../state/variants.svelte.ts'
import { withOwners } from './owners.ts'
import { stateWords } from '../runStates.ts'
import { engineColumn, factColumns, standardView, type Sources, type TableColumn } from './columns.ts'
import { columnsNamed, readQuery } from './query.ts'
import { filterRows, groupItems, plainItems, seedText, sortBy, type Item } from './rows.ts'

const pause = 500
const ended: ReadonlySet<string> = new Set(['completed', 'diverged', 'failed', 'cancelled'])
const same = (a: TableView, b: TableView): boolean => JSON.stringify(a) === JSON.stringify(b)

/** How the table of runs is looked at, and hence what stands in it. It outlives a change of view, and is kept with the home folder. */
class RunsTable {
  view = $state.raw<TableView>(standardView)
  saved = $state.raw<readonly SavedView[]>([])
  /** False until it is known how the table was last looked at. */
  ready = $state(false)
  /** Whether what was changed is stored. */
  kept = $state(true)
  /** Groups whose runs are shown. */
  readonly open = new SvelteSet<string>()
  groups = $state.raw<readonly RowGroup[] | null>(null)
  error = $state.raw<ErrorInfo | null>(null)
  #timer: ReturnType<typeof setTimeout> | undefined

  readonly #sources: Sources = {
    variant: (id) => variants.byId.get(id)?.title ?? id,
    experiment: (id) => experiments.byId.get(id)?.name ?? id,
    figure: (key) => figures.byId.get(key),
    value: (key, run) => runColumns.value(key, run),
  }
  readonly facts = new Map(factColumns(this.#sources).map((column) => [column.key, column]))
  /** Every column that there is: facts, then what the engine knows. */
  readonly all = $derived<TableColumn[]>([
    ...this.facts.values(),
    ...runColumns.list.map((info) => engineColumn(info.key, info, this.#sources)),
  ])
  /** Whether something can be done with any of the runs: else there is no need for a column of it. */
  readonly #actable = $derived(runs.list.some(({ state }) => !ended.has(state)))
  /** Without any tag the column is only where one can be given. */
  readonly tagged = $derived(runs.list.some(({ tags }) => tags.length > 0))
  /** What is shown, in its order. */
  readonly columns = $derived(
    this.view.columns.flatMap(({ key, width }) => {
      if (key === 'actions' && !this.#actable) return []
      const column = key === 'tags' && !this.tagged ? { ...this.column(key), width: 52 } : this.column(key)
      return [width === null ? column : { ...column, width, set: true }]
    }),
  )

  /** All that the search finds of a row, in lower case; of a row that has not changed it is made once. */
  #texts = new WeakMap<RunRow, string>()
  readonly #search = (row: RunRow): string => {
    let text = this.#texts.get(row)
    if (text === undefined) {
      text = (
        `${row.name} ${row.dataset} ${row.variant} ${variants.byId.get(row.variant)?.title ?? ''} ` +
        `${row.state} ${seedText(row.seed)} ${row.tags.join(' ')} ${row.note} ${row.id}`
      ).toLowerCase()
      this.#texts.set(row, text)
    }
    return text
  }
  /** What is searched for: words, and conditions on columns. */
  readonly query = $derived(readQuery(this.view.text, (name) => columnsNamed(name, this.all)))
  readonly filtered = $derived(
    filterRows(
      runs.list,
      { ...this.view, ...this.query },
      this.#search,
      (key) => this.column(key).readAll,
      (key) => this.column(key).searched,
    ),
  )
  readonly rows = $derived.by(() => {
    const { sort } = this.view
    return sort ? sortBy(this.filtered, this.column(sort.key).read, sort.descending) : this.filtered
  })
  readonly items = $derived.by<readonly Item[]>(() => {
    const { group, sort } = this.view
    if (group === null) return plainItems(this.rows)
    if (this.groups === null) return []
    // The engine groups by what it keeps; people read names.
    const groups =
      group === 'experiment'
        ? this.groups.map((one) =>
            one.value === null ? one : { ...one, title: this.#sources.experiment(String(one.value)) ?? one.title },
          )
        : group === 'state'
          ? this.groups.map((one) => ({ ...one, title: stateWords[one.value as keyof typeof stateWords] ?? one.title }))
          : this.groups
    const ordered = sort
      ? sortBy(
          groups,
          (one) => (sort.key === 'name' ? one.title : sort.key === group ? one.value : (one.cells[sort.key]?.value ?? null)),
          sort.descending,
        )
      : groups
    // Of a column that is out of sight only the head tells the value.
    const single = group === bySeeds || this.columns.some(({ key }) => key === group)
    return groupItems(ordered, this.rows, this.open, single)
  })
  /** The saved view that is being looked at, where it was not changed since. */
  readonly current = $derived(this.saved.find(({ view }) => same({ ...view, text: '' }, { ...this.view, text: '' })) ?? null)
  readonly filteredCount = $derived(this.filtered.length)

  constructor() {
    connection.onOpen(() => void this.#load())
    connection.onEvent((event) => {
      if (event.type === 'views') this.saved = event.views
    })
  }

  /** Any column by its key, also one that no run has any more. */
  column(key: string): TableColumn {
    return this.facts.get(key) ?? engineColumn(key, runColumns.byKey.get(key), this.#sources)
  }

  change(change: Partial<TableView>): void {
    this.view = { ...this.view, ...change }
    if (Object.keys(change).every((key) => key === 'text')) return
    this.kept = false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#keep(), pause)
  }

  /** A setting that several variants have by now is one of each. */
  renew(): void {
    const view = withOwners(
      this.view,
      runColumns.list.map(({ key }) => key),
    )
    if (!same(view, this.view)) this.view = view
  }

  filterOf(key: string): RowFilter | undefined {
    return this.view.filters.find((filter) => filter.key === key)
  }

  /** Puts one column's filter, or takes it away. */
  filter(key: string, filter: RowFilter | null): void {
    const others = this.view.filters.filter((one) => one.key !== key)
    const at = this.view.filters.findIndex((one) => one.key === key)
    if (filter === null) this.change({ filters: others })
    else if (at < 0) this.change({ filters: [...others, filter] })
    else this.change({ filters: this.view.filters.map((one) => (one.key === key ? filter : one)) })
  }

  show(key: string, shown: boolean): void {
    const { columns } = this.view
    if (!shown) return this.change({ columns: columns.filter((one) => one.key !== key) })
    if (columns.some((one) => one.key === key)) return
    // Before the actions, which stand at the end.
    const at = columns.findIndex((one) => one.key === 'actions')
    const to = at < 0 ? columns.length : at
    this.change({ columns: [...columns.slice(0, to), { key, width: null }, ...columns.slice(to)] })
  }

  /** Moves a column before another one; the first column is the run's name. */
  move(key: string, to: number): void {
    const { columns } = this.view
    const from = columns.findIndex((one) => one.key === key)
    const target = Math.min(columns.length - 1, Math.max(1, to))
    if (from < 1 || target === from) return
    const rest = columns.filter((one) => one.key !== key)
    this.change({ columns: [...rest.slice(0, target), columns[from]!, ...rest.slice(target)] })
  }

  resize(key: string, width: number | null): void {
    this.change({
      columns: this.view.columns.map((one) =>
        one.key === key ? { key, width: width === null ? null : Math.round(Math.min(1200, Math.max(40, width))) } : one,
      ),
    })
  }

  sort(key: string, descending?: boolean): void {
    const { sort } = this.view
    this.change({ sort: { key, descending: descending ?? (sort?.key === key ? !sort.descending : this.column(key).numeric) } })
  }

  group(by: string | null): void {
    this.groups = null
    this.open.clear()
    this.change({ group: by })
  }

  apply(view: TableView): void {
    if (view.group !== this.view.group) {
      this.groups = null
      this.open.clear()
    }
    this.change({ ...view, columns: withName(view.columns) })
  }

  /** Keeps the present view under a name; one of that name is replaced. */
  async save(name: string): Promise<void> {
    const others = this.saved.filter((one) => one.name !== name)
    await this.#store([...others, { name, view: this.view }].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1)))
  }

  async forget(name: string): Promise<void> {
    await this.#store(this.saved.filter((one) => one.name !== name))
  }

  async #keep(): Promise<void> {
    const { view } = this
    try {
      await call('tables.save', { table: 'runs', current: { ...view, text: '' } })
      this.kept = view === this.view
    } catch {
      // Without an engine it is only for this window; the next change tries again.
    }
  }

  async #store(views: SavedView[]): Promise<void> {
    this.saved = (await call('tables.save', { table: 'runs', views })).state.views
  }

  async #load(): Promise<void> {
    try {
      const { state } = await call('tables.show', { table: 'runs' })
      this.saved = state.views
      if (!this.ready && state.current) this.view = { ...state.current, columns: withName(state.current.columns) }
    } catch (thrown) {
      this.error = toErrorInfo(thrown)
    }
    this.ready = true
  }
}

/** The run's name is always there, and always first. */
const withName = (columns: TableView['columns']): TableView['columns'] => {
  const nameColumn = columns.find(({ key }) => key === 'name') ?? { key: 'name', width: null }
  return [nameColumn, ...columns.filter(({ key }) => key !== 'name')]
}

export const table = new RunsTable()

/**
 * Waits a moment for more changes; so many milliseconds at least between two questions that only ask for newer figures of the
 * same groups.
 */
const settle = 120,
  refresh = 2000

/** For use while the table is on screen: keeps its columns and groups loaded. */
export function followTable(): void {
  const keys = $derived(
    [
      ...new Set([
        ...table.view.columns.map(({ key }) => key),
        ...table.view.filters.map(({ key }) => key),
        ...table.query.conditions.flatMap(({ keys }) => keys),
        ...(table.view.sort ? [table.view.sort.key] : []),
      ]),
    ].filter((key) => !table.facts.has(key)),
  )
  $effect(() => {
    if (table.ready) runColumns.want(keys)
  })
  // The names of columns come after their values: those of the usual ones are known.
  $effect(() => {
    if (table.ready && runs.ready) void runColumns.refresh()
  })
  $effect(() => {
    if (table.ready && runColumns.list.length > 0) table.renew()
  })

  let asked = ''
  let last = 0
  let questions = 0
  let answered = 0
  $effect(() => {
    const by = table.view.group
    void runColumns.version
    if (by === null || connection.status !== 'open') return
    const ids = table.filtered.map(({ id }) => id)
    const columns = table.columns.filter(({ engine }) => engine).map(({ key }) => key)
    const question = `${by} ${columns.join(' ')} ${ids.join(' ')}`
    const wait = untrack(() => table.groups === null)
      ? 0
      : question === asked
        ? Math.max(settle, last + refresh - Date.now())
        : settle
    const timer = setTimeout(async () => {
      const mine = ++questions
      asked = question
      last = Date.now()
      const fits = (): boolean => mine > answered && table.view.group === by
      try {
        const { groups } = await call('runs.groups', { runs: ids, by, columns })
        if (fits()) {
          table.groups = groups
          table.error = null
          answered = mine
        }
      } catch (thrown) {
        if (fits()) table.error = toErrorInfo(thrown)
      }
    }, wait)
    return () => clearTimeout(timer)
  })
}
