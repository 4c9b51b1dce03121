import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QuestionInput } from '../../src/shared/questions.ts'
import { sampleRows } from '../../src/main/engine/explore/rows.ts'
import { affinities, gradientAt, pairDistances, tsne } from '../../src/main/engine/explore/tsne.ts'
import { umap } from '../../src/main/engine/explore/umap.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { normals } from '../../src/main/engine/data/reals.ts'
import { ask, configOf, normalNumbers, subjectOf, weightsFor } from '../fixtures/explored.ts'
import { rowsOf, times, transpose, type Matrix } from '../fixtures/linear.ts'
import { datasetOf } from './evaluateFixtures.ts'

const noReport = async () => {}

/** KL(P || Q) of places [3, n], and its gradient. */
function divergence(affinity: Float32Array, places: Float64Array, gradient: Float64Array): number {
  const kernel = new Float32Array(affinity.length)
  const total = gradientAt(affinity, places, gradient, 1, kernel)
  return affinity.reduce((cost, p, at) => cost + 2 * p * Math.log(Math.max(p, 1e-12) / Math.max(kernel[at]! / total, 1e-12)), 0)
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0)

/** Points around three far centres of a larger space; label and row by turns. */
function clusters(count: number, width: number): { values: Float32Array; labels: number[] } {
  const normal = normals(random('clusters', 1))
  const labels = Array.from({ length: count }, (_, i) => i % 3)
  return {
    values: Float32Array.from(
      { length: count * width },
      (_, at) => normal() + (at % width === labels[Math.floor(at / width)]! ? 12 : 0),
    ),
    labels,
  }
}
/** Share of points whose nearest place is one of their own cluster's. */
function nearestAgree(places: Float32Array, dimensions: number, labels: number[]): number {
  const rows = rowsOf(places, dimensions)
  return (
    sum(
      rows.map((row, i) => {
        const distances = rows.map((other, j) => (i === j ? Infinity : sum(other.map((value, k) => (value - row[k]!) ** 2))))
        return Number(labels[distances.indexOf(Math.min(...distances))] === labels[i])
      }),
    ) / rows.length
  )
}

test('t-SNE: affinities have the perplexity, the gradient is that of finite differences, clusters are apart, draws repeat', async () => {
  const count = 30,
    width = 5,
    values = normalNumbers(count * width, 7)
  const distances = pairDistances(values, width),
    at = (i: number, j: number) => distances[i > j ? (i * (i - 1)) / 2 + j : (j * (j - 1)) / 2 + i]!
  const affinity = await affinities(distances, count, 8, noReport)
  assert.ok(Math.abs(2 * sum(affinity) - 1) < 1e-5, 'all ordered pairs together are 1')
  // From the definition: p_j|i with a width for each i that gives the perplexity, found by bisection on its logarithm.
  const conditional = Array.from({ length: count }, (_, i) => {
    const row = (beta: number) => {
      const weights = Array.from({ length: count }, (__, j) => (i === j ? 0 : Math.exp(-beta * at(i, j))))
      return weights.map((weight) => weight / sum(weights))
    }
    let [low, high] = [-12, 6]
    for (let turn = 0; turn < 80; turn++) {
      const middle = (low + high) / 2,
        entropy = -sum(row(Math.exp(middle)).map((p) => (p > 0 ? p * Math.log(p) : 0)))
      if (entropy > Math.log(8)) low = middle
      else high = middle
    }
    return row(Math.exp(low))
  })
  for (let i = 1, pair = 0; i < count; i++) {
    for (let j = 0; j < i; j++, pair++)
      assert.ok(Math.abs(affinity[pair]! - (conditional[i]![j]! + conditional[j]![i]!) / (2 * count)) < 1e-6, `${i} ${j}`)
  }
  for (const dimensions of [1, 2, 3]) {
    const places = new Float64Array(3 * count),
      gradient = new Float64Array(places.length),
      none = new Float64Array(places.length)
    places.set(normalNumbers(count * dimensions, 3))
    divergence(affinity, places, gradient)
    for (let k = 0; k < count * dimensions; k += 7) {
      const value = places[k]!,
        step = 1e-3
      places[k] = value + step
      const above = divergence(affinity, places, none)
      places[k] = value - step
      const below = divergence(affinity, places, none)
      places[k] = value
      assert.ok(
        Math.abs(gradient[k]! - (above - below) / (2 * step)) < 1e-4 * Math.max(1, Math.abs(gradient[k]!)),
        `${gradient[k]} and ${(above - below) / (2 * step)}`,
      )
    }
  }

  const { values: far, labels } = clusters(150, 10)
  const shares: number[] = []
  const options = {
    perplexity: 20,
    seed: 1,
    dimensions: 2,
    iterations: 250,
    report: async (share: number) => {
      shares.push(share)
    },
  }
  const start = Float32Array.from({ length: 300 }, (_, i) => far[Math.floor(i / 2) * 10 + (i % 2)]!)
  const places = await tsne(far, 10, start, options)
  assert.ok(nearestAgree(places, 2, labels) > 0.98, `${nearestAgree(places, 2, labels)}`)
  assert.ok(shares.length > 200 && shares.at(-1) === 1 && shares.every((share, i) => i === 0 || share >= shares[i - 1]!))
  assert.deepEqual(await tsne(far, 10, start, options), places)
  // Its divergence is lower than that of the principal components that it began with, at any scale of these.
  const attraction = await affinities(pairDistances(far, 10), 150, 20, noReport),
    unused = new Float64Array(450)
  const byAxes = (values: Float32Array, scale: number) =>
    Float64Array.from({ length: 450 }, (_, at) => (at < 300 ? values[2 * (at % 150) + Math.floor(at / 150)]! * scale : 0))
  const reached = divergence(attraction, byAxes(places, 1), unused)
  for (const scale of [0.1, 0.3, 1, 3, 10]) assert.ok(reached < 0.8 * divergence(attraction, byAxes(start, scale), unused))
})

test('UMAP: clusters are apart, draws repeat, whoever stops it stops it', async () => {
  const { values, labels } = clusters(150, 10)
  const options = { neighbours: 10, seed: 1, dimensions: 2, report: noReport }
  const places = await umap(values, 10, options)
  assert.equal(places.length, 300)
  assert.ok(nearestAgree(places, 2, labels) > 0.98)
  assert.deepEqual(await umap(values, 10, options), places)
  assert.notDeepEqual(await umap(values, 10, { ...options, seed: 2 }), places)
  let reports = 0
  await assert.rejects(
    umap(values, 10, {
      ...options,
      report: async () => {
        if (++reports === 20) throw new Error('enough')
      },
    }),
    /enough/,
  )
  assert.equal(reports, 20)
})

const width = 6
const config = configOf('classical', { network: { layers: [5, 3], activation: 'tanh', codeActivation: 'linear' } }, 'vector')
const labels = Uint8Array.from({ length: 200 }, (_, row) => row % 4)
const data = datasetOf(normalNumbers(200 * width, 2), width, labels, 120)
const weights = weightsFor('classical', config, width)
const affine = (rows: Matrix, name: string) =>
  times(rows, rowsOf(weights[`${name}/kernel`]!, weights[`${name}/bias`]!.length)).map((row) =>
    row.map((value, j) => value + weights[`${name}/bias`]![j]!),
  )
const hiddenOf = (rows: Matrix) => affine(rows, 'encoder/0').map((row) => row.map(Math.tanh))
const codesOf = (rows: Matrix): Matrix => affine(hiddenOf(rows), 'encoder/1')
const all = rowsOf(normalNumbers(200 * width, 2), width),
  codes = codesOf(all)

test('maps show the same rows of every run, evenly over the classes; units as they are', async () => {
  const subject = subjectOf('classical', config, weights, data),
    other = subjectOf('classical', config, weightsFor('classical', config, width, 9), data, 7)
  for (const method of ['units', 'pca', 'tsne', 'umap'] as const) {
    const map = await ask(subject, { kind: 'map', method, count: 40, dimensions: 3, perplexity: 5, neighbours: 5 }),
      same = await ask(other, { kind: 'map', method, count: 40, dimensions: 3, perplexity: 5, neighbours: 5 })
    assert.deepEqual([map.rows, map.labels, map.coordinates.length, map.dimensions], [same.rows, same.labels, 120, 3])
    assert.deepEqual(
      [0, 1, 2, 3].map((label) => map.labels.filter((each) => each === label).length),
      [10, 10, 10, 10],
    )
    assert.ok([...map.rows].every((row) => row >= 120) && map.coordinates.every(Number.isFinite))
    assert.equal(map.of, 80)
    if (method === 'units')
      map.coordinates.forEach((value, at) => assert.ok(Math.abs(value - codes[map.rows[Math.floor(at / 3)]!]![at % 3]!) < 1e-5))
  }
  // All codes where as many are asked for; what is computed of every pair, of fewer.
  const whole = await ask(subject, { kind: 'map', split: 'all', count: 70_000 })
  assert.deepEqual([[...whole.rows], whole.of, whole.coordinates.length], [Array.from({ length: 200 }, (_, row) => row), 200, 400])
  assert.deepEqual([...(await ask(subject, { kind: 'map', split: 'train', count: 200_000 })).rows], [...subject.trainRows])
  assert.deepEqual(sampleRows(data.test, data.labels, 12, 1), sampleRows(data.test, data.labels, 12, 1))
  assert.notDeepEqual(sampleRows(data.test, data.labels, 12, 1), sampleRows(data.test, data.labels, 12, 2))
  subject.close()
  other.close()
})

test('figures, histograms and most exciting images of units are those of plain loops', async () => {
  const subject = subjectOf('classical', config, weights, data)
  const test = codes.slice(120)
  const units = await ask(subject, { kind: 'units', exciting: 5, bins: 8 })
  for (const unit of [0, 1, 2]) {
    const values = test.map((row) => row[unit]!),
      mean = sum(values) / 80
    const expected = {
      mean,
      deviation: Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / 80),
      minimum: Math.min(...values),
      maximum: Math.max(...values),
      activity: values.filter((value) => Math.abs(value) > 0.05).length / 80,
    }
    for (const key of ['mean', 'deviation', 'minimum', 'maximum', 'activity'] as const)
      assert.ok(Math.abs(units[key][unit]! - expected[key]) < 1e-5, key)
    const order = values
      .map((_, i) => i)
      .sort((a, b) => values[b]! - values[a]!)
      .slice(0, 5)
    assert.deepEqual(
      [...units.excitingRows.subarray(unit * 5, unit * 5 + 5)],
      order.map((i) => 120 + i),
    )
    assert.deepEqual(
      [...units.excitingLabels.subarray(unit * 5, unit * 5 + 5)],
      order.map((i) => (120 + i) % 4),
    )
    const counts = Array.from(
      { length: 8 },
      (_, bin) =>
        values.filter((value) => (bin === 0 || value >= units.edges[bin]!) && (bin === 7 || value < units.edges[bin + 1]!)).length,
    )
    assert.deepEqual([...units.counts.subarray(unit * 8, unit * 8 + 8)], counts)
  }
  // Mean gradients over the test rows that are chosen, by finite differences.
  assert.equal(units.filterOf, 'meanGradient')
  const chosen = [...sampleRows(data.test, data.labels, 64, 1)],
    step = 1e-5
  const gradient = Array.from({ length: width }, (_, d) => {
    const moved = (h: number) => codesOf(chosen.map((row) => all[row]!.map((value, i) => (i === d ? value + h : value))))
    const [above, below] = [moved(step), moved(-step)]
    return sum(above.map((row, i) => (row[1]! - below[i]![1]!) / (2 * step))) / chosen.length
  })
  const largest = Math.max(...gradient.map(Math.abs))
  units.filters
    .images!.pixels.slice(width, 2 * width)
    .forEach((pixel, d) => assert.ok(Math.abs(pixel - (127.5 + (127.5 * gradient[d]!) / largest)) < 1))

  const histograms = await ask(subject, { kind: 'histograms', bins: 10 })
  assert.deepEqual([histograms.units, histograms.images, sum(histograms.counts), sum(histograms.total)], [3, 80, 240, 240])
  histograms.total.forEach((count, bin) => assert.equal(count, sum([0, 1, 2].map((unit) => histograms.counts[unit * 10 + bin]!))))
  subject.close()

  const single = configOf('classical', { network: { layers: [4], codeActivation: 'relu' } }, 'vector'),
    kernel = weightsFor('classical', single, width)
  const dead = { ...kernel, 'encoder/0/bias': Float32Array.of(-1e3, 1e3, 0, 0) }
  const states = await ask(subjectOf('classical', single, dead, data), { kind: 'units' })
  assert.deepEqual([states.filterOf, states.state[0], states.state[1]], ['kernel', 'dead', 'alwaysOn'])
})

test('agreement over the test split is that of brute force', async () => {
  const subject = subjectOf('classical', config, weights, data)
  for (const [metric, among] of [
    ['euclidean', 'all'],
    ['cosine', 'train'],
  ] as const) {
    const found = await ask(subject, { kind: 'agreement', count: 7, metric, among })
    const share = (rows: Matrix) => {
      const unit = rows.map((row) => row.map((value) => value / (metric === 'cosine' ? Math.hypot(...row) : 1)))
      const candidates = rows.map((_, row) => row).filter((row) => among === 'all' || row < 120)
      return (
        sum(
          Array.from({ length: 80 }, (_, i) => {
            const query = 120 + i,
              distance = (row: number) => sum(unit[row]!.map((value, k) => (value - unit[query]![k]!) ** 2))
            const nearest = candidates
              .filter((row) => row !== query)
              .map((row) => ({ row, distance: distance(row) }))
              .sort((a, b) => a.distance - b.distance)
              .slice(0, 7)
            return nearest.filter(({ row }) => labels[row] === labels[query]).length / 7
          }),
        ) / 80
      )
    }
    assert.equal(found.queries, 80)
    assert.ok(
      Math.abs(found.code - share(codes)) < 1e-9 && Math.abs(found.pixels - share(all)) < 1e-9,
      `${found.code} ${share(codes)} ${found.pixels} ${share(all)}`,
    )
    assert.ok(Math.abs(found.chance - (among === 'all' ? 49 / 199 : 0.25)) < 1e-9)
  }
  subject.close()
})

test('agreement is what neighbours of every image say, for any number of them, with ties, copies and codes of zeros', async () => {
  const size = 2400,
    classes = 4,
    normal = normalNumbers(size * width, 11)
  const groups = Uint8Array.from({ length: size }, (_, row) => row % classes)
  // Classes lie apart a little; a tenth of the rows are copies, and a fifth has many equal distances.
  const values = normal.map((value, at) => {
    const row = Math.floor(at / width)
    const moved = value + (at % width === groups[row]! ? 0.7 : 0)
    return row % 5 === 0 ? Math.round(moved) : moved
  })
  for (let row = 100; row < size; row += 10) values.copyWithin(row * width, 10 * width, 11 * width)
  const many = datasetOf(values, width, groups, size - 20)
  const relu = configOf('classical', { network: { layers: [3], codeActivation: 'relu' } }, 'vector')
  const drawn = weightsFor('classical', relu, width)
  const dead = { ...drawn, 'encoder/0/bias': new Float32Array(3).fill(-1e6) }
  for (const [own, what] of [
    [drawn, 'a third of the codes is 0'],
    [dead, 'all codes are 0'],
  ] as const) {
    const subject = subjectOf('classical', relu, own, many)
    for (const metric of ['euclidean', 'cosine'] as const) {
      for (const count of [1, 10, 100]) {
        const found = await ask(subject, { kind: 'agreement', count, metric, among: 'all' })
        const each = []
        for (const row of many.test)
          each.push(await ask(subject, { kind: 'neighbours', image: { row }, count, metric, among: 'all' }))
        for (const key of ['code', 'pixels'] as const) {
          const mean = sum(each.map((one) => one[key].sameClass!)) / each.length
          assert.ok(Math.abs(found[key] - mean) < 1e-9, `${what}, ${metric}, ${count}, ${key}: ${found[key]} for ${mean}`)
        }
      }
    }
    subject.close()
  }
  // No more neighbours than there are images.
  const few = subjectOf('classical', relu, drawn, datasetOf(values.slice(0, 20 * width), width, groups.slice(0, 20), 15))
  assert.equal((await ask(few, { kind: 'agreement', count: 100 })).count, 19)
  few.close()
})

test('of codes that do not vary nothing is explained', async () => {
  const linear = configOf('classical', { network: { layers: [3], codeActivation: 'linear' } }, 'vector')
  const own = weightsFor('classical', linear, width)
  // 0.1 has no exact sum; and a code that varies by its last digit alone.
  for (const scale of [0, 1e-9]) {
    const constant = {
      ...own,
      'encoder/0/kernel': own['encoder/0/kernel']!.map((value) => value * scale),
      'encoder/0/bias': new Float32Array(3).fill(0.1),
    }
    const subject = subjectOf('classical', linear, constant, data)
    assert.deepEqual((await ask(subject, { kind: 'map', method: 'pca' })).explained, [0, 0])
    subject.close()
  }
  const subject = subjectOf('classical', linear, own, data)
  const { explained } = await ask(subject, { kind: 'map', method: 'pca', dimensions: 3 })
  assert.ok(Math.abs(sum(explained!) - 1) < 1e-4)
  subject.close()
})

test('contraction: a linear encoder stretches as its kernel does; on the way between two images as its Jacobian', async () => {
  const linear = configOf('classical', { network: { layers: [4], codeActivation: 'linear' } }, 'vector'),
    own = weightsFor('classical', linear, width)
  const subject = subjectOf('classical', linear, own, data)
  const kernel = rowsOf(own['encoder/0/kernel']!, 4)
  const found = await ask(subject, { kind: 'contraction', images: 80, between: [{ row: 3 }, { row: 8 }], steps: 5, largest: 4 })
  // E|W'u|^2 over the sphere is |W|^2 / D; the mean of |W'u| lies below its root, and no radius differs from another.
  const squares = sum(kernel.flat().map((value) => value ** 2))
  found.mean.forEach((value) => assert.ok(Math.abs(value - found.mean[15]!) < 1e-3))
  assert.ok(found.mean[0]! < Math.sqrt(squares / width) * 1.05 && found.mean[0]! > Math.sqrt(squares / width) * 0.8)
  assert.ok(found.low.every((value, i) => value <= found.mean[i]! && found.high[i]! >= found.mean[i]!))
  assert.ok(Math.abs(found.radii[15]! - 4) < 1e-6 && Math.abs(found.radii[0]! - 4 / 64) < 1e-6)
  const way = all[8]!.map((value, i) => value - all[3]![i]!),
    length = Math.hypot(...way)
  const along = Math.hypot(...times([way], kernel)[0]!) / length
  found.between!.along.forEach((value) => assert.ok(Math.abs(value - along) < 1e-4))
  found.between!.norm.forEach((value) => assert.ok(Math.abs(value - Math.sqrt(squares)) < 1e-4))
  assert.ok(Math.abs(found.between!.codeDistance - along * length) < 1e-3 && Math.abs(found.between!.inputDistance - length) < 1e-4)
  subject.close()

  // A bent one: between the images by the slopes that are there.
  const bent = subjectOf('classical', config, weights, data)
  const { between } = await ask(bent, { kind: 'contraction', images: 10, between: [{ row: 3 }, { row: 8 }], steps: 3 })
  const middle = all[3]!.map((value, i) => (value + all[8]![i]!) / 2),
    slopes = hiddenOf([middle])[0]!.map((value) => 1 - value * value)
  const jacobian = times(
    transpose(rowsOf(weights['encoder/1/kernel']!, 3)),
    slopes.map((slope, j) => transpose(rowsOf(weights['encoder/0/kernel']!, 5))[j]!.map((value) => value * slope)),
  )
  assert.ok(Math.abs(between!.norm[1]! - Math.sqrt(sum(jacobian.flat().map((value) => value ** 2)))) < 1e-4)
  bent.close()
})

test('copying: what rebuilds noise has learned to copy, and what projects on the data has not', async () => {
  // Data on a plane of the six dimensions; one network is the identity, the other the projection on that plane.
  const base = [
    [1, 1, 0, 0, 0, 0],
    [0, 0, 1, -1, 0, 0],
  ].map((row) => row.map((value) => value / Math.SQRT2))
  const rows = datasetOf(Float32Array.from(times(rowsOf(normalNumbers(400, 3), 2), base).flat()), width, null, 100)
  const tried = async (units: number, encoder: Matrix, decoder: Matrix) => {
    const own = configOf(
      'classical',
      { network: { layers: [units], codeActivation: 'linear', outputActivation: 'linear' } },
      'vector',
    )
    const subject = subjectOf(
      'classical',
      own,
      {
        'encoder/0/kernel': Float32Array.from(encoder.flat()),
        'encoder/0/bias': new Float32Array(units),
        'decoder/0/kernel': Float32Array.from(decoder.flat()),
        'decoder/0/bias': new Float32Array(width),
      },
      rows,
    )
    const found = await ask(subject, { kind: 'copying', count: 5 })
    subject.close()
    return found
  }
  const eye = base[0]!.map((_, i) => base[0]!.map((__, j) => Number(i === j)))
  const copies = await tried(6, eye, eye),
    projects = await tried(2, transpose(base), base)
  assert.ok(copies.own.rebuilt > 0.999 && copies.other.rebuilt > 0.999)
  assert.match(
    copies.sentence,
    /100% of the variance of “tried” is reconstructed, and 100% of that of random pixels: the network copies its input\./,
  )
  assert.ok(projects.own.rebuilt > 0.999 && Math.abs(projects.other.rebuilt - 1 / 3) < 0.05, `${projects.other.rebuilt}`)
  assert.match(projects.sentence, /reconstructs what it was trained on/)
  assert.deepEqual([projects.originals.images!.count, [...projects.rows]], [5, [-1, -1, -1, -1, -1]])
})

test('no question leaves a tensor behind, asked to its end or stopped', async () => {
  const subject = subjectOf('classical', config, weights, data),
    image = { row: 3 }
  const questions: QuestionInput[] = [
    { kind: 'reconstructions', corruption: { kind: 'gaussian', level: 0.3 } },
    { kind: 'map', method: 'tsne', count: 40, side: 4 },
    { kind: 'map', method: 'umap', count: 40 },
    { kind: 'histograms' },
    { kind: 'neighbours', image },
    { kind: 'agreement' },
    { kind: 'chain', start: image, steps: 5, sampled: true },
    { kind: 'generate', from: 'mixture', components: 2 },
    { kind: 'traverse', image },
    { kind: 'interpolate', from: image, to: { row: 5 } },
    { kind: 'manifold', size: 4 },
    { kind: 'decode', coordinates: new Float32Array(3) },
    { kind: 'field', through: [image, { row: 4 }, { row: 5 }], size: 5, pathSteps: 4, corruption: { kind: 'masking', level: 0.2 } },
    { kind: 'tangents', average: 5 },
    { kind: 'walk', image },
    { kind: 'contraction', between: [image, { row: 9 }] },
    { kind: 'units' },
    { kind: 'copying' },
  ]
  for (const question of questions) {
    // The first time something may be kept to answer faster.
    await ask(subject, question)
    const before = tf.memory().numTensors
    await ask(subject, question)
    assert.equal(tf.memory().numTensors, before, question.kind)
    let reports = 0
    await ask(subject, question, async () => {
      if (++reports === 2) throw new Error('enough')
    }).catch((thrown: Error) => assert.equal(thrown.message, 'enough'))
    assert.equal(tf.memory().numTensors, before, `${question.kind}, stopped`)
  }
  subject.close()
})
