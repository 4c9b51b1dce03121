import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Blocks } from '../../src/main/engine/explore/blocks.ts'
import type { Metric } from '../../src/main/engine/evaluate/distance.ts'
import { nearestTo } from '../../src/main/engine/explore/nearest.ts'
import { axisOf, normalQuantile } from '../../src/main/engine/explore/manifold.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { ask, configOf, normalNumbers, subjectOf, weightsFor, type Weights } from '../fixtures/explored.ts'
import { eigen, largest, plus, rowsOf, times, transpose, type Matrix } from '../fixtures/linear.ts'
import { datasetOf } from './evaluateFixtures.ts'

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = '') => {
  assert.equal(actual.length, expected.length, what)
  for (let i = 0; i < actual.length; i++)
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, `${what}[${i}]: ${actual[i]} instead of ${expected[i]}`)
}
const noReport = async () => {}

/** Distances in float64, plainly. */
const distances64 = (query: number[], rows: Matrix, metric: Metric): number[] =>
  rows.map((row) => {
    if (metric === 'euclidean') return Math.sqrt(row.reduce((sum, value, i) => sum + (value - query[i]!) ** 2, 0))
    const dot = row.reduce((sum, value, i) => sum + value * query[i]!, 0),
      norm = (values: number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
    return norm(row) * norm(query) > 0 ? 1 - dot / (norm(row) * norm(query)) : 1
  })
const nearest64 = (distances: number[], allowed: (row: number) => boolean, count: number): number[] =>
  distances
    .map((_, row) => row)
    .filter(allowed)
    .sort((a, b) => distances[a]! - distances[b]! || a - b)
    .slice(0, count)

test('neighbours are those of brute force in float64, whatever the blocks, with copies, ties and zeros', async () => {
  const count = 3000,
    width = 7
  for (const shift of [0, 100]) {
    // Small integers make many ties; far from the origin float32 squares lose digits.
    const values = normalNumbers(count * width, 3).map((value, i) => (i < 1500 * width ? Math.round(value * 1.5) : value) + shift)
    values.fill(0, 10 * width, 11 * width)
    for (let i = 0; i < width; i++) values[2000 * width + i] = values[5 * width + i]!
    const rows = rowsOf(values, width)
    const allowed = Uint8Array.from({ length: count }, (_, row) => Number(row % 5 !== 4))
    for (const metric of ['euclidean', 'cosine'] as const) {
      for (const blockValues of [512 * width, 1e6]) {
        let made = 0
        const blocks = new Blocks(
          count,
          width,
          (start, some) => {
            made++
            return tf.tensor2d(values.slice(start * width, (start + some) * width), [some, width])
          },
          { keptBytes: 1000 * width * 4, blockValues },
        )
        for (const query of [5, 10, 777, 2999]) {
          const tensor = tf.tensor2d(values.slice(query * width, (query + 1) * width), [1, width])
          const found = await nearestTo(tensor, blocks, 25, metric, allowed, noReport)
          const distances = distances64(rows[query]!, rows, metric)
          assert.deepEqual(
            [...found.rows],
            nearest64(distances, (row) => allowed[row] === 1, 25),
            `${metric} ${shift} ${query}`,
          )
          close(
            found.distances,
            [...found.rows].map((row) => distances[row]!),
            1e-7 * Math.max(10, ...found.distances),
          )
        }
        // What fits is made once for all questions: of six blocks the first and the last, of a single one nothing.
        assert.equal(made, blockValues === 1e6 ? 4 : 2 + 4 * 4)
        assert.ok(blocks.bytes <= 1000 * width * 4)
        blocks.dispose()
      }
    }
  }
})

/** An encoder in float64, plainly. */
const functions: Record<string, (x: number) => number> = {
  linear: (x) => x,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  softplus: (x) => Math.log1p(Math.exp(x)),
  relu: (x) => Math.max(0, x),
}
const layer = (weights: Weights, name: string, x: number[], activation: string): number[] =>
  Array.from(weights[`${name}/bias`]!, (bias, j) =>
    functions[activation]!(
      x.reduce((sum, value, i) => sum + value * weights[`${name}/kernel`]![i * weights[`${name}/bias`]!.length + j]!, bias),
    ),
  )
const encode64 = (weights: Weights, x: number[], activations: string[]): number[] =>
  activations.reduce((h, activation, index) => layer(weights, `encoder/${index}`, h, activation), x)

test('singular values of the Jacobian are those of finite differences, at any depth; directions do what they say', async () => {
  const width = 11,
    rows = datasetOf(normalNumbers(20 * width, 5), width, null, 12)
  for (const [layers, activation, codeActivation] of [
    [[6], 'relu', 'sigmoid'],
    [[9, 5], 'tanh', 'linear'],
    [[8, 7, 13], 'elu', 'softplus'],
    [[10, 4], 'sigmoid', 'tanh'],
  ] as const) {
    const config = configOf('classical', { network: { layers: [...layers], activation, codeActivation } }, 'vector')
    const weights = weightsFor('classical', config, width, 2, 1.5)
    const subject = subjectOf('classical', config, weights, rows)
    const activations = layers.map((_, index) => (index === layers.length - 1 ? codeActivation : activation))
    const found = await ask(subject, { kind: 'tangents', image: { row: 3 }, count: 3 })
    const x = new Float32Array(width)
    rows.gather([3], x)
    const at = (point: number[]) => encode64(weights, point, activations)
    const step = 1e-5
    // [Z][D] by central differences.
    const jacobian = transpose(
      Array.from(x, (_, d) => {
        const [above, below] = [step, -step].map((h) => at(Array.from(x, (value, i) => (i === d ? value + h : value))))
        return above!.map((value, j) => (value - below![j]!) / (2 * step))
      }),
    )
    const { values } = eigen(times(transpose(jacobian), jacobian))
    const expected = values.slice(0, Math.min(width, layers.at(-1)!)).map((value) => Math.sqrt(Math.max(0, value)))
    close(found.singularValues, expected, 2e-5 * expected[0]!, `${layers} ${activation}`)
    assert.ok(Math.abs(found.norm - Math.sqrt(values.reduce((sum, value) => sum + value, 0))) < 1e-4 * found.norm)
    const directions = rowsOf(found.directionValues, width)
    assert.ok(
      largest(
        plus(
          times(directions, transpose(directions)),
          directions.map((_, i) => directions.map((__, j) => Number(i === j))),
          -1,
        ),
      ) < 1e-5,
      'orthonormal',
    )
    directions.forEach((direction, i) => {
      const moved = times(
        jacobian,
        direction.map((value) => [value]),
      ).flat()
      assert.ok(Math.abs(Math.hypot(...moved) - expected[i]!) < 1e-3 * expected[0]!, `direction ${i}`)
    })
    // A walk is along that direction, and near the image the code moves by the singular value.
    const walk = await ask(subject, { kind: 'walk', image: { row: 3 }, direction: 0, range: 0.001, steps: 5 })
    close(
      walk.codeDistances,
      [...walk.distances].map((distance) => Math.abs(distance) * expected[0]!),
      2e-3 * 0.001 * expected[0]! + 1e-6,
    )
    const average = await ask(subject, { kind: 'tangents', average: 8 })
    assert.equal(average.averaged, 8)
    const each = await Promise.all(
      Array.from(rows.test, async (row) => (await ask(subject, { kind: 'tangents', image: { row } })).singularValues),
    )
    close(
      average.singularValues,
      Array.from(found.singularValues, (_, i) => each.reduce((sum, own) => sum + own[i]! / 8, 0)),
      1e-5,
    )
    subject.close()
  }
})

test('the field of a linear network is its closed form, in the plane of the data and in one through three images', async () => {
  const config = configOf('classical', { network: { layers: [2], codeActivation: 'linear', outputActivation: 'linear' } }, 'vector')
  const plane = datasetOf(normalNumbers(60, 1), 2, null, 20)
  const weights = weightsFor('classical', config, 2, 4)
  const [we, wd] = [rowsOf(weights['encoder/0/kernel']!, 2), rowsOf(weights['decoder/0/kernel']!, 2)]
  const moved = (x: number[]): number[] => {
    const code = times([x], we)[0]!.map((value, j) => value + weights['encoder/0/bias']![j]!)
    return times([code], wd)[0]!.map((value, j) => value + weights['decoder/0/bias']![j]! - x[j]!)
  }
  const subject = subjectOf('classical', config, weights, plane)
  const found = await ask(subject, { kind: 'field', size: 9, paths: 16, pathSteps: 3 })
  assert.equal(found.space, 'data')
  for (let row = 0; row < 9; row++) {
    for (let column = 0; column < 9; column++) {
      const at = row * 9 + column,
        expected = moved([found.x[column]!, found.y[row]!])
      close(found.vectors.subarray(2 * at, 2 * at + 2), expected, 1e-5)
      assert.ok(Math.abs(found.lengths[at]! - Math.hypot(...expected)) < 1e-5)
    }
  }
  assert.ok(Math.abs(found.longest - Math.max(...found.lengths)) < 1e-6)
  for (let path = 0; path < 16; path++) {
    for (let step = 0; step < 3; step++) {
      const [x, y, nextX, nextY] = found.paths.subarray(2 * (path * 4 + step), 2 * (path * 4 + step) + 4) as unknown as [
        number,
        number,
        number,
        number,
      ]
      const [dx, dy] = moved([x, y]) as [number, number]
      close([nextX, nextY], [x + 0.2 * dx, y + 0.2 * dy], 1e-5)
    }
  }
  // Noise of mean 0 moves a linear network nowhere on average, and corruption that masks shortens its input.
  const masked = await ask(subject, { kind: 'field', size: 3, paths: 0, corruption: { kind: 'masking', level: 1 } })
  const still = moved([0, 0])
  close(masked.vectors.subarray(0, 2), [still[0]! - masked.x[0]!, still[1]! - masked.y[0]!], 1e-5)
  subject.close()

  const width = 5,
    images = datasetOf(normalNumbers(10 * width, 8), width, null, 5)
  const wide = weightsFor('classical', config, width, 4),
    deep = subjectOf('classical', config, wide, images)
  const through = await ask(deep, { kind: 'field', through: [{ row: 1 }, { row: 2 }, { row: 4 }], size: 5, paths: 4, pathSteps: 1 })
  assert.equal(through.space, 'plane')
  const rows = [1, 2, 4].map((row) => {
    const values = new Float32Array(width)
    images.gather([row], values)
    return [...values]
  })
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  const minus = (a: number[], b: number[], factor = 1) => a.map((value, i) => value - factor * b[i]!)
  const [first, second] = [minus(rows[1]!, rows[0]!), minus(rows[2]!, rows[0]!)]
  const u = first.map((value) => value / Math.sqrt(dot(first, first))),
    rest = minus(second, u, dot(second, u)),
    v = rest.map((value) => value / Math.sqrt(dot(rest, rest)))
  close(through.data.coordinates, [0, 0, dot(first, u), 0, dot(second, u), dot(second, v)], 1e-5, 'the images lie where they are')
  const place = rows[0]!.map((value, i) => value + through.x[1]! * u[i]! + through.y[3]! * v[i]!)
  const code = times([place], rowsOf(wide['encoder/0/kernel']!, 2))[0]!.map((value, j) => value + wide['encoder/0/bias']![j]!)
  const whole = times([code], rowsOf(wide['decoder/0/kernel']!, width))[0]!.map(
    (value, j) => value + wide['decoder/0/bias']![j]! - place[j]!,
  )
  close(through.vectors.subarray(2 * (3 * 5 + 1), 2 * (3 * 5 + 1) + 2), [dot(whole, u), dot(whole, v)], 1e-4)
  assert.ok(Math.abs(through.lengths[3 * 5 + 1]! - Math.sqrt(dot(whole, whole))) < 1e-4)
  await assert.rejects(ask(deep, { kind: 'field', through: [{ row: 1 }, { row: 1 }, { row: 4 }] }), { code: 'QUESTION_UNSUITABLE' })
  await assert.rejects(ask(deep, { kind: 'field' }), { code: 'QUESTION_UNSUITABLE', message: /three/ })
  deep.close()
})

test("manifold quantiles are SciPy's", () => {
  // scipy.stats.norm.ppf of SciPy 1.17.1
  const known: [number, number][] = [
    [1e-12, -7.034483825301131],
    [1e-6, -4.753424308822899],
    [0.001, -3.090232306167813],
    [0.0125, -2.241402727604945],
    [0.02425, -1.972961051311885],
    [0.025, -1.9599639845400545],
    [0.1, -1.2815515655446004],
    [0.25, -0.6744897501960817],
    [0.4, -0.2533471031357997],
    [0.5, 0],
    [0.6, 0.2533471031357997],
    [0.75, 0.6744897501960817],
    [0.9, 1.2815515655446004],
    [0.975, 1.959963984540054],
    [0.9875, 2.241402727604947],
    [0.999, 3.090232306167813],
    [1 - 1e-6, 4.753424308817087],
  ]
  for (const [p, expected] of known)
    assert.ok(
      Math.abs(normalQuantile(p) - expected) <= 1e-11 * Math.max(1, Math.abs(expected)),
      `${p}: ${normalQuantile(p)} instead of ${expected}`,
    )
  const axis = axisOf({ place: 'quantiles', ranges: [[-1, 1]] }, 0, 20)
  close(
    axis.subarray(0, 10),
    [
      -1.9599639845400545, -1.4395314709384563, -1.1503493803760079, -0.9345892910734802, -0.7554150263604693, -0.5977601260424784,
      -0.45376219016987945, -0.31863936396437514, -0.18911842627279252, -0.06270677794321385,
    ],
    1e-7,
  )
})

test('a manifold decodes the codes of its axes, the first one varying fastest; of a larger code its principal plane', async () => {
  const width = 6,
    data = datasetOf(normalNumbers(80 * width, 2), width, null, 40)
  const variational = configOf('variational', { network: { layers: [4, 2] } }, 'vector')
  const prior = subjectOf('variational', variational, weightsFor('variational', variational, width), data)
  const grid = await ask(prior, { kind: 'manifold', size: 5 })
  assert.deepEqual(
    [grid.place, grid.dimensions, grid.axes.map((axis) => axis.length), grid.codes.rows.length],
    ['quantiles', 2, [5, 5], 40],
  )
  const one = await ask(prior, {
    kind: 'decode',
    coordinates: Float32Array.of(grid.axes[0]![3]!, grid.axes[1]![1]!),
    space: 'manifold',
  })
  const cell = width * (1 * 5 + 3)
  assert.deepEqual(one.pictures.images!.pixels, grid.pictures.images!.pixels.slice(cell, cell + width))
  prior.close()

  const config = configOf('classical', { network: { layers: [5], codeActivation: 'linear' } }, 'vector')
  const weights = weightsFor('classical', config, width)
  const subject = subjectOf('classical', config, weights, data)
  const plane = await ask(subject, { kind: 'manifold', size: 4 })
  assert.deepEqual([plane.place, plane.dimensions], ['plane', 2])
  const inputs = rowsOf(normalNumbers(80 * width, 2), width).slice(40)
  const codes = inputs.map((x) => encode64(weights, x, ['linear']))
  const mean = codes[0]!.map((_, j) => codes.reduce((sum, row) => sum + row[j]!, 0) / codes.length)
  const centred = codes.map((row) => row.map((value, j) => value - mean[j]!))
  const { values, vectors } = eigen(times(transpose(centred), centred))
  const share = (values[0]! + values[1]!) / values.reduce((sum, value) => sum + value, 0)
  assert.match(
    plane.sentence,
    new RegExp(`two leading principal components of the 5 code units, which hold ${Math.round(100 * share)}%`),
  )
  const placed = rowsOf(plane.codes.coordinates, 2)
  // The axes' signs are a convention.
  for (const axis of [0, 1]) {
    const expected = centred.map((row) => row.reduce((sum, value, j) => sum + value * vectors[j]![axis]!, 0))
    const sign = Math.sign(placed[0]![axis]! * expected[0]!)
    close(
      placed.map((row) => sign * row[axis]!),
      expected,
      1e-4,
    )
    // From the 1st to the 99th percentile.
    const sorted = placed.map((row) => row[axis]!).sort((a, b) => a - b),
      at = (p: number) =>
        sorted[Math.floor(p * 39)]! +
        (p * 39 - Math.floor(p * 39)) * (sorted[Math.floor(p * 39) + 1]! - sorted[Math.floor(p * 39)]!)
    close([plane.axes[axis]![0]!, plane.axes[axis]!.at(-1)!], [at(0.01), at(0.99)], 1e-5)
  }
  // Beyond the pictures lies what is farther out than half a step from the middle of the last one.
  const fine = await ask(subject, { kind: 'manifold', size: 60 })
  const reach = [0, 1].map((axis) => {
    const values = fine.axes[axis]!,
      half = (values[1]! - values[0]!) / 2
    return [values[0]! - half, values.at(-1)! + half] as const
  })
  assert.ok(fine.beyond > 0)
  assert.equal(
    fine.beyond,
    placed.filter((row) => row.some((value, axis) => value < reach[axis]![0] || value > reach[axis]![1])).length,
  )
  const map = await ask(subject, { kind: 'map', method: 'pca', count: 40 })
  close(
    map.explained!,
    [values[0]!, values[1]!].map((value) => value / values.reduce((sum, each) => sum + each, 0)),
    1e-5,
  )
  await assert.rejects(ask(subject, { kind: 'decode', coordinates: Float32Array.of(1, 2, 3) }), { code: 'QUESTION_UNSUITABLE' })
  subject.close()

  for (const [units, size, slices] of [
    [1, 7, 1],
    [3, 3, 2],
  ] as const) {
    const small = configOf('classical', { network: { layers: [units], codeActivation: 'sigmoid' } }, 'vector')
    const made = await ask(subjectOf('classical', small, weightsFor('classical', small, width), data), {
      kind: 'manifold',
      size,
      slices,
    })
    assert.deepEqual([made.place, made.dimensions, made.pictures.images!.count], ['range', units, units === 1 ? 7 : 18])
  }
})

test('a way between two images begins and ends at their reconstructions; a spherical one turns evenly', async () => {
  const width = 6,
    data = datasetOf(normalNumbers(20 * width, 2), width, null, 10)
  const config = configOf('classical', { network: { layers: [4], codeActivation: 'linear' } }, 'vector')
  const weights = weightsFor('classical', config, width),
    subject = subjectOf('classical', config, weights, data)
  const rebuilt = await ask(subject, { kind: 'reconstructions', rows: { rows: [2, 7] } })
  const drawn = rebuilt.reconstructions.images!.pixels
  for (const path of ['linear', 'spherical'] as const) {
    const way = await ask(subject, { kind: 'interpolate', from: { row: 2 }, to: { row: 7 }, path, steps: 9 })
    const { pixels } = way.pictures.images!
    assert.deepEqual([pixels.slice(0, width), pixels.slice(8 * width)], [drawn.slice(0, width), drawn.slice(width)])
    assert.deepEqual(way.ends.images!.pixels, rebuilt.originals.images!.pixels)
    assert.deepEqual(
      [way.blended.images!.pixels.slice(0, width), way.blended.images!.pixels.slice(8 * width)],
      [way.ends.images!.pixels.slice(0, width), way.ends.images!.pixels.slice(width)],
    )
    const codes = rowsOf(way.codes, 4),
      length = (values: number[]) => Math.hypot(...values)
    const angles = codes
      .slice(1)
      .map((code, i) =>
        Math.acos(Math.min(1, code.reduce((sum, value, j) => sum + value * codes[i]![j]!, 0) / length(code) / length(codes[i]!))),
      )
    const steps = codes.slice(1).map((code, i) => length(code.map((value, j) => value - codes[i]![j]!)))
    if (path === 'linear')
      close(
        steps,
        steps.map(() => steps[0]!),
        1e-5,
      )
    else {
      close(
        angles,
        angles.map(() => angles[0]!),
        1e-3,
      )
      close(
        codes.map(length),
        codes.map((_, i) => length(codes[0]!) + (i / 8) * (length(codes[8]!) - length(codes[0]!))),
        1e-5,
      )
    }
  }
  subject.close()
})
