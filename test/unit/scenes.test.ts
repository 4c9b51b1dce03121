import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barAt, barScene } from '../../src/renderer/charts/barScene.ts'
import { captioned } from '../../src/renderer/charts/caption.ts'
import type { Curve } from '../../src/renderer/charts/curve.ts'
import { snapped } from '../../src/renderer/charts/curve.ts'
import { cellAt, heatScene } from '../../src/renderer/charts/heatScene.ts'
import { histogramScene } from '../../src/renderer/charts/histogramScene.ts'
import { lineScene, type LineState } from '../../src/renderer/charts/lineScene.ts'
import { inside, mapScene, nearestPlace } from '../../src/renderer/charts/mapScene.ts'
import { pannedBy, zoomedAt } from '../../src/renderer/charts/navigate.ts'
import { headingRows, inBrushes, nearestLine, parallelScene } from '../../src/renderer/charts/parallelScene.ts'
import { nearestDot, scatterScene, type ScatterPoint } from '../../src/renderer/charts/scatterScene.ts'
import { moved, shortened, type Scene, type Shape } from '../../src/renderer/charts/scene.ts'
import { sceneSvg, xmlText } from '../../src/renderer/charts/sceneSvg.ts'
import { linearTicks, logarithmicTicks, scale } from '../../src/renderer/charts/ticks.ts'
import { fileName } from '../../src/renderer/state/fileName.ts'

const measure = (text: string, size: number) => text.length * size * 0.6
const size = { width: 600, height: 300 }
/** All shapes, those in clips included. */
const flat = (shapes: readonly Shape[]): Shape[] =>
  shapes.flatMap((shape) => (shape.kind === 'clip' ? [shape, ...flat(shape.shapes)] : [shape]))
const texts = ({ shapes }: Scene): string[] => flat(shapes).flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
const finite = ({ shapes }: Scene): boolean =>
  flat(shapes).every((shape) => Object.values(shape).every((value) => typeof value !== 'number' || Number.isFinite(value)))
const hostile = '<img src=x onerror=alert(1)> & "קוד"\u202e \u0000'

const curve = (id: string, values: number[], more: Partial<Curve> = {}): Curve => ({
  id,
  label: id,
  colour: `var(--run-${id.length})`,
  x: Float64Array.from(values, (_, i) => i),
  y: Float64Array.from(values),
  ...more,
})
const lines = (curves: Curve[], more: Partial<LineState> = {}): LineState => ({
  curves,
  kind: 'step',
  yTitle: 'Loss (nats)',
  logarithmic: false,
  focus: false,
  labels: true,
  zoom: null,
  highlighted: null,
  ...more,
})

test('ticks are round, within the axis, and few enough', () => {
  assert.deepEqual(
    linearTicks(0, 1, 5).map(({ text }) => text),
    ['0', '0.2', '0.4', '0.6', '0.8', '1'],
  )
  assert.deepEqual(
    linearTicks(-3.2, 7.1, 6).map(({ value }) => value),
    [-2, 0, 2, 4, 6],
  )
  assert.deepEqual(
    linearTicks(0, 2.5, 8, true).map(({ value }) => value),
    [0, 1, 2],
  )
  assert.deepEqual(
    logarithmicTicks(1, 1e6, 4).map(({ value }) => value),
    [1, 100, 1e4, 1e6],
  )
  assert.deepEqual(
    logarithmicTicks(0.9, 12, 8).map(({ value }) => value),
    [1, 2, 5, 10],
  )
  assert.deepEqual(
    logarithmicTicks(71, 79, 8).map(({ value }) => value),
    [71, 72, 73, 74, 75, 76, 77, 78, 79],
  )
  assert.deepEqual(logarithmicTicks(0, 10, 5), [])
})

test('a scale goes there and back, logarithmic ones by factors', () => {
  for (const logarithmic of [false, true]) {
    const one = scale(1, 100, 40, 540, logarithmic)
    assert.equal(one.toPixel(1), 40)
    assert.equal(one.toPixel(100), 540)
    assert.ok(Math.abs(one.toValue(one.toPixel(7)) - 7) < 1e-9)
  }
  assert.ok(Math.abs(scale(1, 100, 0, 2, true).toPixel(10) - 1) < 1e-12)
})

test('zooming keeps what is under the pointer, panning stops at the ends, and everything is null', () => {
  const whole = { from: 0, to: 1000 },
    area = { left: 50, right: 550 }
  const x = scale(0, 1000, 50, 550)
  const closer = zoomedAt(x, area, whole, 300, 0.5)!
  assert.deepEqual(closer, { from: 250, to: 750 })
  assert.equal(zoomedAt(scale(250, 750, 50, 550), area, whole, 300, 4), null)
  const there = scale(250, 750, 50, 550)
  assert.deepEqual(pannedBy(there, area, whole, 100), { from: 150, to: 650 })
  assert.deepEqual(pannedBy(there, area, whole, 9999), { from: 0, to: 500 })
  assert.deepEqual(pannedBy(there, area, whole, -9999), { from: 500, to: 1000 })
  const wide = { from: 1, to: 1000 },
    log = scale(1, 1000, 50, 550, true)
  const half = zoomedAt(log, area, wide, 300, 0.5)!
  assert.ok(Math.abs(half.to / half.from - 1000 ** 0.5) < 1e-6, 'half as many powers of ten')
})

test('a line chart draws every curve within its area, with bands below the lines and names at the ends', () => {
  const band = { low: Float64Array.of(3, 2, 1), high: Float64Array.of(5, 4, 3) }
  const { scene, area, cut, labelled } = lineScene(lines([curve('aa', [4, 3, 2], band), curve('b', [9, 8, 7])]), size, measure)
  const clip = scene.shapes.find((shape) => shape.kind === 'clip')!
  assert.ok(clip.kind === 'clip' && clip.x >= area.left - 5 && clip.x + clip.width <= area.right + 5)
  assert.deepEqual(
    clip.shapes.map(({ kind }) => kind),
    ['area', 'line', 'dots', 'line', 'dots'],
  )
  assert.equal((clip.shapes[0] as { opacity: number }).opacity, 0.15)
  assert.ok(labelled && !cut)
  for (const name of ['aa', 'b', 'Loss (nats)', 'Step']) assert.ok(texts(scene).includes(name), name)
  assert.ok(finite(scene))
})

test('a smoothed line lies over what it was, in sight as a whole; two seeds are dots beside their mean, apart, without a band', () => {
  const shapesOf = (one: Curve) => {
    const plot = lineScene(lines([one]), size, measure)
    const clip = plot.scene.shapes.find((shape) => shape.kind === 'clip')!
    return { plot, shapes: clip.kind === 'clip' ? clip.shapes : [] }
  }
  const smooth = shapesOf(curve('a', [4, 4, 4], { original: Float64Array.of(2, 9, 1) }))
  const [below, above] = smooth.shapes.flatMap((shape) => (shape.kind === 'line' ? [shape] : []))
  assert.ok(below!.opacity! < 0.3 && above!.opacity === 1)
  const { top, bottom } = smooth.plot.area
  assert.ok(Array.from(below!.points).every((value, at) => at % 2 === 0 || (value >= top && value <= bottom)))

  const many = Array.from({ length: 500 }, () => 4)
  const pair = shapesOf(
    curve('a', many, { pair: true, low: Float64Array.from(many, () => 3), high: Float64Array.from(many, () => 5) }),
  )
  assert.ok(!pair.shapes.some(({ kind }) => kind === 'area'))
  const dots = pair.shapes.flatMap((shape) => (shape.kind === 'dots' ? [shape] : []))
  assert.equal(dots.length, 2)
  for (const { points } of dots)
    for (let at = 2; at < points.length; at += 2) assert.ok(points[at]! - points[at - 2]! >= 16, 'single dots')
  assert.ok(dots[0]!.points.length > 20)
})

test('what is brought forward is drawn last and strongest; what a choice left out is faint', () => {
  const data = (more: Partial<LineState>) =>
    (
      lineScene(lines([curve('a', [4, 3]), curve('bb', [9, 8]), curve('ccc', [1, 2])], more), size, measure).scene.shapes.find(
        (shape) => shape.kind === 'clip',
      ) as unknown as { shapes: Shape[] }
    ).shapes.flatMap((shape) => (shape.kind === 'line' ? [shape] : []))
  const forward = data({ highlighted: 'a' })
  assert.equal(forward.at(-1)!.colour, 'var(--run-1)')
  assert.ok(forward[0]!.opacity! < 0.3 && forward.at(-1)!.width > forward[0]!.width)
  const faint = data({ faint: new Set(['bb']) })
  assert.deepEqual(
    faint.map(({ opacity }) => opacity! < 0.3),
    [false, true, false],
  )
})

test('a logarithmic axis begins at the first step above 0, and a zoomed one draws nothing of elsewhere but its neighbours', () => {
  const values = Array.from({ length: 1001 }, (_, i) => 1 + i)
  const { x, scene } = lineScene(lines([curve('a', values)], { logarithmicX: true }), size, measure)
  assert.equal(x.from, 1)
  assert.ok(finite(scene))
  const zoomed = lineScene(lines([curve('a', values)], { zoom: { from: 400, to: 410 } }), size, measure)
  const line = flat(zoomed.scene.shapes).find((shape) => shape.kind === 'line' && shape.points.length > 10) as {
    points: ArrayLike<number>
  }
  assert.ok(line.points.length / 2 <= 14, `${line.points.length / 2} points`)
  assert.ok(zoomed.y.from > 390 && zoomed.y.to < 420, 'the vertical axis is that of what is seen')
})

test('an empty chart, one point, and a range that is not finite are drawn without a number that is none', () => {
  for (const curves of [[], [curve('a', [])], [curve('a', [3])], [curve('a', [NaN, NaN])], [curve('a', [Infinity, 2])]]) {
    for (const logarithmic of [false, true]) assert.ok(finite(lineScene(lines(curves, { logarithmic }), size, measure).scene))
  }
})

test('a crosshair snaps to what is in sight, before what is nearer and not', () => {
  const curves = [curve('a', [1, 2, 3, 4], { x: Float64Array.of(0, 10, 20, 30) })]
  assert.equal(snapped(curves, 14), 10)
  assert.equal(snapped(curves, 14, 12, 25), 10)
  assert.equal(snapped([...curves, curve('b', [1, 1], { x: Float64Array.of(0, 22) })], 14, 12, 25), 22)
  assert.equal(snapped([], 3), null)
})

test('an SVG holds every shape at its place, escapes what names hold, and is well-formed', () => {
  const scene: Scene = {
    width: 100,
    height: 50,
    shapes: [
      { kind: 'text', x: 5, y: 6, text: hostile, colour: 'var(--ink)', align: 'left', size: 11 },
      { kind: 'line', points: [0, 0, 10, 10.126, NaN, NaN, 20, 20, 30, 5], colour: 'var(--run-1)', width: 1.5, dash: [6, 3] },
      {
        kind: 'clip',
        x: 1,
        y: 2,
        width: 3,
        height: 4,
        shapes: [
          { kind: 'area', points: [0, 0, 5, 0, 5, 5], colour: 'red', opacity: 0.15 },
          { kind: 'dots', points: [1, 2, NaN, NaN, 3, 4], radius: 2, colour: 'red', hollow: true },
        ],
      },
      { kind: 'rect', x: 1, y: 1, width: 2, height: 2, colour: 'blue', border: 1 },
    ],
  }
  const svg = sceneSvg(scene, {
    resolve: (colour) => (colour === 'var(--ink)' ? '#111' : colour === 'var(--run-1)' ? '#2c93cf' : colour),
    font: 'A "B" <C>',
    paper: '#fff',
    title: hostile,
  })
  assert.ok(!svg.includes('<img') && !svg.includes('\u0000') && svg.includes('&lt;img src=x onerror=alert(1)&gt;'))
  assert.ok(
    svg.includes(
      '<path d="M0 0L10 10.13M20 20L30 5" fill="none" stroke="#2c93cf" ' +
        'stroke-width="1.5" stroke-linejoin="round" stroke-dasharray="6 3"/>',
    ),
  )
  assert.ok(svg.includes('<g clip-path="url(#clip1)"><path d="M0 0L5 0L5 5Z" fill="red" opacity="0.15"/>'))
  assert.equal(svg.match(/<circle/g)!.length, 2)
  assert.ok(svg.includes('fill="none" stroke="blue" stroke-width="1"'))
  const open = [...svg.matchAll(/<(\/?)([a-zA-Z]+)[^>]*?(\/?)>/g)].reduce(
    (depth, [, end, , self]) => depth + (end ? -1 : self ? 0 : 1),
    0,
  )
  assert.equal(open, 0)
  assert.equal(xmlText('a\ud800b\u0007'), 'ab')
})

test('a saved chart has its title and a key of all its lines, and nothing of it is lost', () => {
  const { scene } = lineScene(
    lines(
      Array.from({ length: 30 }, (_, i) => curve(`run ${i}`, [i, i + 1])),
      { labels: false },
    ),
    size,
    measure,
  )
  const key = Array.from({ length: 30 }, (_, i) => ({ label: `run ${i}`, colour: 'red' }))
  const whole = captioned(scene, { title: 'Loss of 30 runs', key }, measure)
  assert.ok(whole.width > scene.width && whole.height > scene.height)
  assert.deepEqual(
    ['Loss of 30 runs', 'run 0', 'run 29'].map((text) => texts(whole).includes(text)),
    [true, true, true],
  )
  assert.equal(flat(whole.shapes).length, flat(scene.shapes).length + 1 + 2 * key.length)
  const [at] = moved(
    [
      {
        kind: 'clip',
        x: 1,
        y: 1,
        width: 5,
        height: 5,
        shapes: [{ kind: 'line', points: [0, NaN, 2, 3], colour: 'red', width: 1 }],
      },
    ],
    10,
    20,
  )
  assert.ok(at?.kind === 'clip' && at.x === 11 && at.shapes[0]!.kind === 'line')
  assert.deepEqual(Array.from((at as unknown as { shapes: { points: Float64Array }[] }).shapes[0]!.points), [10, NaN, 12, 23])
})

test('a text is cut where there is no room, without half a character', () => {
  assert.equal(shortened('short', 100, measure), 'short')
  const cut = shortened('𝒜'.repeat(40), 80, measure)
  assert.ok(cut.endsWith('…') && measure(cut, 11) <= 80 && !/[\ud800-\udbff]…/.test(cut))
})

const axis = (key: string) => ({
  key,
  title: key,
  unit: '',
  better: 'lower' as const,
  ticks: [
    { place: 0, text: '0' },
    { place: 1, text: '1' },
  ],
})
const parallels = (places: (number | null)[][]) =>
  places.map((one, i) => ({ id: `line${i}`, title: `line ${i}`, colour: 'red', places: one, texts: one.map(String) }))

test('brushes on several axes choose what lies in all of them, and nothing without a value', () => {
  const axes = [axis('a'), axis('b'), axis('c')]
  const all = parallels([
    [0, 0.5, 1],
    [0.4, 0.5, null],
    [1, 0.9, 0],
  ])
  const chosen = (brushes: [string, number, number][]) =>
    all
      .filter((line) => inBrushes(line, axes, new Map(brushes.map(([key, low, high]) => [key, { low, high }]))))
      .map(({ id }) => id)
  assert.deepEqual(chosen([]), ['line0', 'line1', 'line2'])
  assert.deepEqual(chosen([['b', 0.4, 0.6]]), ['line0', 'line1'])
  assert.deepEqual(
    chosen([
      ['b', 0.4, 0.6],
      ['c', 0, 1],
    ]),
    ['line0'],
  )
  assert.deepEqual(chosen([['a', 0.6, 0.8]]), [])
})

test('a line is found where it is drawn, whatever it lacks, and values of the one in front are written', () => {
  const axes = [axis('a'), axis('b'), axis('c')]
  const all = parallels([
    [0, 1, 0],
    [1, 1, null],
  ])
  const plot = parallelScene(
    { axes, lines: all, brushes: new Map([['b', { low: 0.2, high: 0.8 }]]), faint: new Set(), highlighted: 'line1' },
    size,
    measure,
  )
  assert.ok(finite(plot.scene))
  const between = (one: number, two: number) => (plot.xs[one]! + plot.xs[two]!) / 2
  const y = (place: number) => plot.bottom - place * (plot.bottom - plot.top)
  assert.equal(nearestLine(all, plot, between(0, 1), y(0.5)), 'line0')
  assert.equal(nearestLine(all, plot, between(0, 1), y(1)), 'line1')
  assert.equal(nearestLine(all, plot, between(1, 2), (y(1) + plot.none) / 2), 'line1')
  assert.equal(nearestLine(all, plot, between(0, 1), y(0.1)), null)
  assert.ok(texts(plot.scene).filter((text) => text === '1').length >= 2)
})

test('dots lie where their values are, names beside them do not overlap, and the front goes in steps around what it dominates', () => {
  const point = (id: string, x: number, y: number): ScatterPoint => ({
    id,
    title: `a name that is long ${id}`,
    colour: 'red',
    x,
    y,
    xText: String(x),
    yText: String(y),
    xInterval: [x - 1, x + 1],
    yInterval: null,
    front: id !== 'c',
  })
  const points = [point('a', 10, 80), point('b', 12, 90), point('c', 30, 70)]
  const better = { title: 'Error', unit: '', better: 'lower' as const, logarithmic: false }
  const plot = scatterScene(
    {
      x: better,
      y: { ...better, title: 'Accuracy', better: 'higher' },
      points,
      front: [0, 1],
      faint: new Set(),
      highlighted: null,
    },
    size,
    measure,
  )
  assert.ok(finite(plot.scene))
  assert.equal(nearestDot(points, plot, plot.x.toPixel(12) + 3, plot.y.toPixel(90))!.id, 'b')
  assert.equal(nearestDot(points, plot, 2, 2), null)
  const steps = flat(plot.scene.shapes).find((shape) => shape.kind === 'line' && shape.dash) as unknown as { points: number[] }
  assert.deepEqual(
    steps.points.map(Math.round),
    [10, 80, 12, 80, 12, 90].map((value, i) => Math.round(i % 2 === 0 ? plot.x.toPixel(value) : plot.y.toPixel(value))),
  )
  const boxes = flat(plot.scene.shapes).flatMap((shape) =>
    shape.kind === 'text' && shape.text.includes('long')
      ? [{ left: shape.x, right: shape.x + measure(shape.text, 11), top: shape.y - 7, bottom: shape.y + 7 }]
      : [],
  )
  assert.equal(boxes.length, 3)
  boxes.forEach((one, i) =>
    boxes
      .slice(i + 1)
      .forEach((two) =>
        assert.ok(one.right <= two.left || two.right <= one.left || one.bottom <= two.top || two.bottom <= one.top),
      ),
  )
})

test(
  'intervals of dots stay inside the plot: wide ones, those without an end ' +
    'or of one seed, and those that a logarithmic axis has no place for',
  () => {
    const intervals: (readonly [number, number] | null)[] = [
      [1, 3],
      [-500, 900],
      null,
      [-Infinity, Infinity],
      [NaN, NaN],
      [2, 2],
      [0, 1e9],
      [-3, 5],
    ]
    for (const logarithmic of [false, true]) {
      const points = intervals.map((interval, at): ScatterPoint => ({
        id: String(at),
        title: '',
        colour: 'red',
        x: 2 + at,
        y: 2,
        xText: '',
        yText: '',
        xInterval: interval,
        yInterval: interval,
        front: false,
      }))
      const axis = { title: 'Error', unit: '', better: 'lower' as const, logarithmic }
      for (const shown of [points, ...points.map((point) => [point])]) {
        const { scene, area } = scatterScene(
          { x: axis, y: axis, points: shown, front: [], faint: new Set(), highlighted: null },
          size,
          measure,
        )
        const clip = scene.shapes.find((shape) => shape.kind === 'clip') as unknown as { shapes: typeof scene.shapes }
        const bars = clip.shapes.flatMap((shape) => (shape.kind === 'line' ? [Array.from(shape.points)] : []))
        const drawn = shown.filter(({ xInterval }) => xInterval && !xInterval.some(Number.isNaN))
        assert.equal(bars.length, 2 * drawn.length)
        for (const [x1, y1, x2, y2] of bars as [number, number, number, number][]) {
          for (const x of [x1, x2])
            assert.ok(x >= area.left - 0.01 && x <= area.right + 0.01, `${x} of ${area.left} to ${area.right}`)
          for (const y of [y1, y2]) assert.ok(y >= area.top - 0.01 && y <= area.bottom + 0.01)
        }
        // Ends that are finite have room before the edge, so that one sees them end.
        const wide = shown.find(({ xInterval }) => xInterval?.[1] === 900)
        if (wide && !logarithmic) assert.ok(bars.some(([x1]) => x1! > area.left + 1))
      }
    }
  },
)

test('a heat map has its first row at the bottom, marks the best, and finds the cell at a pixel', () => {
  const cell = (text: string, shade: number | null, best = false) => ({ text, shade, best, runs: shade === null ? [] : [text] })
  const cells = [
    [cell('1', 0), cell('2', 0.5)],
    [cell('3', null), cell('4', 1, true)],
  ]
  const plot = heatScene(
    {
      x: { title: 'Rate', values: ['0.1', '0.2'] },
      y: { title: 'Code', values: ['16', '32'] },
      cells,
      figure: 'Error',
      at: { row: 1, column: 0 },
      chosen: null,
    },
    size,
    measure,
  )
  assert.ok(finite(plot.scene))
  assert.deepEqual(cellAt(plot, plot.left + 1, plot.top + 1), { row: 1, column: 0 })
  assert.deepEqual(cellAt(plot, plot.left + plot.cellWidth + 1, plot.top + plot.cellHeight + 1), { row: 0, column: 1 })
  assert.equal(cellAt(plot, plot.left - 2, plot.top), null)
  assert.ok(texts(plot.scene).includes('◆ 4') && !texts(plot.scene).includes('3'))
})

test('a map keeps its proportions; a line drawn around points chooses those inside', () => {
  const state = {
    coordinates: Float32Array.of(0, 0, 10, 0, 0, 5, 10, 5),
    labels: Int32Array.of(0, 1, 0, -1),
    rows: Int32Array.of(7, 8, 9, 11),
    classes: [],
    selected: null,
    hovered: 9,
  }
  const { places, scene } = mapScene(state, { width: 220, height: 220 })
  assert.ok(finite(scene))
  const [x0, y0, x1, y1, x2, y2] = places as unknown as [number, number, number, number, number, number]
  assert.ok(Math.abs((x1 - x0) / 10 - (y0 - y2) / 5) < 1e-6 && y1 === y0 && x2 === x0 && y2 < y0)
  assert.equal(nearestPlace(places, x1 + 2, y1), 1)
  assert.equal(nearestPlace(places, 110, 110), -1)
  assert.deepEqual(inside(places, [x0 - 9, y2 - 9, x0 + 9, y2 - 9, x0 + 9, y0 + 9, x0 - 9, y0 + 9]), [0, 2])
  assert.deepEqual(inside(places, []), [])
})

/** The rectangles that are bars: those of the data's colour, drawn in full. */
const barsOf = ({ shapes }: Scene) =>
  shapes.flatMap((shape) => (shape.kind === 'rect' && shape.colour === 'red' && shape.opacity === undefined ? [shape] : []))
const close = (value: number, wanted: number, what: string) =>
  assert.ok(Math.abs(value - wanted) < 1e-9, `${what}: ${value}, not ${wanted}`)
/** Opened and closed in turn, with every attribute quoted and no sign left over. */
function wellFormed(svg: string): boolean {
  const open: string[] = []
  const rest = svg.replace(
    /<(\/?)([a-zA-Z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>/g,
    (_, end: string, name: string, attributes: string, alone: string) => {
      if (end) return attributes === '' && alone === '' && open.pop() === name ? '' : '<'
      if (!alone) open.push(name)
      return ''
    },
  )
  return open.length === 0 && !/[<>]/.test(rest) && !/&(?!(amp|lt|gt|quot);)/.test(rest)
}

test('bars of a histogram stand over their bins, as high as their share of all', () => {
  const edges = Float32Array.of(-2, -1, 0, 1, 2),
    total = Int32Array.of(100, 0, 250, 650)
  const { scene, left, right, bottom, mapTop } = histogramScene(
    { edges, total, counts: Int32Array.of(total[0]!, 0, 250, 650), units: 1, colour: 'red' },
    { width: 400, height: 240 },
    measure,
  )
  // The axis ends at a round number above 65%: places of its ticks say where a share lies.
  const labels = flat(scene.shapes).flatMap((shape) =>
    shape.kind === 'text' && shape.text.endsWith('%') ? [{ share: parseFloat(shape.text), y: shape.y }] : [],
  )
  const zero = labels.find(({ share }) => share === 0)!,
    highest = labels.reduce((best, one) => (one.share > best.share ? one : best))
  assert.ok(highest.share >= 65 && highest.share <= 100 && labels.length >= 3)
  close(zero.y, bottom, 'the axis begins at 0')
  const perShare = (zero.y - highest.y) / highest.share,
    wide = (right - left) / 4
  const bars = barsOf(scene)
  assert.deepEqual(
    bars.map(({ x, width }) => Math.floor((x + width / 2 - left) / wide)),
    [0, 2, 3],
    'an empty bin has no bar',
  )
  for (const [index, share, bin] of [
    [0, 10, 0],
    [1, 25, 2],
    [2, 65, 3],
  ] as const) {
    const { x, y, width, height } = bars[index]!
    close(height, share * perShare, 'height')
    close(y + height, bottom, 'foot')
    close(x + width / 2, left + (bin + 0.5) * wide, 'middle')
    close(width, 0.9 * wide, 'width')
  }
  const across = scene.shapes.flatMap((shape) => (shape.kind === 'text' && shape.align === 'centre' ? [shape] : []))
  assert.deepEqual(
    across.map(({ text }) => text),
    ['−2', '−1.5', '−1', '−0.5', '0', '0.5', '1', '1.5', '2'],
  )
  for (const { text, x, y } of across) {
    close(x, left + (Number(text.replace('−', '-')) + 2) * wide, `label ${text}`)
    assert.ok(y > bottom && y < mapTop, 'labels lie between the bars and the rows')
  }
  const svg = sceneSvg(captioned(scene, { title: hostile, key: [] }, measure), {
    resolve: (colour) => colour,
    font: 'sans',
    paper: '#fff',
    title: hostile,
  })
  assert.ok(wellFormed(svg) && !wellFormed(svg.replace('</title>', '')) && !wellFormed(svg.replace('<title>', '<title>a<b')))
  for (const { x, y, width, height } of bars) {
    const [placed, raised] = [x + 12, y + 38].map((value) => String(Math.round(value * 100) / 100))
    assert.ok(
      svg.includes(
        `<rect x="${placed}" y="${raised}" width="${Math.round(width * 100) / 100}" height="${Math.round(height * 100) / 100}"`,
      ),
      'the drawing has the same bars',
    )
  }
})

test('bars are drawn at any size, of nothing and of very many; those under the pointer are found', () => {
  const edges = Float32Array.of(-1, 0, 1)
  for (const [width, height] of [
    [40, 40],
    [250, 200],
    [2400, 600],
  ] as const) {
    for (const total of [Int32Array.of(0, 0), Int32Array.of(3, 1e9)]) {
      assert.ok(finite(histogramScene({ edges, total, counts: total, units: 1, colour: 'red' }, { width, height }, measure).scene))
    }
    for (const values of [[], [0], [1e-7], Array.from({ length: 3000 }, (_, i) => i)])
      assert.ok(finite(barScene({ values, colour: 'red', xTitle: 'Unit', yTitle: 'KL' }, { width, height }, measure).scene))
  }
  const plot = barScene(
    {
      values: [5, 50, 100],
      top: 100,
      colour: 'red',
      format: (value) => `${value}%`,
      xTitle: 'Unit',
      yTitle: 'Active in',
      ringed: [0],
      ground: { first: 1, last: 2 },
    },
    { width: 300, height: 112 },
    measure,
  )
  assert.deepEqual(texts(plot.scene).sort(), ['0%', '1', '100%', '2', '3', '50%', 'Active in', 'Unit'].sort())
  assert.deepEqual(
    barsOf(plot.scene).map(({ x, width }) => barAt(plot, x + width / 2)),
    [0, 1, 2],
  )
  assert.deepEqual([barAt(plot, plot.area.left - 1), barAt(plot, plot.area.right + 1)], [null, null])
  const [first] = plot.scene.shapes,
    wide = (plot.area.right - plot.area.left) / 3
  assert.ok(
    first?.kind === 'rect' &&
      first.colour === 'var(--paper-3)' &&
      Math.abs(first.x - plot.area.left - wide) < 1e-9 &&
      Math.abs(first.width - 2 * wide) < 1e-9,
    'the darker ground lies below the others',
  )
  assert.equal(plot.scene.shapes.filter(({ kind }) => kind === 'dots').length, 1)
})

test('very many units share the rows below a histogram', () => {
  const units = 500,
    counts = new Int32Array(units * 2).fill(3)
  const plot = histogramScene(
    { edges: Float32Array.of(-1, 0, 1), total: Int32Array.of(900, 2100), counts, units, colour: 'red' },
    { width: 300, height: 200 },
    measure,
  )
  assert.equal(barsOf(plot.scene).length, 2)
  assert.ok(plot.scene.shapes.length < 500 && finite(plot.scene))
})

test('file names are names everywhere', () => {
  assert.equal(fileName('Loss of a/b: <c>?.png'), 'Loss of a b c.png')
  assert.equal(fileName('\u202egnp.exe.svg'), 'gnp.exe.svg')
  assert.equal(fileName('///.csv'), 'workbench.csv')
  assert.ok(fileName(`${'x'.repeat(500)}.png`).length <= 104)
})

test('the name of an axis is broken by words and keeps its arrow, whatever the room is', () => {
  const axis = { key: 'psnr', title: 'Peak signal-to-noise ratio', unit: 'dB', better: 'higher' as const, ticks: [] }
  assert.deepEqual(
    headingRows(axis, 80, measure),
    ['Peak signal-', 'to-noise', 'ratio (dB)\u00a0↑'].map((row) => row),
  )
  for (let room = 30; room < 300; room += 7) {
    const rows = headingRows(axis, room, measure)
    assert.ok(rows.length <= 4 && rows.at(-1)!.endsWith('\u00a0↑') && rows.at(-1)!.length > 2, `${room}: ${rows.join(' / ')}`)
    assert.ok(rows.every((row) => measure(row, 11) <= room))
  }
})
