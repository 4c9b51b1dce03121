import { fontSize, type Measure, type Shape } from './scene.ts'

/** What a drawing says before it draws; kept by `save`. */
interface Pen {
  fillStyle: string
  strokeStyle: string
  lineWidth: number
  textAlign: string
  x: number
  y: number
  turned: boolean
}

/**
 * The part of a canvas's 2D context that axes and bars of Chart.js draw with, taken down as shapes. Needs no page. Colours stay
 * as they were given, texts have the one size of our charts and are drawn by their middle. What is clipped is laid out to fit,
 * so clips are left out.
 */
export class RecordingContext implements Pen {
  readonly shapes: Shape[] = []
  readonly canvas: { width: number; height: number; getContext(): RecordingContext }
  fillStyle = ''
  strokeStyle = ''
  lineWidth = 1
  textAlign = 'left'
  x = 0
  y = 0
  turned = false
  private readonly kept: Pen[] = []
  private readonly measure: Measure
  private points: number[] = []
  private rects: { x: number; y: number; width: number; height: number }[] = []

  constructor(width: number, height: number, measure: Measure) {
    this.canvas = { width, height, getContext: () => this }
    this.measure = measure
  }

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, textAlign, x, y, turned } = this
    this.kept.push({ fillStyle, strokeStyle, lineWidth, textAlign, x, y, turned })
  }
  restore(): void {
    Object.assign(this, this.kept.pop())
  }
  translate(x: number, y: number): void {
    this.x += x
    this.y += y
  }
  rotate(angle: number): void {
    this.turned = angle !== 0
  }
  measureText(text: string): { width: number } {
    return { width: this.measure(text, fontSize) }
  }
  beginPath(): void {
    this.points = []
    this.rects = []
  }
  moveTo(x: number, y: number): void {
    this.points.push(...(this.points.length > 0 ? [NaN, NaN] : []), x, y)
  }
  lineTo(x: number, y: number): void {
    this.points.push(x, y)
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.rects.push({ x, y, width, height })
  }
  stroke(): void {
    this.shapes.push({ kind: 'line', points: this.points, colour: this.strokeStyle, width: this.lineWidth })
  }
  fill(): void {
    for (const rect of this.rects)
      if (rect.width > 0 && rect.height > 0) this.shapes.push({ kind: 'rect', ...rect, colour: this.fillStyle })
  }
  fillText(text: string, x: number, y: number): void {
    const align = this.textAlign === 'left' || this.textAlign === 'right' ? this.textAlign : 'centre'
    this.shapes.push({
      kind: 'text',
      x: this.x + x,
      y: this.y + y,
      text,
      colour: this.fillStyle,
      align,
      size: fontSize,
      ...(this.turned ? { turned: true } : {}),
    })
  }
  // One pixel of a scene is one of Chart.js, and nothing was drawn before; lines of axes and bars are whole.
  clip(): void {}
  clearRect(): void {}
  setTransform(): void {}
  resetTransform(): void {}
  setLineDash(): void {}
}
