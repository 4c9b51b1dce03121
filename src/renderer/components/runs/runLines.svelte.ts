import { tick } from 'svelte'
import { selection } from '../../state/selection.svelte.ts'
import { block, inSight, linesFor, type Item } from './rows.ts'
import { table } from './table.svelte.ts'

export const rowHeight = 28

const keyOf = (item: Item | undefined): string => (item === undefined ? '' : item.kind === 'run' ? item.row.id : item.group.id)
const idsOf = (item: Item): string[] => (item.kind === 'run' ? [item.row.id] : item.rows.map(({ id }) => id))

/** The lines of the table of runs: which are in sight, which one has the keyboard, and what picking and moving do to them. */
export class RunLines {
  /** The line that has the keyboard, and the one that a range begins at: a run's id or a group's. */
  private activeKey = $state('')
  private anchorKey = $state('')
  scrolled = $state.raw({ top: 0, height: 800, width: 0 })
  private scroller: HTMLElement | null = null

  readonly items = $derived(table.items)
  readonly begin = $derived.by(() => inSight(this.scrolled.top, this.scrolled.height, rowHeight, this.items.length).begin)
  readonly end = $derived.by(() => inSight(this.scrolled.top, this.scrolled.height, rowHeight, this.items.length).end)
  readonly active = $derived.by(() => (this.activeKey === '' ? -1 : this.items.findIndex((item) => keyOf(item) === this.activeKey)))
  /** Lines of the page are used again for other rows as the table scrolls: so many there are. */
  readonly pool = $derived.by(() => linesFor(this.scrolled.height, rowHeight))
  /** Exactly one line can be reached by Tab: the last one used, or one in sight. */
  readonly reachable = $derived.by(() =>
    this.active >= this.begin && this.active < this.end
      ? this.active
      : Math.min(this.begin === 0 ? 0 : this.begin + block, Math.max(0, this.end - 1)),
  )

  /** Follows what is scrolled. */
  attach = (node: HTMLElement): (() => void) => {
    this.scroller = node
    const read = (): void => this.read(node)
    const size = new ResizeObserver(read)
    size.observe(node)
    node.addEventListener('scroll', read, { passive: true })
    read()
    return () => {
      this.scroller = null
      size.disconnect()
      node.removeEventListener('scroll', read)
    }
  }
  private read(node: HTMLElement): void {
    this.scrolled = { top: node.scrollTop, height: node.clientHeight, width: node.clientWidth }
  }

  toTop(): void {
    if (this.scroller) this.scroller.scrollTop = 0
  }

  activate(index: number): void {
    this.activeKey = keyOf(this.items[index])
  }

  /** Ticks a line or takes its tick away; `range`: all from the last one that was picked. */
  pick(index: number, range: boolean): void {
    const item = this.items[index]
    if (!item) return
    const ids = idsOf(item)
    if (range) {
      const from = Math.max(
        0,
        this.items.findIndex((one) => keyOf(one) === this.anchorKey),
      )
      const between = this.items.slice(Math.min(from, index), Math.max(from, index) + 1).filter(({ kind }) => kind === 'run')
      selection.set([...new Set([...selection.runs, ...between.flatMap(idsOf)])])
    } else if (ids.every((id) => selection.has(id))) selection.set(selection.runs.filter((id) => !ids.includes(id)))
    else selection.set([...new Set([...selection.runs, ...ids])])
    this.anchorKey = this.activeKey = keyOf(item)
  }

  toggleGroup(index: number): void {
    const item = this.items[index]
    if (item?.kind !== 'group') return
    this.activeKey = item.group.id
    if (!table.open.delete(item.group.id)) table.open.add(item.group.id)
  }

  async focus(index: number): Promise<void> {
    const at = Math.min(Math.max(index, 0), this.items.length - 1)
    this.activate(at)
    const { scroller } = this
    if (!scroller) return
    // The header sticks to the top and hides one row's height.
    const top = rowHeight * at
    if (top < scroller.scrollTop) scroller.scrollTop = top
    else if (top + 2 * rowHeight > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = top + 2 * rowHeight - scroller.clientHeight
    this.read(scroller)
    await tick()
    scroller.querySelector<HTMLElement>(`tr[data-index="${at}"]`)?.focus({ preventScroll: true })
  }

  /** To another line; with `picking`, all on the way are ticked. */
  step(by: number, picking: boolean): void {
    const next = Math.min(Math.max(this.active + by, 0), this.items.length - 1)
    if (picking) {
      const { anchorKey } = this
      const anchor = this.items.some((one) => keyOf(one) === anchorKey) && selection.has(anchorKey) ? anchorKey : this.activeKey
      this.anchorKey = anchor
      this.pick(next, true)
      this.anchorKey = anchor
    }
    void this.focus(next)
  }

  /** Opens or closes the group that has the keyboard; from a run of a group to the group. False: there is nothing to do. */
  unfold(open: boolean): boolean {
    const item = this.items[this.active]
    if (item?.kind === 'group') {
      if (item.open !== open) this.toggleGroup(this.active)
    } else if (!open && item?.kind === 'run' && item.group !== null)
      void this.focus(this.items.findIndex((one) => one.kind === 'group' && one.group.id === item.group))
    else return false
    return true
  }
}
