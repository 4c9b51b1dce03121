import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeLabelled, type Limits } from '../../src/main/engine/evaluate/codes.ts'
import { corrupt } from '../../src/main/engine/evaluate/corruption.ts'
import { noiseLevels as levels } from '../../src/main/engine/figures/protocol.ts'
import { curvature, leastCertain } from '../../src/main/engine/evaluate/curvature.ts'
import { TrainDesign } from '../../src/main/engine/evaluate/design.ts'
import { minimise } from '../../src/main/engine/evaluate/lbfgs.ts'
import { linearProbe } from '../../src/main/engine/evaluate/linearProbe.ts'
import { bound } from '../../src/main/engine/evaluate/bound.ts'
import { nearestNeighbours } from '../../src/main/engine/evaluate/nearestNeighbours.ts'
import { random } from '../../src/main/engine/data/random.ts'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import type { Model } from '../../src/main/engine/evaluate/model.ts'
import { datasetOf, identity } from './evaluateFixtures.ts'

const quiet = async () => {}
const uniform = (count: number, purpose: string) => {
  const source = random(purpose)
  return Float64Array.from({ length: count }, () => source.next() / 2 ** 32)
}
/** Kept whole, kept in many blocks, and encoded again at each pass. */
const ways: Partial<Limits>[] = [{}, { blockRows: 37 }, { keptBytes: 0, blockRows: 101 }]

async function probes(dataset: PackedDataset, way: Partial<Limits> = {}) {
  const model = identity(dataset.rowSize)
  const limits = { keptBytes: 2 ** 30, blockValues: 2 ** 20, blockRows: 65_536, ...way }
  const codes = await encodeLabelled(model, dataset, dataset.train, quiet, limits)
  const subject = { model, dataset, train: dataset.train, outputRange: [-Infinity, Infinity] as const, codes }
  const { knnAccuracy } = await nearestNeighbours.measure(subject, quiet)
  const { linearProbeAccuracy } = await linearProbe.measure(subject, quiet)
  codes?.train.dispose()
  codes?.test.dispose()
  return { knnAccuracy: knnAccuracy!, linearProbeAccuracy: linearProbeAccuracy! }
}

/** Float64, every pair, ties as documented. */
function bruteForce(values: Float32Array, size: number, labels: ArrayLike<number>, testFrom: number): number {
  let hits = 0
  const count = values.length / size
  for (let query = testFrom; query < count; query++) {
    const all = Array.from({ length: testFrom }, (_, row) => {
      let distance = 0
      for (let k = 0; k < size; k++) distance += (values[row * size + k]! - values[query * size + k]!) ** 2
      return { row, distance }
    })
      .sort((a, b) => a.distance - b.distance || a.row - b.row)
      .slice(0, 5)
      .map(({ row }) => labels[row]!)
    const votes = (label: number) => all.filter((other) => other === label).length
    const most = Math.max(...all.map(votes))
    if (all.find((label) => votes(label) === most) === labels[query]) hits++
  }
  return hits / (count - testFrom)
}

test('nearest neighbours equal brute force: far from the origin, with duplicates and ties, in blocks', async () => {
  const size = 4
  for (const [name, transform] of [
    ['far from the origin', (u: number) => 300 + u],
    ['many equal distances', (u: number) => Math.floor(u * 3)],
  ] as const) {
    const values = Float32Array.from(uniform(700 * size, name), transform)
    const labels = Int32Array.from(uniform(700, `${name} labels`), (u) => Math.floor(u * 4))
    const expected = bruteForce(values, size, labels, 500)
    for (const way of name === 'far from the origin' ? ways : [ways[0]!]) {
      const { knnAccuracy } = await probes(datasetOf(values, size, labels, 500), way)
      // With more equal distances than candidates the kept ones may differ, so only the share must be near.
      const tolerance = name === 'far from the origin' ? 0 : 0.05
      assert.ok(Math.abs(knnAccuracy - expected) <= tolerance, `${name}: ${knnAccuracy}, expected ${expected}`)
    }
  }
})

test('nearest neighbours of wide codes equal brute force, whether or not their leading directions tell', async () => {
  // More than 64 groups of 64, so that not all are looked at.
  const size = 110,
    train = 6000,
    count = 6060
  const noise = uniform(count * size, 'wide')
  const kinds = uniform(count, 'wide kinds')
  for (const [name, value] of [
    // Nearly all variance in a few directions; a group of duplicates.
    [
      'few directions',
      (row: number, i: number) => (row % 97 === 5 ? Math.sin(i) : (i < 8 ? 3 : 0.02) * (noise[row * size + i]! - 0.5)),
    ],
    // Two of the sixty queries lie where the leading directions do not look.
    [
      'some astray',
      (row: number, i: number) =>
        (i < 8 ? 3 : 0.02) * (noise[row * size + i]! - 0.5) + (row >= train && row % 30 === 7 && i > 40 ? 1 : 0),
    ],
    // Far apart groups: the leading directions tell the groups, but nothing within a group.
    ['groups', (row: number, i: number) => (i < 4 ? 30 * Math.floor(kinds[row]! * 3) : 0) + 0.6 * noise[row * size + i]!],
    ['every direction', (row: number, i: number) => noise[row * size + i]!],
    ['all the same', () => 7],
  ] as const) {
    const values = Float32Array.from({ length: count * size }, (_, at) => value(Math.floor(at / size), at % size))
    const labels = Int32Array.from(uniform(count, `${name} labels`), (u) => Math.floor(u * 4))
    const expected = bruteForce(values, size, labels, train)
    for (const way of [{}, { blockRows: 4700 }]) {
      const dataset = datasetOf(values, size, labels, train)
      const codes = (await encodeLabelled(identity(size), dataset, dataset.train, quiet, {
        keptBytes: 2 ** 30,
        blockValues: 2 ** 25,
        blockRows: 65_536,
        ...way,
      }))!
      const tensors = tf.memory().numTensors
      const { knnAccuracy } = await nearestNeighbours.measure(
        { model: identity(size), dataset, train: dataset.train, outputRange: [-Infinity, Infinity], codes },
        quiet,
      )
      assert.equal(knnAccuracy, expected, `${name}, ${JSON.stringify(way)}`)
      assert.equal(tf.memory().numTensors, tensors, 'no tensor is left')
      codes.train.dispose()
      codes.test.dispose()
    }
  }
})

test('with fewer than five training samples all of them vote', async () => {
  const values = Float32Array.of(0, 1, 10, 0.2, 9)
  const { knnAccuracy } = await probes(datasetOf(values, 1, [0, 0, 1, 0, 1], 3))
  assert.equal(knnAccuracy, 0.5, 'two of the three are of class 0')
})

test('the linear probe separates what is separable, and guesses at random labels', async () => {
  const values = Float32Array.from(uniform(2400 * 6, 'probe'), (u) => 2 * u - 1)
  const side = (row: number) => Number(values[row * 6]! + 2 * values[row * 6 + 1]! > 0.3) + 2 * Number(values[row * 6 + 3]! > 0)
  const separable = Array.from({ length: 2400 }, (_, row) => side(row))
  // Scaled and shifted codes, one unit constant: standardising undoes it.
  const warped = values.map((value, i) => (i % 6 === 5 ? 7 : 1000 ** ((i % 3) - 1) * value + 50 * (i % 6)))
  const results = []
  for (const way of ways) results.push((await probes(datasetOf(warped, 6, separable, 1800), way)).linearProbeAccuracy)
  for (const accuracy of results) assert.ok(Math.abs(accuracy - results[0]!) < 0.002 && accuracy > 0.97, String(results))
  const arbitrary = Uint8Array.from(uniform(2400, 'arbitrary'), (u) => Math.floor(u * 4))
  const { linearProbeAccuracy } = await probes(datasetOf(values, 6, arbitrary, 1800))
  assert.ok(Math.abs(linearProbeAccuracy - 0.25) < 4 * Math.sqrt((0.25 * 0.75) / 600), String(linearProbeAccuracy))
})

test('a class that only the test split has counts as wrong; collapsed codes get the share of the largest class', async () => {
  const values = Float32Array.from({ length: 40 }, (_, row) => (row % 2 ? 1 : -1))
  const labels = Array.from({ length: 40 }, (_, row) => (row >= 36 ? 5 : row % 2))
  assert.deepEqual(await probes(datasetOf(values, 1, labels, 30)), { knnAccuracy: 0.6, linearProbeAccuracy: 0.6 })
  const collapsed = await probes(
    datasetOf(
      new Float32Array(40).fill(3),
      1,
      Array.from({ length: 40 }, (_, row) => Number(row % 4 === 0)),
      20,
    ),
  )
  assert.equal(collapsed.linearProbeAccuracy, 0.75)
})

test('corruption has the stated rates, is nested over levels, and is the same at every call', () => {
  tf.tidy(() => {
    const ones = tf.ones([1000, 300]) as Tensor2D
    const masked = corrupt('masking', ones, 2000).map((tensor) => tensor.dataSync<'float32'>())
    levels.forEach((level, i) => {
      const share = masked[i]!.filter((value) => value === 0).length / 300_000
      assert.ok(Math.abs(share - level) < 4 * Math.sqrt((level * (1 - level)) / 300_000), `${level}: ${share}`)
      assert.ok(masked[i]!.every((value) => value === 0 || value === 1))
    })
    assert.ok(
      masked[0]!.every((value, i) => value === 1 || masked[2]![i] === 0),
      'what is masked at 0.1 is masked at 0.5',
    )
    levels.forEach((level, i) => {
      const noise = corrupt('gaussian', ones, 0)[i]!.sub(1).div(level).dataSync<'float32'>()
      const mean = noise.reduce((sum, value) => sum + value, 0) / 300_000
      const variance = noise.reduce((sum, value) => sum + value * value, 0) / 300_000
      const fourth = noise.reduce((sum, value) => sum + value ** 4, 0) / 300_000
      assert.ok(
        Math.abs(mean) < 0.008 && Math.abs(variance - 1) < 0.011 && Math.abs(fourth - 3) < 0.08,
        `${mean} ${variance} ${fourth}`,
      )
    })
    assert.deepEqual(corrupt('masking', ones, 2000)[1]!.dataSync(), masked[1])
    assert.notDeepEqual(corrupt('masking', ones, 3000)[1]!.dataSync(), masked[1])
  })
})

test('L-BFGS finds the minimum of a badly scaled function, with and without knowing its curvature', async () => {
  const size = 12
  const scales = Float64Array.from({ length: size }, (_, i) => 10 ** (i / 3 - 2))
  const solution = uniform(size, 'solution')
  // A quadratic whose curvatures span four decades, coupled, plus a quartic with the same minimum.
  const apply = (x: Float64Array) =>
    x.map((value, i) => scales[i]! * value + 0.003 * (x[(i + 1) % size]! + x[(i + size - 1) % size]!))
  const evaluate = async (x: Float64Array) => {
    const from = x.map((value, i) => value - solution[i]!)
    const bent = apply(from)
    const value = from.reduce((sum, difference, i) => sum + 0.5 * difference * bent[i]! + difference ** 4, 0)
    return { value, gradient: bent.map((slope, i) => slope + 4 * from[i]! ** 3) }
  }
  const iterations = []
  for (const precondition of [(v: Float64Array) => v, (v: Float64Array) => v.map((value, i) => value / scales[i]!)]) {
    const found = await minimise({
      start: new Float64Array(size).fill(5),
      evaluate,
      precondition,
      tolerance: 1e-8,
      maxIterations: 500,
    })
    assert.ok(found.gradientNorm <= 1e-8)
    found.point.forEach((value, i) => assert.ok(Math.abs(value - solution[i]!) < 1e-5))
    iterations.push(found.iterations)
  }
  assert.ok(iterations[1]! <= iterations[0]!, String(iterations))
})

test('the curvature is the Hessian of the regression, class by class; the least certain samples are those near a boundary', async () => {
  const size = 3,
    count = 400,
    classCount = 3,
    penalty = 0.01
  const values = Float32Array.from(uniform(count * size, 'curvature'), (u) => 4 * u - 2)
  const labels = Uint8Array.from(uniform(count, 'curvature labels'), (u) => Math.floor(u * classCount))
  const dataset = datasetOf(values, size, labels, count - 1)
  const codes = (await encodeLabelled(identity(size), dataset, dataset.train, quiet))!
  const design = await TrainDesign.of(codes.train)
  const width = size + 1
  const rows: number[][] = []
  await design.forEach((block) => void rows.push(...block.rows.arraySync()))
  const weights = Float64Array.from(uniform(classCount * width, 'curvature weights'), (u) => 3 * u - 1.5)
  const probabilities = rows.map((row) => {
    const powers = [0, 1, 2].map((label) => Math.exp(row.reduce((sum, value, i) => sum + value * weights[label * width + i]!, 0)))
    return powers.map((power) => power / powers.reduce((a, b) => a + b))
  })
  const vector = Float64Array.from(uniform(classCount * width, 'curvature vector'), (u) => 2 * u - 1)
  for (const [at, p] of [
    [weights, probabilities],
    [null, rows.map(() => [1 / 3, 1 / 3, 1 / 3])],
  ] as const) {
    const known = await curvature(design, classCount, penalty, at)
    const solved = known.solve(vector)
    known.dispose()
    for (let label = 0; label < classCount; label++) {
      const own = solved.subarray(label * width, (label + 1) * width)
      const back = Float64Array.from(own, (value) => penalty * value)
      rows.forEach((row, n) => {
        const along = (row.reduce((sum, value, i) => sum + value * own[i]!, 0) * p[n]![label]! * (1 - p[n]![label]!)) / rows.length
        row.forEach((value, i) => {
          back[i]! += value * along
        })
      })
      back.forEach((value, i) =>
        assert.ok(Math.abs(value - vector[label * width + i]!) < 1e-4, `${value} ${vector[label * width + i]}`),
      )
    }
  }
  const uncertainty = probabilities.map((p) => 1 - p.reduce((sum, value) => sum + value * value, 0))
  const chosen = await leastCertain(design, classCount, weights, 50)
  assert.equal(chosen.length, 50)
  const others = uncertainty.filter((_, n) => !chosen.includes(n))
  assert.ok(Math.min(...Array.from(chosen, (n) => uncertainty[n]!)) >= Math.max(...others) - 1e-6)
  design.dispose()
  codes.train.dispose()
  codes.test.dispose()
})

test('the bound is drawn until its standard error is small, which is told: few images, many, and too wide a posterior', async () => {
  const size = 3
  for (const [count, deviation, within] of [
    [30, 2, true],
    [3000, 1, true],
    [5, 60, false],
  ] as const) {
    const rows = Float32Array.from({ length: count * size }, (_, at) => Math.sin(at * at))
    const dataset = datasetOf(rows, size, null, 0)
    // log p(x|z) = -|x - z|^2 / 2 of z around x / 2: its mean is -(|x|^2 / 4 + Z deviation^2) / 2.
    const latent: NonNullable<Model['latent']> = {
      likelihood: 'fixedGaussian',
      posterior: (x) => ({ mean: x.mul(0.5), logVariance: tf.fill(x.shape, 2 * Math.log(deviation)) }),
      logLikelihood: (x, z) => tf.tidy(() => x.sub(z).square().sum(1).mul(-0.5)),
      outgoing: () => [1, 1, 1],
    }
    const subject = { model: { ...identity(size), latent }, dataset, train: dataset.train, codes: null }
    const found = await bound.measure({ ...subject, outputRange: [-Infinity, Infinity], corrupt: null }, quiet)
    const squares = rows.reduce((sum, value) => sum + value ** 2, 0) / count
    const expected = -(squares / 4 + size * deviation ** 2) / 2
    const kl = (squares / 4 + size * (deviation ** 2 - 1 - 2 * Math.log(deviation))) / 2
    assert.ok(Math.abs(found.kl! - kl) < 1e-3 * kl)
    assert.ok(Math.abs(found.elbo! + kl - expected) < 4.5 * found.elboError!, `${found.elbo! + kl} for ${expected}`)
    // The variance of |x - z|^2 / 2: Z deviation^4 / 2 + deviation^2 |x|^2 / 4.
    const error = Math.sqrt(((size * deviation ** 4) / 2 + (deviation ** 2 * squares) / 4) / count / found.elboDraws!)
    assert.ok(Math.abs(found.elboError! / error - 1) < 0.2, `${found.elboError} for ${error}`)
    assert.equal(found.elboError! <= Math.max(0.1, 1e-4 * Math.abs(found.elbo! + kl)), within)
    if (within) assert.ok(found.elboDraws! < 400 && count * found.elboDraws! >= 256)
    else assert.equal(found.elboDraws, 1000)
  }
})
