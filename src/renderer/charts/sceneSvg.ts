import type { Scene, Shape } from './scene.ts'

/** Escapes text for XML and leaves out what XML cannot hold. */
export const xmlText = (text: string): string =>
  text
    .replace(/(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, '')
    .replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!)

/** Hundredths of a pixel are enough for any print. */
const place = (value: number): string => String(Math.round(value * 100) / 100)

/**
 * A scene as an SVG file: the same shapes at the same places as on the canvas.
 * @param resolve turns any CSS colour, custom properties included, into one that a file can hold
 * @param font family
 * @param title what the picture shows, for those who do not see it
 */
export function sceneSvg(
  scene: Scene,
  { resolve, font, paper, title }: { resolve(colour: string): string; font: string; paper: string; title: string },
): string {
  let clips = 0
  const write = (shapes: readonly Shape[]): string =>
    shapes
      .map((shape): string => {
        if (shape.kind === 'clip') {
          const id = `clip${++clips}`
          return (
            `<clipPath id="${id}"><rect x="${place(shape.x)}" y="${place(shape.y)}" width="${place(shape.width)}" ` +
            `height="${place(shape.height)}"/></clipPath><g clip-path="url(#${id})">${write(shape.shapes)}</g>`
          )
        }
        const colour = xmlText(resolve(shape.colour))
        const faint =
          'opacity' in shape && shape.opacity !== undefined && shape.opacity < 1 ? ` opacity="${place(shape.opacity)}"` : ''
        if (shape.kind === 'line') {
          const data = pathOf(shape.points, false)
          const dash = shape.dash && shape.dash.length > 0 ? ` stroke-dasharray="${shape.dash.join(' ')}"` : ''
          return data === ''
            ? ''
            : `<path d="${data}" fill="none" stroke="${colour}" ` +
                `stroke-width="${place(shape.width)}" stroke-linejoin="round"${dash}${faint}/>`
        }
        if (shape.kind === 'area') {
          const data = pathOf(shape.points, true)
          return data === '' ? '' : `<path d="${data}" fill="${colour}"${faint}/>`
        }
        if (shape.kind === 'rect') {
          const paint =
            shape.border === undefined ? `fill="${colour}"` : `fill="none" stroke="${colour}" stroke-width="${place(shape.border)}"`
          return (
            `<rect x="${place(shape.x)}" y="${place(shape.y)}" width="${place(shape.width)}" ` +
            `height="${place(shape.height)}" ${paint}${faint}/>`
          )
        }
        if (shape.kind === 'dots') {
          const paint = shape.hollow ? `fill="none" stroke="${colour}"` : `fill="${colour}"`
          return `<g ${paint}${faint}>${dotsOf(shape)}</g>`
        }
        const anchor = { left: 'start', centre: 'middle', right: 'end' }[shape.align]
        const at = shape.turned
          ? `transform="translate(${place(shape.x)} ${place(shape.y)}) rotate(-90)"`
          : `x="${place(shape.x)}" y="${place(shape.y)}"`
        return (
          `<text ${at} fill="${colour}" font-size="${shape.size}"${shape.bold ? ' font-weight="600"' : ''} ` +
          `text-anchor="${anchor}" dominant-baseline="central">${xmlText(shape.text)}</text>`
        )
      })
      .join('\n')
  const body = write(scene.shapes)
  const [width, height] = [place(scene.width), place(scene.height)]
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${xmlText(font)}" role="img">
<title>${xmlText(title)}</title>
<rect width="100%" height="100%" fill="${xmlText(paper)}"/>
${body}
</svg>
`
}

function pathOf(points: ArrayLike<number>, closed: boolean): string {
  const parts: string[] = []
  let down = false
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i]!,
      y = points[i + 1]!
    if (Number.isNaN(x) || Number.isNaN(y)) {
      if (down && closed) parts.push('Z')
      down = false
      continue
    }
    parts.push(`${down ? 'L' : 'M'}${place(x)} ${place(y)}`)
    down = true
  }
  if (down && closed) parts.push('Z')
  return parts.join('')
}

function dotsOf({ points, radius, square }: Extract<Shape, { kind: 'dots' }>): string {
  const written: string[] = []
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i]!,
      y = points[i + 1]!
    if (Number.isNaN(x) || Number.isNaN(y)) continue
    written.push(
      square
        ? `<rect x="${place(x - radius)}" y="${place(y - radius)}" width="${place(2 * radius)}" height="${place(2 * radius)}"/>`
        : `<circle cx="${place(x)}" cy="${place(y)}" r="${place(radius)}"/>`,
    )
  }
  return written.join('')
}
