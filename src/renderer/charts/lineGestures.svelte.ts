import { lowerBound } from '../../shared/lowerBound.ts'
import { readAt, type Curve } from './curve.ts'
import type { LinePlot } from './lineScene.ts'
import { pannedBy, zoomedAt, type Span } from './navigate.ts'

/** A line chart as its pointer and keyboard find and change it. */
export interface LineChartState {
  /** As it was drawn last. */
  readonly plot: LinePlot | null
  readonly visible: readonly Curve[]
  /** The horizontal axis as a whole. */
  readonly whole: Span
  /** Whether the curve nearest to the pointer is brought forward. */
  readonly near: boolean
  zoom: Span | null
  cursor: number | null
  highlighted: string | null
  /** The pointer or the keyboard has come, or gone. */
  onhere(here: boolean): void
}

/** What pointer, wheel and keys do on a line chart. */
export class LineGestures {
  /** The pointer or the keyboard is on this chart. */
  here = $state(false)
  /** Where a drag began and is, in pixels; `pan`: it moves what is seen instead of zooming. */
  drag = $state.raw<{ from: number; to: number; pan: { whole: Span; plot: LinePlot } | null } | null>(null)
  private readonly chart: LineChartState

  constructor(chart: LineChartState) {
    this.chart = chart
  }

  stay(now: boolean): void {
    if (this.here === now) return
    this.here = now
    this.chart.onhere(now)
    if (now) return
    this.chart.cursor = null
    if (this.chart.near) this.chart.highlighted = null
  }

  /** Dragging zooms; with Shift, or the middle button, it moves what is seen. */
  press = (event: PointerEvent): void => {
    const { plot, zoom, whole } = this.chart
    if ((event.button !== 0 && event.button !== 1) || !plot) return
    host(event).setPointerCapture(event.pointerId)
    const { x } = place(event)
    this.drag = { from: x, to: x, pan: (event.button === 1 || event.shiftKey) && zoom ? { whole, plot } : null }
    if (event.button === 1) event.preventDefault()
  }

  move = (event: PointerEvent): void => {
    const { chart } = this
    if (!chart.plot) return
    const { x, y } = place(event)
    const { left, right } = chart.plot.area
    this.stay(true)
    chart.cursor = x >= left - 8 && x <= right + 8 ? this.inside(chart.plot.x.toValue(x)) : null
    if (chart.near && !this.drag) chart.highlighted = this.nearestCurve(chart.plot, y)
    if (!this.drag) return
    this.drag = { ...this.drag, to: Math.min(right, Math.max(left, x)) }
    const { pan, from } = this.drag
    if (pan) chart.zoom = pannedBy(pan.plot.x, pan.plot.area, pan.whole, x - from)
  }

  release = (): void => {
    const { drag, chart } = this
    if (drag && !drag.pan && chart.plot && Math.abs(drag.to - drag.from) > 6) {
      const [a, b] = [drag.from, drag.to].map((pixel) => this.inside(chart.plot!.x.toValue(pixel))) as [number, number]
      chart.zoom = { from: Math.min(a, b), to: Math.max(a, b) }
    }
    this.drag = null
  }

  /**
   * A wheel scrolls the page; with Control (as pinching does), or once the chart has the focus, it zooms; sideways it moves what
   * is seen.
   */
  wheel = (event: WheelEvent): void => {
    const { plot, zoom, whole } = this.chart
    if (!plot || !(event.ctrlKey || event.metaKey || document.activeElement === event.currentTarget)) return
    event.preventDefault()
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      if (zoom) this.chart.zoom = pannedBy(plot.x, plot.area, whole, -event.deltaX)
      return
    }
    const factor = Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY / 300)))
    this.chart.zoom = zoomedAt(plot.x, plot.area, whole, place(event).x, factor)
  }

  /** Arrows move the crosshair, with Shift ten times as far; + and - zoom, page keys move, 0 shows everything. */
  key = (event: KeyboardEvent): void => {
    const { chart } = this
    const { plot, whole, zoom } = chart
    if (!plot || chart.visible.every((curve) => curve.x.length === 0)) return
    const shown = zoom ?? whole
    const { x, area } = plot
    const middle = chart.cursor === null ? (area.left + area.right) / 2 : x.toPixel(chart.cursor)
    const half = (area.right - area.left) / 2
    this.stay(true)
    if (event.key === 'ArrowRight') this.step(plot, 1, event.shiftKey)
    else if (event.key === 'ArrowLeft') this.step(plot, -1, event.shiftKey)
    else if (event.key === 'Home') chart.cursor = shown.from
    else if (event.key === 'End') chart.cursor = shown.to
    else if (event.key === '+' || event.key === '=') chart.zoom = zoomedAt(x, area, whole, middle, 0.5)
    else if (event.key === '-') chart.zoom = zoomedAt(x, area, whole, middle, 2)
    else if (event.key === 'PageUp' && zoom) chart.zoom = pannedBy(x, area, whole, half)
    else if (event.key === 'PageDown' && zoom) chart.zoom = pannedBy(x, area, whole, -half)
    else if (event.key === '0') chart.zoom = null
    else if (event.key === 'Escape' && (chart.cursor !== null || zoom)) {
      chart.cursor = null
      chart.zoom = null
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  /** To the next point of the longest curve, no closer than a pixel. */
  private step({ x }: LinePlot, direction: 1 | -1, far: boolean): void {
    const { chart } = this
    const longest = chart.visible.reduce((best, curve) => (best.x.length >= curve.x.length ? best : curve))
    const shown = chart.zoom ?? chart.whole
    if (chart.cursor === null) {
      chart.cursor = direction > 0 ? shown.from : shown.to
      return
    }
    const target = x.toValue(x.toPixel(chart.cursor) + direction * (far ? 24 : 1))
    const index =
      direction > 0
        ? Math.min(longest.x.length - 1, lowerBound(longest.x, target))
        : Math.max(0, lowerBound(longest.x, target + 1e-12) - 1)
    chart.cursor = this.inside(longest.x[index]!)
  }

  /** Within a finger's width of the pointer. */
  private nearestCurve({ y: scale }: LinePlot, pixel: number): string | null {
    const { cursor, visible } = this.chart
    let best: string | null = null
    let least = 14
    for (const curve of cursor === null ? [] : visible) {
      const read = readAt(curve, cursor!)
      const away = read && Number.isFinite(read.y) ? Math.abs(scale.toPixel(read.y) - pixel) : Infinity
      if (away < least) {
        least = away
        best = curve.id
      }
    }
    return best
  }

  private inside(x: number): number {
    const { from, to } = this.chart.zoom ?? this.chart.whole
    return Math.min(Math.max(x, from), to)
  }
}

const host = (event: Event) => event.currentTarget as HTMLElement
function place(event: MouseEvent): { x: number; y: number } {
  const { left, top } = host(event).getBoundingClientRect()
  return { x: event.clientX - left, y: event.clientY - top }
}
