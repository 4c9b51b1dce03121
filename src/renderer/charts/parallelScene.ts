import { fontSize, shortened, type Measure, type Scene, type Shape } from './scene.ts'

export interface ParallelAxis {
  key: string
  title: string
  unit: string
  better: 'lower' | 'higher' | 'neither'
  ticks: readonly { place: number; text: string }[]
}
export interface ParallelLine {
  id: string
  title: string
  colour: string
  dash?: readonly number[]
  /** 0 (bottom) to 1; null: no value. */ places: readonly (number | null)[]
  texts: readonly string[]
}
/** A part of an axis, in places. */
export interface Brush {
  low: number
  high: number
}

export interface ParallelState {
  axes: readonly ParallelAxis[]
  lines: readonly ParallelLine[]
  /** By key of the axis. */
  brushes: ReadonlyMap<string, Brush>
  /** Lines that a choice has left out. */
  faint: ReadonlySet<string>
  highlighted: string | null
}

export interface ParallelPlot {
  scene: Scene
  /** Pixels from the left, of each axis. */
  xs: number[]
  top: number
  bottom: number
  /** Where lines go that have no value on an axis. */
  none: number
}

/** Whether a line lies within all brushes; what has no value on a brushed axis does not. */
export function inBrushes(
  { places }: Pick<ParallelLine, 'places'>,
  axes: readonly ParallelAxis[],
  brushes: ReadonlyMap<string, Brush>,
): boolean {
  return axes.every(({ key }, index) => {
    const brush = brushes.get(key)
    if (!brush) return true
    const place = places[index]
    return place !== null && place !== undefined && place >= brush.low - 1e-9 && place <= brush.high + 1e-9
  })
}

/** For the texts left of the first axis. */
const firstRoom = 130
const arrows = { lower: ' ↓', higher: ' ↑', neither: '' }

/** Parallel coordinates as shapes. */
export function parallelScene(
  { axes, lines, brushes, faint, highlighted }: ParallelState,
  size: { width: number; height: number },
  measure: Measure,
): ParallelPlot {
  const { width, height } = size
  const first =
    Math.ceil(Math.max(24, ...(axes[0]?.ticks.map(({ text }) => measure(shortened(text, firstRoom, measure), fontSize)) ?? []))) +
    12
  const last = width - 36
  const gap = axes.length > 1 ? (last - first) / (axes.length - 1) : 0
  const xs = axes.map((_, index) => first + gap * index)
  const room = Math.max(24, (axes.length > 1 ? gap : width) - 10)
  const headings = axes.map((axis, index) => headingRows(axis, index === 0 ? room * 0.9 : room, measure))
  const top = 16 + 13 * Math.max(2, ...headings.map((rows) => rows.length)),
    without = lines.some(({ places }) => places.some((place) => place === null))
  const bottom = height - (without ? 30 : 12),
    none = height - 10
  const y = (place: number | null): number => (place === null ? none : bottom - place * (bottom - top))

  const shapes: Shape[] = []
  const drawn = (line: ParallelLine, strength: number, thick: number): Shape => ({
    kind: 'line',
    points: line.places.flatMap((place, index) => [xs[index]!, y(place)]),
    colour: line.colour,
    width: thick,
    opacity: strength,
    ...(line.dash && line.dash.length > 0 ? { dash: line.dash } : {}),
  })
  const many = lines.length > 60
  for (const line of lines)
    if (faint.has(line.id) && line.id !== highlighted)
      shapes.push({ ...drawn(line, 0.25, 1), colour: 'var(--line-strong)' } as Shape)
  for (const line of lines)
    if (!faint.has(line.id) && line.id !== highlighted)
      shapes.push(drawn(line, highlighted === null ? (many ? 0.6 : 0.9) : 0.3, many ? 1 : 1.5))
  const front = lines.find(({ id }) => id === highlighted)

  axes.forEach((axis, index) => {
    const x = xs[index]!
    shapes.push({ kind: 'line', points: [x, top, x, bottom], colour: 'var(--line-strong)', width: 1 })
    for (const { place, text } of ticks(axis, bottom - top)) {
      const label = shortened(text, index === 0 ? firstRoom : Math.min(room - 12, 110), measure)
      const wide = measure(label, fontSize)
      shapes.push({ kind: 'line', points: [x - 4, y(place), x, y(place)], colour: 'var(--line-strong)', width: 1 })
      shapes.push({
        kind: 'rect',
        x: x - 7 - wide,
        y: y(place) - 7,
        width: wide + 2,
        height: 14,
        colour: 'var(--paper)',
        opacity: 0.9,
      })
      shapes.push({ kind: 'text', x: x - 6, y: y(place), text: label, colour: 'var(--ink-2)', align: 'right', size: fontSize })
    }
    const brush = brushes.get(axis.key)
    if (brush) {
      const box = {
        kind: 'rect' as const,
        x: x - 6,
        y: y(brush.high),
        width: 12,
        height: Math.max(2, y(brush.low) - y(brush.high)),
        colour: 'var(--ink)',
      }
      shapes.push({ ...box, opacity: 0.2 }, { ...box, border: 1 })
    }
    if (lines.some(({ places }) => places[index] === null))
      shapes.push({ kind: 'text', x, y: none, text: '–', colour: 'var(--ink-2)', align: 'centre', size: fontSize })
    shapes.push(
      ...heading(
        headings[index]!,
        x,
        top,
        { width, edge: index === axes.length - 1 ? 'right' : index === 0 ? 'left' : null },
        measure,
      ),
    )
  })
  if (front) {
    shapes.push(drawn(front, 1, 2.5), {
      kind: 'dots',
      points: front.places.flatMap((place, index) => [xs[index]!, y(place)]),
      radius: 3,
      colour: front.colour,
    })
    // Its values, beside where it crosses each axis.
    front.places.forEach((place, index) => {
      const text = shortened(front.texts[index] ?? '', Math.max(24, index === axes.length - 1 ? 90 : room - 12), measure)
      const wide = measure(text, fontSize, true),
        left = index === axes.length - 1
      const x = left ? xs[index]! - 8 - wide : xs[index]! + 8
      shapes.push({ kind: 'rect', x: x - 3, y: y(place) - 8, width: wide + 6, height: 16, colour: 'var(--paper)', opacity: 0.9 })
      shapes.push({ kind: 'text', x, y: y(place), text, colour: 'var(--ink)', align: 'left', size: fontSize, bold: true })
    })
  }
  return { scene: { width, height, shapes }, xs, top, bottom, none }
}

/** Choices that lie too close to be read are thinned. */
function ticks({ ticks: all }: ParallelAxis, length: number): readonly { place: number; text: string }[] {
  const most = Math.max(2, Math.floor(length / 16))
  if (all.length <= most) return all
  const every = Math.ceil(all.length / most)
  return all.filter((_, index) => index % every === 0)
}

/** More rows than these are not read. */
const mostRows = 4

/**
 * Title and unit over as many rows as they take, broken at spaces and after hyphens; the arrow stays with the last word,
 * whatever is cut.
 */
export function headingRows({ title, unit, better }: ParallelAxis, room: number, measure: Measure): string[] {
  const arrow = arrows[better].replace(' ', '\u00a0')
  const parts = `${title}${unit === '' ? '' : ` (${unit})`}${arrow}`.split(/ |(?<=-)/)
  const rows: string[] = []
  for (const part of parts) {
    const last = rows.at(-1)
    const longer = last === undefined ? part : `${last}${last.endsWith('-') ? '' : ' '}${part}`
    if (last === undefined || measure(longer, fontSize) > room) rows.push(part)
    else rows[rows.length - 1] = longer
  }
  const kept = rows.length <= mostRows ? rows : [...rows.slice(0, mostRows - 1), rows.slice(mostRows - 1).join(' ')]
  return kept.map((row, index) => {
    const end = index === kept.length - 1 ? arrow : ''
    return `${shortened(row.slice(0, row.length - end.length), room - measure(end, fontSize), measure)}${end}`
  })
}

/** Rows over an axis, the last one next to it. */
function heading(
  rows: readonly string[],
  x: number,
  top: number,
  { width, edge }: { width: number; edge: 'left' | 'right' | null },
  measure: Measure,
): Shape[] {
  const half = Math.max(...rows.map((row) => measure(row, fontSize))) / 2
  const middle = edge === 'left' ? Math.max(x, half + 2) : edge === 'right' ? Math.min(x, width - half - 2) : x
  return rows.map((text, index) => ({
    kind: 'text',
    x: middle,
    y: top - 16 - 13 * (rows.length - 1 - index),
    text,
    colour: 'var(--ink)',
    align: 'centre',
    size: fontSize,
  }))
}

/** The line nearest to a place, within `reach` pixels of it. */
export function nearestLine(
  lines: readonly ParallelLine[],
  { xs, top, bottom, none }: ParallelPlot,
  x: number,
  y: number,
  reach = 8,
): string | null {
  const right = xs.findIndex((one) => one >= x)
  if (xs.length < 2 || x < xs[0]! - reach || x > xs.at(-1)! + reach) return null
  const to = Math.max(1, right < 0 ? xs.length - 1 : right),
    from = to - 1
  const share = Math.min(1, Math.max(0, (x - xs[from]!) / (xs[to]! - xs[from]!)))
  const level = (place: number | null): number => (place === null ? none : bottom - place * (bottom - top))
  let best: string | null = null,
    least = reach
  for (const { id, places } of lines) {
    const a = level(places[from] ?? null),
      b = level(places[to] ?? null)
    // Distance across the line, not straight up: steep lines are as easy to meet as flat ones.
    const away = Math.abs(a + (b - a) * share - y) / Math.hypot(1, (b - a) / (xs[to]! - xs[from]!))
    if (away < least) {
      least = away
      best = id
    }
  }
  return best
}
