import type { ClassMark } from '../colours.ts'
import type { Area, Scene, Shape } from './scene.ts'

export interface MapClass extends ClassMark {
  label: number
  title: string
}
export interface MapState {
  /** x, y, x, y */
  coordinates: Float32Array
  /** Of each point: its class, and the row of the dataset that it is. */
  labels: Int32Array
  rows: Int32Array
  classes: readonly MapClass[]
  /** Rows that are chosen; null: all. */
  selected: ReadonlySet<number> | null
  /** The row under the pointer, here or in another map. */
  hovered: number | null
}
export interface MapPlot {
  scene: Scene
  area: Area
  /** Pixels, x, y, x, y. */ places: Float64Array
}

/** Codes in two dimensions as dots in a square that has the same scale both ways: only distances mean something here. */
export function mapScene(
  { coordinates, labels, rows, classes, selected, hovered }: MapState,
  { width, height }: { width: number; height: number },
): MapPlot {
  const margin = 10
  const side = Math.max(20, Math.min(width, height) - 2 * margin)
  const area: Area = { left: (width - side) / 2, right: (width + side) / 2, top: (height - side) / 2, bottom: (height + side) / 2 }
  const places = placed(coordinates, area)
  const byLabel = new Map(classes.map((one) => [one.label, one]))
  // Few points, and those of large maps, are larger.
  const radius = (rows.length <= 400 ? 3 : rows.length <= 1500 ? 2.25 : 1.5) * Math.max(1, Math.min(1.6, side / 450))
  const groups = new Map<string, { of: MapClass; faint: boolean; points: number[] }>()
  for (let index = 0; index < rows.length; index++) {
    const of = byLabel.get(labels[index]!) ?? { label: -1, title: '', colour: 'var(--ink-2)', hollow: false, square: false }
    const faint = selected !== null && !selected.has(rows[index]!)
    const key = `${faint ? 0 : 1} ${of.label}`
    const group = groups.get(key) ?? { of, faint, points: [] }
    group.points.push(places[2 * index]!, places[2 * index + 1]!)
    groups.set(key, group)
  }
  const shapes: Shape[] = [
    {
      kind: 'rect',
      x: area.left - margin + 0.5,
      y: area.top - margin + 0.5,
      width: side + 2 * margin - 1,
      height: side + 2 * margin - 1,
      colour: 'var(--line)',
      border: 1,
    },
  ]
  const sorted = [...groups.values()].sort((a, b) => Number(b.faint) - Number(a.faint) || a.of.label - b.of.label)
  for (const { of, faint, points } of sorted) {
    shapes.push({
      kind: 'dots',
      points,
      radius: (faint ? Math.max(1, radius - 0.75) : radius) * (of.square ? 0.9 : 1),
      colour: faint ? 'var(--line-strong)' : of.colour,
      hollow: of.hollow && !faint,
      square: of.square,
      opacity: faint ? 0.35 : 0.85,
    })
  }
  const at = hovered === null ? -1 : rows.indexOf(hovered)
  if (at >= 0)
    shapes.push({
      kind: 'dots',
      points: [places[2 * at]!, places[2 * at + 1]!],
      radius: radius + 4,
      colour: 'var(--ink)',
      hollow: true,
    })
  return { scene: { width, height, shapes }, area, places }
}

/** Coordinates in pixels: centred, one scale for both directions. */
function placed(coordinates: Float32Array, { left, right, top, bottom }: Area): Float64Array {
  const low = [Infinity, Infinity],
    high = [-Infinity, -Infinity]
  coordinates.forEach((value, index) => {
    if (!Number.isFinite(value)) return
    low[index % 2] = Math.min(low[index % 2]!, value)
    high[index % 2] = Math.max(high[index % 2]!, value)
  })
  const span = Math.max(high[0]! - low[0]!, high[1]! - low[1]!) || 1
  const middle = [(low[0]! + high[0]!) / 2, (low[1]! + high[1]!) / 2]
  const side = right - left
  return Float64Array.from(coordinates, (value, index) =>
    index % 2 === 0
      ? (left + right) / 2 + ((value - middle[0]!) / span) * side
      : (top + bottom) / 2 - ((value - middle[1]!) / span) * side,
  )
}

/** Index of the point nearest to a pixel, within `reach`; -1: none. */
export function nearestPlace(places: Float64Array, x: number, y: number, reach = 10): number {
  let best = -1,
    least = reach * reach
  for (let index = 0; 2 * index < places.length; index++) {
    const away = (places[2 * index]! - x) ** 2 + (places[2 * index + 1]! - y) ** 2
    if (away < least) {
      least = away
      best = index
    }
  }
  return best
}

/** Indices of the points inside a closed line of pixels x, y, x, y (even-odd rule). */
export function inside(places: Float64Array, line: readonly number[]): number[] {
  const found: number[] = []
  for (let index = 0; 2 * index < places.length; index++) {
    const x = places[2 * index]!,
      y = places[2 * index + 1]!
    let odd = false
    for (let i = 0, j = line.length - 2; i < line.length; j = i, i += 2) {
      const ax = line[i]!,
        ay = line[i + 1]!,
        bx = line[j]!,
        by = line[j + 1]!
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd
    }
    if (odd) found.push(index)
  }
  return found
}
