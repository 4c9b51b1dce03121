import type { Measure, Scene, Shape } from './scene.ts'
import type { ChartTheme } from './theme.ts'

/** A canvas made as large as its place needs, and empty; its unit is a CSS pixel. `ratio`: device pixels a CSS pixel. */
export function clearedContext(
  canvas: HTMLCanvasElement,
  size: { width: number; height: number },
  ratio: number,
): CanvasRenderingContext2D | null {
  const width = Math.round(size.width * ratio),
    height = Math.round(size.height * ratio)
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d')
  context?.setTransform(ratio, 0, 0, ratio, 0, 0)
  context?.clearRect(0, 0, size.width, size.height)
  return context
}

/** Puts a scene on a canvas, anew. `ratio`: device pixels a CSS pixel. `paper`: on a ground of this colour instead of none. */
export function paintScene(canvas: HTMLCanvasElement, scene: Scene, theme: ChartTheme, ratio: number, paper?: string): void {
  const context = clearedContext(canvas, scene, ratio)
  if (!context) return
  if (paper !== undefined) {
    context.fillStyle = paper
    context.fillRect(0, 0, scene.width, scene.height)
  }
  paintShapes(context, scene.shapes, theme)
}

/** Puts shapes on a canvas whose unit is a CSS pixel, above what is there. */
export function paintShapes(context: CanvasRenderingContext2D, shapes: readonly Shape[], theme: ChartTheme): void {
  for (const shape of shapes) {
    if (shape.kind === 'clip') {
      context.save()
      context.beginPath()
      context.rect(shape.x, shape.y, shape.width, shape.height)
      context.clip()
      paintShapes(context, shape.shapes, theme)
      context.restore()
      continue
    }
    context.globalAlpha = 'opacity' in shape ? (shape.opacity ?? 1) : 1
    const colour = theme.resolve(shape.colour)
    if (shape.kind === 'line') {
      context.strokeStyle = colour
      context.lineWidth = shape.width
      // Round joins of thousands of points a line cost most of the time, and nobody sees them.
      context.lineJoin = shape.points.length > 800 ? 'bevel' : 'round'
      context.setLineDash([...(shape.dash ?? [])])
      trace(context, shape.points)
      context.stroke()
      context.setLineDash([])
    } else if (shape.kind === 'area') {
      context.fillStyle = colour
      trace(context, shape.points)
      context.fill()
    } else if (shape.kind === 'rect') {
      if (shape.border === undefined) {
        context.fillStyle = colour
        context.fillRect(shape.x, shape.y, shape.width, shape.height)
      } else {
        context.strokeStyle = colour
        context.lineWidth = shape.border
        context.strokeRect(shape.x, shape.y, shape.width, shape.height)
      }
    } else if (shape.kind === 'dots') dots(context, shape, colour)
    else {
      context.fillStyle = colour
      context.font = fontOf(theme, shape.size, shape.bold)
      context.textBaseline = 'middle'
      context.textAlign = shape.align === 'centre' ? 'center' : shape.align
      if (shape.turned) {
        context.save()
        context.translate(shape.x, shape.y)
        context.rotate(-Math.PI / 2)
        context.fillText(shape.text, 0, 0)
        context.restore()
      } else context.fillText(shape.text, shape.x, shape.y)
    }
  }
  context.globalAlpha = 1
}

function trace(context: CanvasRenderingContext2D, points: ArrayLike<number>): void {
  context.beginPath()
  let down = false
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i]!,
      y = points[i + 1]!
    if (Number.isNaN(x) || Number.isNaN(y)) down = false
    else if (down) context.lineTo(x, y)
    else {
      context.moveTo(x, y)
      down = true
    }
  }
}

function dots(
  context: CanvasRenderingContext2D,
  { points, radius, hollow, square }: Extract<Shape, { kind: 'dots' }>,
  colour: string,
): void {
  context.beginPath()
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i]!,
      y = points[i + 1]!
    if (Number.isNaN(x) || Number.isNaN(y)) continue
    if (square) context.rect(x - radius, y - radius, 2 * radius, 2 * radius)
    else {
      context.moveTo(x + radius, y)
      context.arc(x, y, radius, 0, 2 * Math.PI)
    }
  }
  context.strokeStyle = colour
  context.fillStyle = colour
  context.lineWidth = 1
  if (hollow) context.stroke()
  else context.fill()
}

const fontOf = (theme: Pick<ChartTheme, 'font'>, size: number, bold = false): string =>
  `${bold ? '600 ' : ''}${size}px ${theme.font}`

const measuring = new Map<string, Measure>()

/** Measures texts as a canvas with this theme writes them; remembers what it has measured. */
export function measureIn(theme: Pick<ChartTheme, 'font'>): Measure {
  let measure = measuring.get(theme.font)
  if (measure) return measure
  const context = document.createElement('canvas').getContext('2d')
  const known = new Map<string, number>()
  measure = (text, size, bold = false) => {
    const key = `${size}${bold ? 'b' : ''} ${text}`
    let width = known.get(key)
    if (width === undefined) {
      if (context) context.font = fontOf(theme, size, bold)
      width = context?.measureText(text).width ?? text.length * size * 0.55
      if (known.size > 5000) known.clear()
      known.set(key, width)
    }
    return width
  }
  measuring.set(theme.font, measure)
  return measure
}
