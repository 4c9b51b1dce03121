import type { ResultOf } from '../../../shared/answers.ts'
import type { ChartTheme } from '../../charts/theme.ts'
import { paintLine } from './paintPlane.ts'
import type { Extent, Mapping } from './places.ts'
import { isDark, rampColour } from './ramp.ts'

export type Field = ResultOf<'field'>

/** The square that shows the whole grid with half a cell around it. */
export function fieldExtent({ x, y }: Pick<Field, 'x' | 'y'>): Extent {
  const [left, right, bottom, top] = [x[0] ?? -1, x.at(-1) ?? 1, y[0] ?? -1, y.at(-1) ?? 1]
  const half = (Math.max(right - left, top - bottom) / 2) * (1 + 1 / Math.max(1, x.length - 1)) || 1
  const across = (left + right) / 2,
    up = (bottom + top) / 2
  return { left: across - half, right: across + half, bottom: up - half, top: up + half }
}

/**
 * An arrow at each place of the grid, as long as the square root of its vector's length: short ones keep their direction, and
 * the colour says how long they are. The longest of all that are compared (`longest`) is a little longer than a cell.
 */
export function paintArrows(
  context: CanvasRenderingContext2D,
  place: Mapping,
  { x, y, vectors, lengths }: Pick<Field, 'x' | 'y' | 'vectors' | 'lengths'>,
  longest: number,
  theme: ChartTheme,
): void {
  const cell = Math.abs(place.x(x[1] ?? 1) - place.x(x[0] ?? 0)),
    onDark = isDark(theme.paper)
  context.lineCap = 'round'
  for (let row = 0; row < y.length; row++) {
    for (let column = 0; column < x.length; column++) {
      const at = row * x.length + column,
        share = (lengths[at] ?? 0) / (longest || 1)
      const fromX = place.x(x[column]!),
        fromY = place.y(y[row]!)
      // Of a vector that leads out of the plane only the part within it is an arrow.
      const within = Math.hypot(vectors[2 * at]!, vectors[2 * at + 1]!),
        long = 1.2 * cell * Math.sqrt(within / (longest || 1))
      const toX = fromX + (within > 0 ? vectors[2 * at]! / within : 0) * long,
        toY = fromY - (within > 0 ? vectors[2 * at + 1]! / within : 0) * long
      context.strokeStyle = context.fillStyle = rampColour(share, onDark)
      context.lineWidth = 1.5
      context.beginPath()
      if (long < 2) {
        context.arc(fromX, fromY, 1.25, 0, 2 * Math.PI)
        context.fill()
        continue
      }
      const head = Math.min(6, 2.5 + 0.3 * long),
        angle = Math.atan2(toY - fromY, toX - fromX)
      context.moveTo(fromX, fromY)
      context.lineTo(toX, toY)
      context.moveTo(toX - head * Math.cos(angle - 0.5), toY - head * Math.sin(angle - 0.5))
      context.lineTo(toX, toY)
      context.lineTo(toX - head * Math.cos(angle + 0.5), toY - head * Math.sin(angle + 0.5))
      context.stroke()
    }
  }
}

/** Where points go that follow the field, and where they end. */
export function paintPaths(
  context: CanvasRenderingContext2D,
  place: Mapping,
  { paths, pathSteps }: Pick<Field, 'paths' | 'pathSteps'>,
  colour: string,
): void {
  const length = 2 * (pathSteps + 1)
  context.strokeStyle = context.fillStyle = colour
  context.lineWidth = 1
  for (let from = 0; from + length <= paths.length; from += length) {
    context.globalAlpha = 0.6
    paintLine(context, place, paths, from, from + length)
    context.globalAlpha = 1
    context.beginPath()
    context.arc(place.x(paths[from + length - 2]!), place.y(paths[from + length - 1]!), 2.5, 0, 2 * Math.PI)
    context.fill()
  }
}

/** The vector of the grid's place nearest to a place. */
export function vectorNear(
  { x, y, vectors, lengths }: Pick<Field, 'x' | 'y' | 'vectors' | 'lengths'>,
  place: { x: number; y: number },
): { x: number; y: number; dx: number; dy: number; length: number } {
  const nearest = (axis: Float32Array, value: number) => {
    const step = (axis[1] ?? 1) - (axis[0] ?? 0)
    return Math.max(0, Math.min(axis.length - 1, Math.round((value - axis[0]!) / step)))
  }
  const column = nearest(x, place.x),
    row = nearest(y, place.y),
    at = row * x.length + column
  return { x: x[column]!, y: y[row]!, dx: vectors[2 * at]!, dy: vectors[2 * at + 1]!, length: lengths[at]! }
}
