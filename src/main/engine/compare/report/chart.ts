import type { CompareLine } from '../../../../shared/comparisonLines.ts'
import { steps } from '../plots/axis.ts'
import { html, type Markup } from './html.ts'
import { colourOf, dashOf } from './style.ts'

const size = { width: 960, height: 320, left: 78, right: 176, top: 12, bottom: 40 }

/**
 * Curves over epochs with their bands, as an SVG. The vertical range is that of what follows the first twentieth, where losses
 * fall steeply.
 */
export function lineChart(lines: readonly CompareLine[], title: string, unit: string): Markup | null {
  const some = lines.filter(({ value }) => value.some(Number.isFinite))
  if (some.length === 0) return null
  const last = Math.max(...some.map(({ epoch }) => epoch.at(-1)!), 1e-9)
  const drawn = some.map((line) => (line.level ? alongAxis(line, last) : line))
  const later = drawn.flatMap((line) =>
    [...line.value, ...(line.low ?? []), ...(line.high ?? [])].filter(
      (value, index) => Number.isFinite(value) && line.epoch[index % line.epoch.length]! >= last / 20,
    ),
  )
  const all = later.length > 1 ? later : drawn.flatMap(({ value }) => [...value].filter(Number.isFinite))
  let low = least(all),
    high = most(all)
  if (low === high) [low, high] = [low - 1, high + 1]
  const margin = (high - low) * 0.05
  low -= margin
  high += margin
  const { width, height, left, right, top, bottom } = size
  const x = (value: number) => left + (value / last) * (width - left - right)
  const y = (value: number) => top + ((high - value) / (high - low)) * (height - top - bottom)
  const point = (line: CompareLine, column: Float64Array, index: number) =>
    `${x(line.epoch[index]!).toFixed(1)} ${y(Math.min(Math.max(column[index]!, low - 10 * margin), high + 10 * margin)).toFixed(1)}`

  const labels = spread(
    drawn.map((line) => y(line.value.findLast(Number.isFinite)!)),
    13,
    top,
    height - bottom,
  )
  return html`<figure><figcaption><span
    class="called">${title}</span>${
      drawn.some(({ low: band, pair }) => band !== null && !pair) && ': means over seeds, bands their 95% intervals'
    }${drawn.some(({ pair }) => pair) && ': of two seeds the mean, and the two as dots'}</figcaption>
    <svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title} by epoch">
<clipPath id="area"><rect x="${left}" y="${top}" width="${width - left - right}" height="${height - top - bottom}"/></clipPath>
${steps(low, high).map(
  ({ value, text }) => html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value).toFixed(1)}"
  y2="${y(value).toFixed(1)}"/><text x="${left - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${text}</text>`,
)}
${steps(0, last).map(
  ({ value, text }) => html`<text x="${x(value).toFixed(1)}" y="${height - bottom + 18}"
  text-anchor="middle">${text}</text>`,
)}
<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/><text
  x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">Epoch</text><text
    transform="translate(14 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${capitalised(unit)}</text>
<g clip-path="url(#area)">${drawn.map((line) => (line.pair ? pairDots(line, x, y) : bandPath(line, point)))}${drawn.map(
    (line) => html`<path
  d="${paths(line.value, (index) => point(line, line.value, index))}" fill="none" stroke="${colourOf(line.colour)}"
    stroke-width="1.5" stroke-dasharray="${dashOf(line.colour)}" stroke-linejoin="round"/>`,
  )}</g>
${drawn.map(
  (line, index) => html`<line x1="${width - right + 8}" x2="${width - right + 28}" y1="${labels[index]!.toFixed(1)}"
  y2="${labels[index]!.toFixed(1)}" stroke="${colourOf(line.colour)}" stroke-width="2" stroke-dasharray="${dashOf(line.colour)}"/>
    <text class="name" x="${width - right + 34}"
      y="${(labels[index]! + 4).toFixed(1)}"><title>${line.title}</title>${short(line.title, 24)}</text>`,
)}
</svg></figure>`
}

const capitalised = (text: string): string => text.replace(/^[a-z]/, (letter) => letter.toUpperCase())

/** What has no steps is a level to compare with. */
function alongAxis(line: CompareLine, last: number): CompareLine {
  const twice = (column: Float64Array | null) => column && Float64Array.of(column[0]!, column[0]!)
  return { ...line, epoch: Float64Array.of(0, last), value: twice(line.value)!, low: twice(line.low), high: twice(line.high) }
}

function bandPath(line: CompareLine, point: (line: CompareLine, column: Float64Array, index: number) => string): Markup | null {
  const { low, high } = line
  if (low === null || high === null) return null
  const pieces: string[] = []
  for (let start = 0; start < low.length; start++) {
    if (!Number.isFinite(low[start]!)) continue
    let end = start
    while (end + 1 < low.length && Number.isFinite(low[end + 1]!)) end++
    const indices = Array.from({ length: end - start + 1 }, (_, index) => start + index)
    pieces.push(
      `M${indices.map((index) => point(line, high, index)).join('L')}L${indices
        .reverse()
        .map((index) => point(line, low, index))
        .join('L')}Z`,
    )
    start = end
  }
  return html`<path d="${pieces.join('')}" fill="${colourOf(line.colour)}" opacity="0.15"/>`
}

/** The two seeds of a mean, as dots that are far enough apart to be seen as such. */
function pairDots(line: CompareLine, x: (value: number) => number, y: (value: number) => number): Markup[] {
  return [line.low!, line.high!].map((column) => {
    let edge = -Infinity
    const dots = Array.from(column).flatMap((value, index) => {
      const at = x(line.epoch[index]!)
      if (!Number.isFinite(value) || at < edge + 16) return []
      edge = at
      return html`<circle cx="${at.toFixed(1)}" cy="${y(value).toFixed(1)}" r="2"/>`
    })
    return html`<g fill="${colourOf(line.colour)}" opacity="0.7">${dots}</g>`
  })
}

/** Pieces of a line between its gaps. */
function paths(column: Float64Array, point: (index: number) => string): string {
  let path = ''
  let open = false
  column.forEach((value, index) => {
    if (Number.isFinite(value)) path += `${open ? 'L' : 'M'}${point(index)}`
    open = Number.isFinite(value)
  })
  return path
}

export interface ForestRow {
  title: string
  colour: number
  mean: number
  low: number
  high: number
  text: string
}

/** Differences with their intervals beside a line at zero. @param unit of the numbers, already scaled */
export function forest(rows: readonly ForestRow[], title: string): Markup | null {
  if (rows.length === 0) return null
  const row = 24,
    left = 260,
    right = 176,
    width = 960,
    top = 8,
    bottom = 32
  const height = top + rows.length * row + bottom
  const low = Math.min(0, ...rows.map((one) => one.low)),
    high = Math.max(0, ...rows.map((one) => one.high))
  const margin = (high - low || 1) * 0.05
  const x = (value: number) => left + ((value - low + margin) / (high - low + 2 * margin)) * (width - left - right)
  return html`<figure><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">
${steps(low - margin, high + margin).map(
  ({ value, text }) => html`<line class="grid" x1="${x(value).toFixed(1)}"
  x2="${x(value).toFixed(1)}" y1="${top}" y2="${height - bottom}"/><text x="${x(value).toFixed(1)}" y="${height - bottom + 16}"
    text-anchor="middle">${text}</text>`,
)}
<line class="axis" x1="${x(0).toFixed(1)}" x2="${x(0).toFixed(1)}" y1="${top}" y2="${height - bottom}"/>
${rows.map((one, index) => {
  const y = top + index * row + row / 2
  return html`<text class="name" x="${left - 12}" y="${y + 4}"
    text-anchor="end"><title>${one.title}</title>${short(one.title, 36)}</text><line x1="${x(one.low).toFixed(1)}"
      x2="${x(one.high).toFixed(1)}" y1="${y}" y2="${y}" stroke="${colourOf(one.colour)}" stroke-width="1.5"/><circle
        cx="${x(one.mean).toFixed(1)}" cy="${y}" r="3.5" fill="${colourOf(one.colour)}"/><text x="${width - right + 12}"
          y="${y + 4}">${one.text}</text>`
})}
</svg><figcaption>${title}</figcaption></figure>`
}

/**
 * A long name is cut; the whole stands in the tables. SVG has no element that keeps the direction of a name to itself, but there
 * are characters that do.
 */
function short(text: string, length: number): string {
  const characters = [...text]
  return `\u2068${characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`}\u2069`
}

/** Places as near to the wanted ones as they can be without coming closer than `gap`. */
function spread(wanted: readonly number[], gap: number, from: number, to: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!)
  const placed = [...wanted]
  let least = from
  for (const index of order) {
    placed[index] = Math.max(placed[index]!, least)
    least = placed[index]! + gap
  }
  let most = to
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index]!, most)
    most = placed[index]! - gap
  }
  return placed
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity)
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity)
