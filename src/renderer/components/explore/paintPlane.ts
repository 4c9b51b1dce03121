import { classMark } from '../../colours.ts'
import type { ChartTheme } from '../../charts/theme.ts'
import { roundNumbers, type Mapping } from './places.ts'

/** Lines and numbers at round values, around the area. */
export function paintAxes(context: CanvasRenderingContext2D, place: Mapping, theme: ChartTheme): void {
  const { area, extent } = place
  const write = (value: number) => String(Number(value.toPrecision(6))).replace('-', '−')
  context.font = `11px ${theme.font}`
  context.lineWidth = 1
  context.strokeStyle = theme.grid
  context.fillStyle = theme.quiet
  context.textAlign = 'center'
  context.textBaseline = 'top'
  for (const value of roundNumbers(extent.left, extent.right, area.width / 72)) {
    const x = Math.round(place.x(value)) + 0.5
    stroke(context, x, area.top, x, area.top + area.height)
    context.fillText(write(value), x, area.top + area.height + 6)
  }
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (const value of roundNumbers(extent.bottom, extent.top, area.height / 48)) {
    const y = Math.round(place.y(value)) + 0.5
    stroke(context, area.left, y, area.left + area.width, y)
    context.fillText(write(value), area.left - 6, y)
  }
}

function stroke(context: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  context.beginPath()
  context.moveTo(x, y)
  context.lineTo(toX, toY)
  context.stroke()
}

/** Dots in the colours of their classes, one path for each class. `some`: only those; the others faint. */
export function paintDots(
  context: CanvasRenderingContext2D,
  place: Pick<Mapping, 'x' | 'y'>,
  coordinates: ArrayLike<number>,
  labels: ArrayLike<number>,
  theme: ChartTheme,
  { radius, opacity = 1, some = null }: { radius?: number; opacity?: number; some?: ReadonlySet<number> | null } = {},
): void {
  const count = coordinates.length / 2
  const size = radius ?? (count <= 600 ? 2.5 : count <= 5000 ? 1.75 : count <= 20_000 ? 1.25 : 0.75)
  const groups = new Map<number, { label: number; faint: boolean; indices: number[] }>()
  for (let i = 0; i < count; i++) {
    const label = labels[i] ?? -1,
      faint = some !== null && !some.has(i),
      key = 2 * label + Number(faint)
    const group = groups.get(key)
    if (group) group.indices.push(i)
    else groups.set(key, { label, faint, indices: [i] })
  }
  // Of many, some of each class at a time: where they lie upon each other, the last class does not cover all others.
  const turns = count > 5000 ? 16 : 1
  const parts = [...groups.values()]
    .flatMap((group) => Array.from({ length: turns }, (_, turn) => ({ ...group, turn })))
    .sort((a, b) => Number(b.faint) - Number(a.faint) || a.turn - b.turn)
  for (const { label, faint, indices, turn } of parts) {
    const { colour, hollow, square } = classMark(label)
    // As large to the eye as a dot.
    const half = square ? 0.9 * size : size
    context.globalAlpha = faint ? 0.15 * opacity : opacity
    context.fillStyle = context.strokeStyle = theme.resolve(colour)
    context.lineWidth = size < 1 ? 0.5 : 1
    context.beginPath()
    for (let at = turn; at < indices.length; at += turns) {
      const i = indices[at]!
      const x = place.x(coordinates[2 * i]!),
        y = place.y(coordinates[2 * i + 1]!)
      // Nobody sees whether dots as small as these are round, and squares are drawn in a tenth of the time.
      if (square || size < 1) context.rect(x - half, y - half, 2 * half, 2 * half)
      else {
        context.moveTo(x + size, y)
        context.arc(x, y, size, 0, 2 * Math.PI)
      }
    }
    if (hollow) context.stroke()
    else context.fill()
  }
  context.globalAlpha = 1
}

/** Places with names: a ring on paper each. */
export function paintMark(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  colour: string,
  title: string,
  theme: ChartTheme,
): void {
  context.beginPath()
  context.arc(x, y, 5, 0, 2 * Math.PI)
  context.fillStyle = theme.paper
  context.strokeStyle = theme.resolve(colour)
  context.lineWidth = 2
  context.fill()
  context.stroke()
  if (title === '') return
  context.font = `11px ${theme.font}`
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  context.lineWidth = 3
  context.strokeStyle = theme.paper
  context.strokeText(title, x + 9, y)
  context.fillStyle = theme.ink
  context.fillText(title, x + 9, y)
}

/** A line through points x, y, x, y, ... */
export function paintLine(
  context: CanvasRenderingContext2D,
  place: Pick<Mapping, 'x' | 'y'>,
  points: ArrayLike<number>,
  from = 0,
  to = points.length,
): void {
  context.beginPath()
  for (let i = from; i + 1 < to; i += 2) {
    const x = place.x(points[i]!),
      y = place.y(points[i + 1]!)
    if (i === from) context.moveTo(x, y)
    else context.lineTo(x, y)
  }
  context.stroke()
}

/** Discs of a radius at points x, y, x, y, ..., in the context's colour. */
export function paintPoints(
  context: CanvasRenderingContext2D,
  place: Pick<Mapping, 'x' | 'y'>,
  points: ArrayLike<number>,
  radius: number,
): void {
  for (let i = 0; i + 1 < points.length; i += 2) {
    context.beginPath()
    context.arc(place.x(points[i]!), place.y(points[i + 1]!), radius, 0, 2 * Math.PI)
    context.fill()
  }
}

/** A line through points, with a disc at each. */
export function paintPath(
  context: CanvasRenderingContext2D,
  place: Pick<Mapping, 'x' | 'y'>,
  points: ArrayLike<number>,
  colour: string,
  radius: number,
): void {
  context.strokeStyle = context.fillStyle = colour
  context.lineWidth = 1.5
  paintLine(context, place, points)
  paintPoints(context, place, points, radius)
}

/** Points that are a lattice of so many columns and rows, one such after the other: each joined to its neighbours. */
export function paintLattice(
  context: CanvasRenderingContext2D,
  place: Pick<Mapping, 'x' | 'y'>,
  points: ArrayLike<number>,
  columns: number,
  rows: number,
  theme: ChartTheme,
): void {
  context.strokeStyle = theme.quiet
  context.globalAlpha = 0.7
  context.lineWidth = 1
  const through = (indices: readonly number[]) => {
    context.beginPath()
    indices.forEach((i, at) => {
      if (at === 0) context.moveTo(place.x(points[2 * i]!), place.y(points[2 * i + 1]!))
      else context.lineTo(place.x(points[2 * i]!), place.y(points[2 * i + 1]!))
    })
    context.stroke()
  }
  for (let from = 0; from + columns * rows <= points.length / 2; from += columns * rows) {
    for (let y = 0; y < rows; y++) through(Array.from({ length: columns }, (_, x) => from + y * columns + x))
    for (let x = 0; x < columns; x++) through(Array.from({ length: rows }, (_, y) => from + y * columns + x))
  }
  context.globalAlpha = 1
}
