import { textInFull } from '../../../shared/figures.ts'
import { untrack } from 'svelte'
import { mostCompared, type Comparison, type Difference, type GroupEstimate, type GroupFigure } from '../../../shared/comparison.ts'
import { toErrorInfo, type ErrorInfo } from '../../../shared/errors.ts'
import type { Experiment } from '../../../shared/experiments.ts'
import { call, connection } from '../../state/connection.svelte.ts'
import { runs } from '../../state/runs.svelte.ts'
import { pairedRuns } from '../compare/figureTable.ts'

/** What an experiment's plan names as the baseline, for a comparison. */
export const plannedBaseline = (experiment: string): string => `experiment:${experiment}`

type Cell = Experiment['cells'][number]

/** What a cell came to so far in one figure. */
export interface CellResult {
  estimate: GroupEstimate
  best: boolean
  difference: Difference | null
  isBaseline: boolean
}

/** The comparison of an experiment's runs as they end. For use while a component starts. */
export class Results {
  comparison = $state.raw<Comparison | null>(null)
  error = $state.raw<ErrorInfo | null>(null)
  loading = $state(false)
  /** Key of the figure that is looked at; null: the one that the engine would choose. */
  figure = $state<string | null>(null)
  readonly #experiment: () => Experiment | null
  #again = $state(0)

  /** Runs that came to a good end, in the plan's order; each once. */
  readonly ended: string[] = $derived.by(() => {
    const ids = (this.#experiment()?.cells ?? []).flatMap(({ runs: places }) =>
      places.flatMap(({ run }) => (run === null ? [] : [run])),
    )
    return [...new Set(ids)].filter((id) => runs.row(id)?.state === 'completed')
  })
  /** Those of them that are compared. */
  readonly compared: string[] = $derived(this.ended.slice(0, mostCompared))
  readonly left: number = $derived(Math.max(0, this.ended.length - mostCompared))

  constructor(experiment: () => Experiment | null) {
    this.#experiment = experiment
    let timer: ReturnType<typeof setTimeout> | undefined
    const question = $derived(JSON.stringify([this.compared, this.#experiment()?.id ?? '', this.figure]))
    $effect(() => {
      void question
      void connection.generation
      void this.#again
      // Many runs end together; a comparison of many takes its time.
      timer ??= setTimeout(
        () => {
          timer = undefined
          void this.#ask(...(JSON.parse(question) as [string[], string, string | null]))
        },
        untrack(() => this.comparison) === null ? 0 : Math.min(3000, 100 + 4 * this.ended.length),
      )
    })
    $effect(() => () => clearTimeout(timer))
  }

  async #ask(ids: string[], experiment: string, figure: string | null): Promise<void> {
    if (ids.length < 2) {
      this.comparison = null
      this.error = null
      return
    }
    this.loading = true
    try {
      this.comparison = (
        await call('compare', { runs: ids, baseline: plannedBaseline(experiment), ...(figure ? { figure } : {}) })
      ).comparison
      this.error = null
    } catch (thrown) {
      this.error = toErrorInfo(thrown)
    }
    this.loading = false
  }

  reload(): void {
    this.#again += 1
  }

  /** Figures that some cell has, those that can be ranked first. */
  readonly figures: GroupFigure[] = $derived.by(() => {
    const some = (this.comparison?.groupFigures ?? []).filter(({ estimates }) => estimates.some(({ n }) => n > 0))
    return [...some.filter(({ better }) => better !== 'neither'), ...some.filter(({ better }) => better === 'neither')]
  })
  readonly shown: GroupFigure | null = $derived(
    this.figures.find(({ key }) => key === (this.figure ?? this.comparison?.headline)) ?? this.figures[0] ?? null,
  )

  /** Index of a cell's group in the comparison. */
  readonly #groups: Map<string, number> = $derived(
    new Map((this.comparison?.groups ?? []).flatMap((group, index) => group.runs.map((run) => [run, index] as const))),
  )
  groupOf(cell: Cell): number | null {
    for (const { run } of cell.runs) {
      const group = run === null ? undefined : this.#groups.get(run)
      if (group !== undefined) return group
    }
    return null
  }

  of(cell: Cell): CellResult | null {
    const group = this.groupOf(cell)
    const row = this.shown
    const estimate = group === null ? undefined : row?.estimates[group]
    if (group === null || !row || !estimate || estimate.n === 0) return null
    return {
      estimate,
      best: row.best.includes(group),
      difference: row.differences.find((difference) => difference.group === group) ?? null,
      isBaseline: this.comparison?.baseline === group || row.differences.some(({ baseline }) => baseline === group),
    }
  }

  /** Ids of the runs that a cell's figures are of, its differences among them. */
  measuredRuns(cell: Cell): string[] {
    const group = this.groupOf(cell)
    return group === null ? [] : pairedRuns(this.comparison!, group)
  }

  /** A run's own figure as it is to be read; empty where it has none. */
  textOf(run: string): string {
    const { row, at } = this.#own(run)
    const text = row?.texts[at]
    return text === undefined || text === '–' ? '' : text
  }

  /** The same with all its digits. */
  fullOf(run: string): string {
    const { row, at } = this.#own(run)
    const value = row?.values[at] ?? null
    return row === undefined || value === null ? '' : textInFull([value], row.unit, row.texts[at]!)
  }

  #own(run: string) {
    const at = this.comparison?.runs.findIndex(({ id }) => id === run) ?? -1
    return { at, row: at < 0 ? undefined : this.comparison?.figures.find(({ key }) => key === this.shown?.key) }
  }
}
