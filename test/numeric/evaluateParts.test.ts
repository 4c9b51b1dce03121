import assert from 'node:assert/strict'
import { test } from 'node:test'
import { choleskySolver } from '../../src/main/engine/evaluate/cholesky.ts'
import { encodeLabelled, type Limits } from '../../src/main/engine/evaluate/codes.ts'
import { corrupt, levels } from '../../src/main/engine/evaluate/corruption.ts'
import { minimise } from '../../src/main/engine/evaluate/lbfgs.ts'
import { linearProbe } from '../../src/main/engine/evaluate/linearProbe.ts'
import { nearestNeighbours } from '../../src/main/engine/evaluate/nearestNeighbours.ts'
import { random } from '../../src/main/engine/data/random.ts'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
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
    }).sort((a, b) => a.distance - b.distance || a.row - b.row).slice(0, 5).map(({ row }) => labels[row]!)
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
  const warped = values.map((value, i) => (i % 6 === 5 ? 7 : 1000 ** (i % 3 - 1) * value + 50 * (i % 6)))
  const results = []
  for (const way of ways) results.push((await probes(datasetOf(warped, 6, separable, 1800), way)).linearProbeAccuracy)
  for (const accuracy of results) assert.ok(Math.abs(accuracy - results[0]!) < 0.002 && accuracy > 0.97, String(results))
  const arbitrary = Uint8Array.from(uniform(2400, 'arbitrary'), (u) => Math.floor(u * 4))
  const { linearProbeAccuracy } = await probes(datasetOf(values, 6, arbitrary, 1800))
  assert.ok(Math.abs(linearProbeAccuracy - 0.25) < 4 * Math.sqrt(0.25 * 0.75 / 600), String(linearProbeAccuracy))
})

test('a class that only the test split has counts as wrong; collapsed codes get the share of the largest class', async () => {
  const values = Float32Array.from({ length: 40 }, (_, row) => (row % 2 ? 1 : -1))
  const labels = Array.from({ length: 40 }, (_, row) => (row >= 36 ? 5 : row % 2))
  assert.deepEqual(await probes(datasetOf(values, 1, labels, 30)), { knnAccuracy: 0.6, linearProbeAccuracy: 0.6 })
  const collapsed = await probes(datasetOf(new Float32Array(40).fill(3), 1, Array.from({ length: 40 }, (_, row) => Number(row % 4 === 0)), 20))
  assert.equal(collapsed.linearProbeAccuracy, 0.75)
})

test('corruption has the stated rates, is nested over levels, and is the same at every call', () => {
  tf.tidy(() => {
    const ones = tf.ones([1000, 300]) as Tensor2D
    const masked = corrupt('masking', ones, 2000).map((tensor) => tensor.dataSync<'float32'>())
    levels.forEach((level, i) => {
      const share = masked[i]!.filter((value) => value === 0).length / 300_000
      assert.ok(Math.abs(share - level) < 4 * Math.sqrt(level * (1 - level) / 300_000), `${level}: ${share}`)
      assert.ok(masked[i]!.every((value) => value === 0 || value === 1))
    })
    assert.ok(masked[0]!.every((value, i) => value === 1 || masked[2]![i] === 0), 'what is masked at 0.1 is masked at 0.5')
    levels.forEach((level, i) => {
      const noise = corrupt('gaussian', ones, 0)[i]!.sub(1).div(level).dataSync<'float32'>()
      const mean = noise.reduce((sum, value) => sum + value, 0) / 300_000
      const variance = noise.reduce((sum, value) => sum + value * value, 0) / 300_000
      const fourth = noise.reduce((sum, value) => sum + value ** 4, 0) / 300_000
      assert.ok(Math.abs(mean) < 0.008 && Math.abs(variance - 1) < 0.011 && Math.abs(fourth - 3) < 0.08, `${mean} ${variance} ${fourth}`)
    })
    assert.deepEqual(corrupt('masking', ones, 2000)[1]!.dataSync(), masked[1])
    assert.notDeepEqual(corrupt('masking', ones, 3000)[1]!.dataSync(), masked[1])
  })
})

test('Cholesky solves, L-BFGS finds the minimum of a badly scaled function', async () => {
  const size = 12
  const root = uniform(size * size, 'matrix')
  const matrix = Float64Array.from({ length: size * size }, (_, at) => {
    let sum = at % (size + 1) === 0 ? 0.1 : 0
    for (let k = 0; k < size; k++) sum += root[Math.floor(at / size) * size + k]! * root[(at % size) * size + k]!
    return sum
  })
  const solution = uniform(size, 'solution')
  const apply = (x: Float64Array) => Float64Array.from(x, (_, i) => x.reduce((sum, value, j) => sum + matrix[i * size + j]! * value, 0))
  const target = apply(solution)
  choleskySolver(matrix, size)(target).forEach((value, i) => assert.ok(Math.abs(value - solution[i]!) < 1e-9))
  assert.throws(() => choleskySolver([1, 2, 2, 1], 2), RangeError)

  // The quadratic with minimum at `solution`, plus a quartic with the same minimum.
  const evaluate = async (x: Float64Array) => {
    const gradient = apply(x).map((value, i) => value - target[i]! + 4 * (x[i]! - solution[i]!) ** 3)
    const value = x.reduce((sum, xi, i) => sum + 0.5 * (xi - solution[i]!) * (apply(x)[i]! - target[i]!) + (xi - solution[i]!) ** 4, 0)
    return { value, gradient }
  }
  for (const precondition of [(v: Float64Array) => v, choleskySolver(matrix, size)]) {
    const { point, gradientNorm } = await minimise({ start: new Float64Array(size).fill(5), evaluate, precondition, tolerance: 1e-8, maxIterations: 500 })
    assert.ok(gradientNorm <= 1e-8)
    point.forEach((value, i) => assert.ok(Math.abs(value - solution[i]!) < 1e-6))
  }
})
