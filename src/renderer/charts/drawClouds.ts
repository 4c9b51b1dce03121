import { areaOf, heightOf, ticksBetween, toPixels, type Area, type Cloud, type Frame } from './plane.ts'
import type { ChartTheme } from './theme.ts'

interface Drawing {
  clouds: readonly Cloud[]
  frame: Frame
  joined: boolean
  width: number
  ratio: number
  theme: ChartTheme
}

/** Draws everything anew; with `joined` a line leads from each point of the first cloud to the same point of the second. */
export function drawClouds(canvas: HTMLCanvasElement, { clouds, frame, joined, width, ratio, theme }: Drawing): void {
  const area = areaOf(width),
    height = heightOf(width)
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
  const context = canvas.getContext('2d')!
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  drawAxes(context, area, frame, theme)
  context.save()
  context.beginPath()
  context.rect(area.left, area.top, area.side, area.side)
  context.clip()
  const [from, to] = clouds
  if (joined && from && to) drawJoins(context, area, frame, from.points, to.points, theme.resolve(to.colour, 0.45))
  const most = Math.max(1, ...clouds.map(({ points }) => points.length / 2))
  const radius = most <= 600 ? 2.5 : most <= 5000 ? 1.75 : 1.25
  for (const cloud of clouds)
    drawPoints(context, area, frame, cloud, radius, theme.resolve(cloud.colour, cloud.hollow || most <= 600 ? 1 : 0.7))
  context.restore()
}

function drawAxes(context: CanvasRenderingContext2D, { left, top, side }: Area, frame: Frame, theme: ChartTheme): void {
  context.font = `11px ${theme.font}`
  context.lineWidth = 1
  context.strokeStyle = theme.grid
  context.fillStyle = theme.quiet
  const write = (value: number) => String(Number(value.toPrecision(6))).replace('-', '−')
  for (const value of ticksBetween(frame.x - frame.half, frame.x + frame.half)) {
    const { x } = toPixels({ left, top, side }, frame, value, frame.y)
    line(context, Math.round(x) + 0.5, top, Math.round(x) + 0.5, top + side)
    context.textAlign = 'center'
    context.textBaseline = 'top'
    context.fillText(write(value), x, top + side + 6)
  }
  for (const value of ticksBetween(frame.y - frame.half, frame.y + frame.half)) {
    const { y } = toPixels({ left, top, side }, frame, frame.x, value)
    line(context, left, Math.round(y) + 0.5, left + side, Math.round(y) + 0.5)
    context.textAlign = 'right'
    context.textBaseline = 'middle'
    context.fillText(write(value), left - 6, y)
  }
}

function line(context: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  context.beginPath()
  context.moveTo(x, y)
  context.lineTo(toX, toY)
  context.stroke()
}

function drawJoins(
  context: CanvasRenderingContext2D,
  area: Area,
  frame: Frame,
  from: Float32Array,
  to: Float32Array,
  colour: string,
): void {
  context.strokeStyle = colour
  context.lineWidth = 1
  context.beginPath()
  for (let i = 0; i + 1 < Math.min(from.length, to.length); i += 2) {
    const a = toPixels(area, frame, from[i]!, from[i + 1]!),
      b = toPixels(area, frame, to[i]!, to[i + 1]!)
    context.moveTo(a.x, a.y)
    context.lineTo(b.x, b.y)
  }
  context.stroke()
}

function drawPoints(
  context: CanvasRenderingContext2D,
  area: Area,
  frame: Frame,
  { points, hollow = false, square = false }: Cloud,
  radius: number,
  colour: string,
): void {
  context.strokeStyle = colour
  context.fillStyle = colour
  context.lineWidth = 1
  context.beginPath()
  for (let i = 0; i + 1 < points.length; i += 2) {
    const { x, y } = toPixels(area, frame, points[i]!, points[i + 1]!)
    if (square) context.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius)
    else {
      context.moveTo(x + radius, y)
      context.arc(x, y, radius, 0, 2 * Math.PI)
    }
  }
  if (hollow) context.stroke()
  else context.fill()
}
