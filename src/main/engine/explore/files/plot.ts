import type { Raster } from '../../files/png.ts'

/** Okabe and Ito's colours, in the order in which the workbench uses them; labels beyond them begin anew. */
const palette = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
  [240, 228, 66],
  [100, 100, 100],
] as const
export type Colour = readonly [number, number, number]
export const ink: Colour = [40, 40, 40],
  faint: Colour = [170, 170, 170]
/** The colour of a class or of a list by its index; gray below 0. */
export const colourOf = (label: number): Colour => (label < 0 ? [110, 110, 110] : palette[label % palette.length]!)

const side = 720,
  margin = 16

/** A square of white paper on which data are drawn, y upwards. Lines are antialiased; nothing is written on it. */
export class Plot {
  readonly #pixels = new Uint8Array(side * side * 3).fill(255)
  readonly #x: (value: number) => number
  readonly #y: (value: number) => number

  constructor([left, right]: readonly [number, number], [bottom, top]: readonly [number, number]) {
    const scale = (low: number, high: number) => (side - 2 * margin) / (high > low ? high - low : 1)
    this.#x = (value) => margin + (value - left) * scale(left, right)
    this.#y = (value) => side - margin - (value - bottom) * scale(bottom, top)
  }

  dot(x: number, y: number, radius: number, colour: Colour): void {
    const cx = this.#x(x),
      cy = this.#y(y)
    if (!Number.isFinite(cx + cy)) return
    for (let py = Math.floor(cy - radius); py <= cy + radius + 1; py++) {
      for (let px = Math.floor(cx - radius); px <= cx + radius + 1; px++)
        this.#mix(px, py, colour, Math.max(0, Math.min(1, radius + 0.5 - Math.hypot(px - cx, py - cy))))
    }
  }

  line(x0: number, y0: number, x1: number, y1: number, colour: Colour, opacity = 1): void {
    this.#stroke(this.#x(x0), this.#y(y0), this.#x(x1), this.#y(y1), colour, opacity)
  }

  /** A line with a head at its end. */
  arrow(x0: number, y0: number, x1: number, y1: number, colour: Colour): void {
    const [ax, ay, bx, by] = [this.#x(x0), this.#y(y0), this.#x(x1), this.#y(y1)]
    const length = Math.hypot(bx - ax, by - ay)
    if (!(length > 0.5)) return
    this.#stroke(ax, ay, bx, by, colour, 1)
    const head = Math.min(6, length / 2),
      angle = Math.atan2(by - ay, bx - ax)
    for (const turn of [2.6, -2.6])
      this.#stroke(bx, by, bx + head * Math.cos(angle + turn), by + head * Math.sin(angle + turn), colour, 1)
  }

  bar(x0: number, x1: number, y: number, colour: Colour): void {
    const [left, right, top, bottom] = [this.#x(x0), this.#x(x1), this.#y(y), this.#y(0)]
    for (let py = Math.round(top); py < bottom; py++)
      for (let px = Math.ceil(left); px < right - 1; px++) this.#mix(px, py, colour, 1)
  }

  raster(): Raster {
    return { width: side, height: side, channels: 3, pixels: this.#pixels }
  }

  /** Steps of half a pixel with the distance to the line as coverage. */
  #stroke(ax: number, ay: number, bx: number, by: number, colour: Colour, opacity: number): void {
    if (![ax, ay, bx, by].every((value) => Math.abs(value) < 10 * side)) return
    const length = Math.hypot(bx - ax, by - ay),
      steep = Math.abs(by - ay) > Math.abs(bx - ax)
    const steps = Math.max(1, Math.ceil(steep ? Math.abs(by - ay) : Math.abs(bx - ax)))
    for (let i = 0; i <= steps; i++) {
      const x = ax + ((bx - ax) * i) / steps,
        y = ay + ((by - ay) * i) / steps
      const whole = Math.floor(steep ? x : y),
        part = (steep ? x : y) - whole
      for (const [offset, cover] of [
        [0, 1 - part],
        [1, part],
      ] as const)
        this.#mix(
          steep ? whole + offset : Math.round(x),
          steep ? Math.round(y) : whole + offset,
          colour,
          cover * opacity * Math.min(1, length),
        )
    }
  }

  #mix(x: number, y: number, colour: Colour, opacity: number): void {
    if (!(opacity > 0) || x < 0 || y < 0 || x >= side || y >= side) return
    const at = (y * side + x) * 3
    for (let c = 0; c < 3; c++) this.#pixels[at + c] = Math.round(this.#pixels[at + c]! * (1 - opacity) + colour[c]! * opacity)
  }
}

/** A range that holds the values, a little wider. */
export function rangeOf(values: Iterable<number>, room = 0.05): [number, number] {
  let low = Infinity,
    high = -Infinity
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (!(low < high)) return Number.isFinite(low) ? [low - 1, low + 1] : [0, 1]
  return [low - room * (high - low), high + room * (high - low)]
}
