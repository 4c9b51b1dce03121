import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

type Triple = [number, number, number]

const times = (matrix: readonly Triple[], [a, b, c]: Triple): Triple => matrix.map(([x, y, z]) => x * a + y * b + z * c) as Triple
const linear = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
const linearOf = (hex: string): Triple => [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255)) as Triple

/** Linear sRGB in CIELAB, at the white of D65. */
function lab(rgb: Triple): Triple {
  const [x, y, z] = times(
    [
      [0.4124564, 0.3575761, 0.1804375],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339, 0.119192, 0.9503041],
    ],
    rgb,
  )
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116)
  const [fx, fy, fz] = [f(x / 0.95047), f(y), f(z / 1.08883)]
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** CIEDE2000 of two colours in CIELAB. */
function difference([L1, a1, b1]: Triple, [L2, a2, b2]: Triple): number {
  const mean7 = ((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7
  const g = 1.5 - 0.5 * Math.sqrt(mean7 / (mean7 + 25 ** 7))
  const [c1, c2] = [Math.hypot(g * a1, b1), Math.hypot(g * a2, b2)]
  const hue = (a: number, b: number): number => (a === 0 && b === 0 ? 0 : ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360)
  const [h1, h2] = [hue(g * a1, b1), hue(g * a2, b2)]
  const turn = c1 * c2 === 0 ? 0 : ((h2 - h1 + 540) % 360) - 180
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin(radians(turn / 2))
  const c = (c1 + c2) / 2
  const apart = Math.abs(h1 - h2) > 180
  const h = c1 * c2 === 0 ? h1 + h2 : apart ? (h1 + h2 + (h1 + h2 < 360 ? 360 : -360)) / 2 : (h1 + h2) / 2
  const cosine = (degrees: number): number => Math.cos(radians(degrees))
  const t = 1 - 0.17 * cosine(h - 30) + 0.24 * cosine(2 * h) + 0.32 * cosine(3 * h + 6) - 0.2 * cosine(4 * h - 63)
  const l50 = ((L1 + L2) / 2 - 50) ** 2
  const [sL, sC, sH] = [1 + (0.015 * l50) / Math.sqrt(20 + l50), 1 + 0.045 * c, 1 + 0.015 * c * t]
  const rotation = -Math.sin(radians(60 * Math.exp(-(((h - 275) / 25) ** 2)))) * 2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7))
  const [l, k, m] = [(L2 - L1) / sL, (c2 - c1) / sC, dH / sH]
  return Math.sqrt(l * l + k * k + m * m + rotation * k * m)
}

/** Machado, Oliveira and Fernandes 2009, at full severity: linear sRGB as it is seen without one kind of cones. */
const blindness: Record<string, readonly Triple[]> = {
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}
const seenBy = (matrix: readonly Triple[], rgb: Triple): Triple =>
  times(matrix, rgb).map((value) => Math.min(1, Math.max(0, value))) as Triple

const luminance = (rgb: Triple): number => times([[0.2126, 0.7152, 0.0722]], rgb)[0]
function contrast(one: Triple, other: Triple): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light! + 0.05) / (dark! + 0.05)
}

/** The least CIEDE2000 among the first so many classes: for anybody, and without one kind of cones. */
const least: readonly { classes: number; usual: number; blind: number }[] = [
  { classes: 2, usual: 45, blind: 25 },
  { classes: 4, usual: 35, blind: 20 },
  { classes: 6, usual: 20, blind: 13 },
  { classes: 10, usual: 18, blind: 10 },
]

test('the difference of colours is that of Sharma, Wu and Dalal 2005', () => {
  const pairs: [Triple, Triple, number][] = [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, 0, 0], [50, -1, 2], 2.3669],
    [[50, 2.49, -0.001], [50, -2.49, 0.0011], 7.2195],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
    [[22.7233, 20.0904, -46.694], [23.0331, 14.973, -42.5619], 2.0373],
    [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
  ]
  for (const [one, other, expected] of pairs) {
    assert.ok(Math.abs(difference(one, other) - expected) < 1e-4, `${difference(one, other)} for ${expected}`)
    assert.ok(Math.abs(difference(other, one) - expected) < 1e-4)
  }
})

for (const [index, theme] of readFileSync(new URL('../../src/renderer/styles/tokens.css', import.meta.url), 'utf8')
  .split('[data-theme=')
  .entries()) {
  const name = index === 0 ? 'light' : 'dark'
  const colours = (of: string): Triple[] =>
    [...theme.matchAll(new RegExp(`--${of}-\\d: (#\\w{6})`, 'g'))].map(([, hex]) => linearOf(hex!))

  test(`colours of classes differ from each other, also for the colour-blind, from runs’ and from the paper: ${name}`, () => {
    const [classes, runs] = [colours('class'), colours('run')]
    assert.deepEqual([classes.length, runs.length], [10, 8])
    const paper = linearOf(/--paper: (#\w{6})/.exec(theme)![1]!)
    for (const one of classes) {
      assert.ok(contrast(one, paper) >= 3, 'seen on paper')
      for (const run of runs) assert.ok(difference(lab(one), lab(run)) >= 5, 'no run has it')
    }
    for (const { classes: count, usual, blind } of least) {
      const some = classes.slice(0, count)
      const closest = (seen: readonly Triple[]): number =>
        Math.min(...seen.flatMap((one, at) => seen.slice(0, at).map((other) => difference(lab(one), lab(other)))))
      assert.ok(closest(some) >= usual, `${count} classes: ${closest(some)}`)
      for (const [kind, matrix] of Object.entries(blindness)) {
        const seen = some.map((one) => seenBy(matrix, one))
        assert.ok(closest(seen) >= blind, `${count} classes, ${kind}: ${closest(seen)}`)
      }
    }
  })
}
