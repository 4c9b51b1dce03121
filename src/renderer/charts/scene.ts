/**
 * What a chart shows, as shapes in CSS pixels from the top left. One pure function makes it from data and size; a painter puts
 * it on a canvas or writes it as SVG, so that both show the same. Colours are CSS colours, custom properties included; whoever
 * paints resolves them.
 */
export type Shape =
  /** Points as x, y, x, y; NaN lifts the pen. */
  | { kind: 'line'; points: ArrayLike<number>; colour: string; width: number; dash?: readonly number[]; opacity?: number }
  /** Filled polygons, separated by NaN. */
  | { kind: 'area'; points: ArrayLike<number>; colour: string; opacity?: number }
  | {
      kind: 'rect'
      x: number
      y: number
      width: number
      height: number
      colour: string
      opacity?: number
      /** Only its border, of this width. */ border?: number
    }
  | {
      kind: 'dots'
      points: ArrayLike<number>
      radius: number
      colour: string
      opacity?: number
      /** Rings. */ hollow?: boolean
      square?: boolean
    }
  /** `y` is the middle of the line of text. `turned`: read from bottom to top. */
  | {
      kind: 'text'
      x: number
      y: number
      text: string
      colour: string
      align: 'left' | 'centre' | 'right'
      size: number
      bold?: boolean
      turned?: boolean
    }
  /** Only what lies in the rectangle. */
  | { kind: 'clip'; x: number; y: number; width: number; height: number; shapes: readonly Shape[] }

export interface Scene {
  width: number
  height: number
  shapes: readonly Shape[]
}

/** Width of a text in pixels. */
export type Measure = (text: string, size: number, bold?: boolean) => number

/** The part of a scene in which data are. */
export interface Area {
  left: number
  right: number
  top: number
  bottom: number
}

export const fontSize = 11

/** As much of a text as there is room for. */
export function shortened(text: string, room: number, measure: Measure, size = fontSize): string {
  if (measure(text, size) <= room) return text
  let length = Math.min(text.length, Math.ceil((text.length * room) / Math.max(1, measure(text, size))) + 4)
  const cut = () =>
    `${text
      .slice(0, length)
      .replace(/[\uD800-\uDBFF]$/, '')
      .trimEnd()}…`
  while (length > 1 && measure(cut(), size) > room) length--
  return cut()
}

/** The scene in a larger one, moved to the right and down. */
export function moved(shapes: readonly Shape[], x: number, y: number): Shape[] {
  const shift = (points: ArrayLike<number>) => Float64Array.from(points, (value, index) => value + (index % 2 === 0 ? x : y))
  return shapes.map((shape) => {
    if (shape.kind === 'line' || shape.kind === 'area' || shape.kind === 'dots') return { ...shape, points: shift(shape.points) }
    if (shape.kind === 'clip') return { ...shape, x: shape.x + x, y: shape.y + y, shapes: moved(shape.shapes, x, y) }
    return { ...shape, x: shape.x + x, y: shape.y + y }
  })
}
