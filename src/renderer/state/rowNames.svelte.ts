import { SvelteMap } from 'svelte/reactivity'
import { call, connection } from './connection.svelte.ts'
import { nameIn, rowTitle } from './rowTitle.ts'

/** Rows asked for at a time, and names kept. */
const most = 500,
  kept = 20_000

/** Names of datasets' rows: the files that they were imported from. */
class RowNames {
  /** By dataset and row; empty: the row was no file of its own. */
  private readonly known = new SvelteMap<string, string>()
  private readonly wanted = new Map<string, Set<number>>()

  constructor() {
    connection.onOpen(() => this.known.clear())
  }

  /** The file's name, without its folders; null where there is none, or not yet. */
  of(dataset: string, row: number): string | null {
    const name = this.known.get(`${dataset}/${row}`)
    if (name === undefined) this.want(dataset, row)
    return name || null
  }

  /** What a row is called; see `rowTitle`. */
  title(dataset: string | undefined, row: number, word: string, className?: string): string {
    return rowTitle(dataset === undefined ? null : this.of(dataset, row), row, word, className)
  }

  private want(dataset: string, row: number): void {
    const rows = this.wanted.get(dataset)
    if (rows) {
      rows.add(row)
      return
    }
    this.wanted.set(dataset, new Set([row]))
    queueMicrotask(() => void this.fetch(dataset))
  }

  private async fetch(dataset: string): Promise<void> {
    const rows = [...(this.wanted.get(dataset) ?? [])]
    this.wanted.delete(dataset)
    if (this.known.size + rows.length > kept) this.known.clear()
    for (let from = 0; from < rows.length; from += most) {
      const only = rows.slice(from, from + most)
      // Without an answer, rows are called by their number until there is another connection.
      const { paths } = await call('datasets.images', { dataset, count: only.length, only, side: 1 }).catch(() => ({ paths: [] }))
      only.forEach((row, index) => this.known.set(`${dataset}/${row}`, nameIn(paths[index] ?? '')))
    }
  }
}

export const rowNames = new RowNames()
