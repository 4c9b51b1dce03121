import type { Area } from './scene.ts'
import type { Scale } from './ticks.ts'

/** A part of the horizontal axis. */
export interface Span {
  from: number
  to: number
}

/**
 * What is seen after zooming by `factor` (below 1: closer) around a pixel; null: everything. Works in pixels, so on logarithmic
 * axes, too.
 */
export function zoomedAt(
  x: Scale,
  { left, right }: Pick<Area, 'left' | 'right'>,
  whole: Span,
  pixel: number,
  factor: number,
): Span | null {
  const at = Math.min(right, Math.max(left, pixel))
  const from = Math.max(whole.from, x.toValue(at - (at - left) * factor))
  const to = Math.min(whole.to, x.toValue(at + (right - at) * factor))
  if (!(to > from)) return { from: x.from, to: x.to }
  return from <= whole.from && to >= whole.to ? null : { from, to }
}

/** What is seen after moving the content by some pixels to the right, as far as there is anything. */
export function pannedBy(x: Scale, { left, right }: Pick<Area, 'left' | 'right'>, whole: Span, pixels: number): Span | null {
  const most = left - x.toPixel(whole.from),
    least = right - x.toPixel(whole.to)
  const by = Math.min(Math.max(0, most), Math.max(Math.min(0, least), pixels))
  if (by === 0) return x.from <= whole.from && x.to >= whole.to ? null : { from: x.from, to: x.to }
  return { from: x.toValue(left - by), to: x.toValue(right - by) }
}
