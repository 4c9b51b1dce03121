import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { completePath } from '../../src/main/engine/data/complete.ts'
import { importDataset, type ImportRequest } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { openDataset, rowPaths } from '../../src/main/engine/data/open.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { paintLeaves } from '../../src/main/engine/data/sets/deadLeaves.ts'
import { circle, moons, planePoints, spiral, swissRoll } from '../../src/main/engine/data/sets/plane.ts'
import { ownSets } from '../../src/main/engine/data/sets/registry.ts'
import type { PlaneSet } from '../../src/main/engine/data/sets/set.ts'
import { direction, logarithm, normals, uniform } from '../../src/main/engine/data/reals.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

const add = (t: TestContext, path: string, more: Partial<ImportRequest> = {}) => {
  const folder = join(temporaryFolder(t), 'dataset')
  return importDataset({ id: 'one', name: 'one', path, fit: 'crop', folder, ...more }).then((dataset) => ({ folder, ...dataset }))
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: readonly number[]): number => {
  const middle = mean(values)
  return mean(values.map((value) => (value - middle) ** 2))
}
const near = (value: number, wanted: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(value - wanted) <= tolerance, `${what}: ${value}, not ${wanted} +- ${tolerance}`)

/** Fingerprints of the sets as they are by default: the same on every machine and in every version. */
const fingerprints: Record<string, string> = {
  random: 'cf463cda432df7b230f9b0bc729d3b31b6803733fdc3a198bf7d383a9ebdb323',
  deadLeaves: '5bc2266de74e350df417cbb6d8a5415d3612df65e81e9badd571453ac26d3d7f',
  sprites: '07ca9f67a84697f339c2ade73744b28ea07bb59b3d70b117865048fbeffd63a8',
  lines: 'da81c9a79d8bc77d9015aefdd198f1ca94e2ad3fa28662a86e5be531bfd7701f',
  moons: 'd7e7e887511423cb60e75afb4442b20df8bb1c97a8670e369135576a2e579345',
  spiral: '530a35037ac13d597d2dc63e375d8215250b48bbb5dee6a0b896ee801f141648',
  circle: '8737c54259801fe02707e4487ae5b895ca0871c3fbfd1919707253d43098cf31',
  swissRoll: '18ef43e6d5289bd069379a18d87c9dffd4fe351bd76b457d2b878c2fadfdc7d6',
}

for (const set of ownSets) {
  if (set.kind === 'files') continue
  const { name } = set
  test(`${name}: its fingerprint, shape and split`, async (t) => {
    const made = await add(t, name)
    assert.equal(made.sha256, fingerprints[name])
    assert.deepEqual(
      [made.count, made.testCount, made.source, made.duplicates, made.skippedCount],
      [set.count, Math.round(0.15 * set.count), name, 0, 0],
    )
    assert.deepEqual(
      [made.kind, made.width, made.height, made.channels],
      set.kind === 'image' ? ['image', set.side, set.side, set.channels] : ['vector', 2, 1, 1],
    )
    assert.deepEqual(made.classes, [...set.classes])
    const dataset = openDataset(made.folder)
    for (const index of made.classes.keys())
      assert.equal(dataset.test.filter((row) => dataset.labels![row] === index).length, made.testCount / made.classes.length)
    assert.equal(rowPaths(made.folder, [3])[0]!.split(' ')[0], `${name}#3`)
    dataset.close()
  })
}

test('points of the plane are standardised', async (t) => {
  for (const [name, count] of [
    ['moons', 2000],
    ['swissRoll', 301],
  ] as const) {
    const { folder } = await add(t, name, { count, seed: 5 })
    const dataset = openDataset(folder),
      values = new Float32Array(2 * count)
    dataset.gather(
      Uint32Array.from({ length: count }, (_, row) => row),
      values,
    )
    dataset.close()
    for (const column of [0, 1]) {
      const inputs = [...values].filter((_, i) => i % 2 === column)
      near(mean(inputs), 0, 1e-6, `mean of ${name}`)
      near(variance(inputs), 1, 1e-6, `variance of ${name}`)
    }
  }
})

/** The curves as the literature has them, by their parameter in [0, 1], over which the points are spread evenly. */
const curves: { set: PlaneSet; sigma: number; arms: ((u: number) => [number, number])[] }[] = [
  {
    set: moons,
    sigma: 0.1,
    arms: [(u) => [Math.cos(Math.PI * u), Math.sin(Math.PI * u)], (u) => [1 - Math.cos(Math.PI * u), 0.5 - Math.sin(Math.PI * u)]],
  },
  { set: circle, sigma: 0.1, arms: [(u) => [Math.cos(2 * Math.PI * u), Math.sin(2 * Math.PI * u)]] },
  {
    set: spiral,
    sigma: 0.25,
    arms: [1, -1].map((sign) => (u: number) => {
      const t = 3 * Math.PI * Math.sqrt(u)
      return [sign * t * Math.cos(t), sign * t * Math.sin(t)]
    }),
  },
  {
    set: swissRoll,
    sigma: 0.25,
    arms: [
      (u) => {
        const t = 1.5 * Math.PI * (1 + 2 * u)
        return [t * Math.cos(t), t * Math.sin(t)]
      },
    ],
  },
]
for (const { set, sigma, arms } of curves) {
  test(`${set.name}: points lie along its curve, evenly, with the noise that is stated`, () => {
    const count = 2000
    const { points, labels } = planePoints(set, count, 1)
    for (const [arm, curve] of arms.entries()) {
      const places = Array.from({ length: 1001 }, (_, i) => ({ u: i / 1000, at: curve(i / 1000) }))
      const distances: number[] = [],
        parameters: number[] = []
      for (let i = 0; i < count; i++) {
        if (arms.length > 1 && labels[i] !== arm) continue
        let best = Infinity,
          where = 0
        for (const {
          u,
          at: [x, y],
        } of places) {
          const distance = (points[2 * i]! - x) ** 2 + (points[2 * i + 1]! - y) ** 2
          if (distance < best) {
            best = distance
            where = u
          }
        }
        distances.push(best)
        parameters.push(where)
      }
      assert.equal(distances.length, count / arms.length)
      near(Math.sqrt(mean(distances)), sigma, 0.07 * sigma, 'distance from the curve')
      near(mean(parameters), 0.5, 0.02, 'mean place on the curve')
      near(variance(parameters), 1 / 12, 0.006, 'spread along the curve')
    }
    if (arms.length === 1) assert.deepEqual(new Set(labels), new Set([-1]))
    // Any part of the file is a sample of the whole.
    near(mean([...points.subarray(0, 600)]), mean([...points]), 0.1 * Math.sqrt(variance([...points])), 'mean of the first rows')
  })
}

test('circle: the radius is that of a noisy circle', () => {
  const { points } = planePoints(circle, 10_000, 3)
  const radii = Array.from({ length: 10_000 }, (_, i) => Math.hypot(points[2 * i]!, points[2 * i + 1]!))
  // Rice's distribution for radius 1 and sigma 0.1.
  near(mean(radii.map((radius) => radius ** 2)), 1 + 2 * 0.1 ** 2, 0.01, 'mean squared radius')
  near(mean(radii), 1 + 0.1 ** 2 / 2, 0.005, 'mean radius')
  near(Math.sqrt(variance(radii)), 0.1, 0.004, 'deviation of the radius')
})

test('random: bytes are uniform and independent of their neighbours; size, channels, count and seed are obeyed', async (t) => {
  const made = await add(t, 'random', { width: 16, height: 8, channels: 3, count: 1000, seed: 9 })
  assert.deepEqual(
    [made.width, made.height, made.channels, made.count, made.testCount, made.source],
    [16, 8, 3, 1000, 150, 'random, seed 9'],
  )
  const dataset = openDataset(made.folder),
    bytes = new Uint8Array(1000 * 16 * 8 * 3)
  dataset.gather(
    Uint32Array.from({ length: 1000 }, (_, row) => row),
    bytes,
  )
  dataset.close()
  const histogram = new Float64Array(256)
  for (const byte of bytes) histogram[byte]!++
  const expected = bytes.length / 256
  const chiSquare = [...histogram].reduce((sum, times) => sum + (times - expected) ** 2 / expected, 0)
  near(chiSquare, 255, 4 * Math.sqrt(2 * 255), 'chi square of the bytes')
  for (const lag of [1, 3, 48, 384]) {
    let sum = 0
    for (let i = lag; i < bytes.length; i++) sum += (bytes[i]! - 127.5) * (bytes[i - lag]! - 127.5)
    near(sum / bytes.length / ((256 ** 2 - 1) / 12), 0, 4 / Math.sqrt(bytes.length), `correlation at a distance of ${lag}`)
  }
  // The same rows whatever the size of the blocks in which they were written: a longer set begins with the shorter one.
  const longer = await add(t, 'random', { width: 16, height: 8, channels: 3, count: 4000, seed: 9 })
  const other = openDataset(longer.folder),
    first = new Uint8Array(bytes.length)
  other.gather(
    Uint32Array.from({ length: 1000 }, (_, row) => row),
    first,
  )
  other.close()
  assert.ok(Buffer.from(first).equals(Buffer.from(bytes)))
})

/** Share of an image's pairs of neighbours at a distance that are of one shade. */
function sameShade(pixels: Uint8Array, side: number, distance: number): number {
  let same = 0
  for (let y = 0; y < side; y++)
    for (let x = 0; x + distance < side; x++) {
      if (pixels[y * side + x] === pixels[y * side + x + distance]) same++
      if (pixels[x * side + y] === pixels[(x + distance) * side + y]) same++
    }
  return same / (2 * side * (side - distance))
}

test('dead leaves: two pixels are of one leaf as often as the theory says', () => {
  // Two points at distance d are of one leaf with probability A(d) / (2 A(0) - A(d)), A(d) being the mean area in which a leaf
  // and itself, moved by
  // d, overlap: of the leaves that hit either point, the topmost hits both. Radii from 2 to 64 with the density r^-3, integrated
  // over u = r^-2, which is uniform.
  const overlap = (distance: number): number => {
    let sum = 0
    const steps = 200_000
    for (let i = 0; i < steps; i++) {
      const r = 1 / Math.sqrt(1 / 64 ** 2 + ((i + 0.5) / steps) * (1 / 2 ** 2 - 1 / 64 ** 2)),
        half = distance / 2
      if (half < r) sum += 2 * (r * r * Math.acos(half / r) - half * Math.sqrt(r * r - half * half))
    }
    return sum / steps
  }
  const side = 96,
    count = 120,
    distances = [1, 2, 3, 5, 8, 16, 32, 64]
  const found = distances.map(() => 0),
    histogram = new Float64Array(4)
  for (let image = 0; image < count; image++) {
    const pixels = new Uint8Array(side * side)
    for (const _ of paintLeaves(pixels, side, side, 1, 3, image));
    distances.forEach((distance, i) => {
      found[i]! += sameShade(pixels, side, distance) / count
    })
    for (const value of pixels) histogram[value >> 6]! += 1 / (count * side * side)
  }
  distances.forEach((distance, i) => {
    const together = overlap(distance) / (2 * overlap(0) - overlap(distance))
    near(found[i]!, together + (1 - together) / 256, 0.02, `pairs of one shade at a distance of ${distance}`)
  })
  for (const [quarter, share] of histogram.entries()) near(share, 0.25, 0.05, `shades in quarter ${quarter}`)
})

test('dead leaves: image, seed, size and channels are obeyed, and images do not depend on how many there are', async (t) => {
  const made = await add(t, 'deadLeaves', { width: 40, height: 24, channels: 3, count: 12, seed: 9 })
  assert.deepEqual(
    [made.width, made.height, made.channels, made.count, made.testCount, made.source],
    [40, 24, 3, 12, 2, 'deadLeaves, seed 9'],
  )
  const dataset = openDataset(made.folder),
    row = new Uint8Array(dataset.rowSize),
    alone = new Uint8Array(dataset.rowSize)
  dataset.gather([7], row)
  dataset.close()
  for (const _ of paintLeaves(alone, 40, 24, 3, 9, 7));
  assert.deepEqual(row, alone)
  assert.ok(
    row.some((value, i) => i % 3 > 0 && value !== row[i - 1]),
    'leaves have colours',
  )
})

test('a set is a function of name, count and seed', async (t) => {
  const shas = await Promise.all(
    [{}, { seed: 1, count: 2000 }, { seed: 2 }, { count: 1000 }].map(async (more) => (await add(t, 'moons', more)).sha256),
  )
  assert.equal(shas[0], shas[1])
  assert.equal(new Set(shas).size, 3)
  assert.equal((await add(t, ' moons ')).sha256, shas[0])
})

test('what does not fit the source is refused with its field, and nothing is left', async (t) => {
  const folder = temporaryFolder(t)
  const attempts: [Partial<ImportRequest>, string, string][] = [
    [{ path: folder, count: 5 }, 'CALL_INVALID', 'count'],
    [{ path: 'mnist', seed: 5 }, 'CALL_INVALID', 'seed'],
    [{ path: 'moons', width: 28, height: 28 }, 'IMAGE_SIZE', 'width'],
    [{ path: 'circle', channels: 1 }, 'IMAGE_SIZE', 'channels'],
    [{ path: 'spiral', testPath: folder }, 'CALL_INVALID', 'testPath'],
    [{ path: 'random', testPath: folder }, 'CALL_INVALID', 'testPath'],
    [{ path: 'moons', count: 2 }, 'DATASET_TOO_SMALL', 'path'],
  ]
  for (const [more, code, field] of attempts) {
    const target = join(folder, 'made')
    await assert.rejects(
      importDataset({ id: 'x', name: 'x', path: '', fit: 'crop', folder: target, ...more }),
      (error: { code: string; field?: string }) => {
        assert.deepEqual([error.code, error.field ?? ''], [code, field], String(error))
        return true
      },
    )
    assert.ok(!existsSync(target) && readdirSync(folder).length === 0)
  }
})

test('the words are known to whoever looks at a path', async () => {
  const moons = await inspectImport({ path: 'moons', fit: 'crop' })
  assert.deepEqual(
    [moons.kind, moons.images, moons.files, moons.classes, moons.width, moons.suggestedName],
    ['synthetic', false, 2000, ['upper', 'lower'], 2, 'moons'],
  )
  assert.equal((await inspectImport({ path: 'random', fit: 'crop' })).width, 28)
  assert.ok((await completePath('swissr')).includes('swissRoll'))
  assert.ok((await completePath('m')).includes('mnist'))
})

test('elementary functions agree with those of the machine', () => {
  const source = random('test', 1)
  for (let i = 0; i < 20_000; i++) {
    const turns = 20 * uniform(source) - 10,
      { cosine, sine } = direction(turns),
      rest = 2 * Math.PI * (turns - Math.floor(turns))
    near(cosine, Math.cos(rest), 2e-15, `cosine of ${turns} turns`)
    near(sine, Math.sin(rest), 2e-15, `sine of ${turns} turns`)
    const x = 2 ** (60 * uniform(source) - 30)
    near(logarithm(x), Math.log(x), 1e-15 * Math.max(1, Math.abs(Math.log(x))), `logarithm of ${x}`)
  }
  const normal = normals(source),
    draws = Array.from({ length: 100_000 }, normal)
  near(mean(draws), 0, 0.015, 'mean')
  near(variance(draws), 1, 0.02, 'variance')
  near(mean(draws.map((z) => z ** 4)), 3, 0.12, 'fourth moment')
})
