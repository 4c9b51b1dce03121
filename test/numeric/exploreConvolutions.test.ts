import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pyramidOf, type Convolution } from '../../src/shared/convolutions.ts'
import { questionKinds, type QuestionInput } from '../../src/shared/questions.ts'
import { sizeOf, type Shape } from '../../src/shared/shape.ts'
import type { PackedDataset } from '../../src/main/engine/data/packed.ts'
import { whyNot } from '../../src/main/engine/explore/suits.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { convolve64, convolveBack64 } from '../fixtures/convolutions64.ts'
import { ask, subjectOf, weightsFor } from '../fixtures/explored.ts'
import { datasetOf } from './evaluateFixtures.ts'

/** Networks with convolutions are looked into as others are; what they have more is held against plain loops in float64. */

const count = 40,
  testFrom = 16

/** Colour images of a size, in three classes; every pixel differs. */
function imagesOf(shape: Shape): PackedDataset {
  let state = 1
  const bytes = Uint8Array.from({ length: count * sizeOf(shape) }, () => (state = (state * 48_271) % 2_147_483_647) % 256)
  const labels = Uint8Array.from({ length: count }, (_, row) => row % 3)
  return { ...datasetOf(bytes, sizeOf(shape), labels, testFrom), ...shape }
}

function configFor(variant: string, size: Shape, network: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const facts = { kind: 'image' as const, size, rowSize: sizeOf(size), trainCount: testFrom, classes: 3 }
  const { config, problems } = resolveConfig(variant, { network, ...more } as never, facts)
  assert.ok(config, JSON.stringify(problems))
  return config
}

const odd: Shape = { width: 21, height: 17, channels: 3 }
const pyramid: Convolution[] = [
  { filters: 5, kernel: 4, stride: 2 },
  { filters: 6, kernel: 3, stride: 1 },
  { filters: 4, kernel: 4, stride: 2 },
]
const shapes = pyramidOf(pyramid, odd)

/** What a subject with these convolutions is asked, and what loops say of it. */
function looked(activation: 'elu' | 'relu', change: (weights: Record<string, Float32Array>) => void = () => {}) {
  const dataset = imagesOf(odd)
  const config = configFor('classical', odd, { convolutions: '5x4s2,6x3,4x4s2', layers: [6], activation })
  const weights = weightsFor('classical', config, odd)
  change(weights)
  const active = activation === 'elu' ? (x: number) => (x > 0 ? x : Math.expm1(x)) : (x: number) => Math.max(0, x)
  const pixels = (row: number) => {
    const bytes = new Uint8Array(sizeOf(odd))
    dataset.gather([row], bytes)
    return Float64Array.from(bytes, (byte) => byte / 255)
  }
  const mapsOf = (row: number): Float64Array[] => {
    let h = pixels(row)
    return pyramid.map((each, at) => {
      const bias = weights[`encoder/conv${at}/bias`]!
      return (h = convolve64(h, weights[`encoder/conv${at}/kernel`]!, shapes[at]!, each).map((value, i) =>
        active(value + bias[i % bias.length]!),
      ))
    })
  }
  return { dataset, subject: subjectOf('classical', config, weights, dataset), weights, pixels, mapsOf }
}

test('feature maps are those of loops in float64, in one gray scale a layer', async () => {
  const { subject, mapsOf } = looked('elu')
  const result = await ask(subject, { kind: 'featureMaps', image: { row: 19 }, maps: 5 })
  assert.deepEqual([result.row, result.label, result.images, result.of], [19, 1, count - testFrom, count - testFrom])
  assert.deepEqual(
    result.layers.map(({ name, filters, width, height, maps }) => [name, filters, width, height, maps.count]),
    [
      ['conv0', 5, 11, 9, 5],
      ['conv1', 6, 11, 9, 5],
      ['conv2', 4, 6, 5, 4],
    ],
  )
  const wanted = mapsOf(19)
  result.layers.forEach(({ filters, width, height, activations, maps, low, high, name }, at) => {
    const all = wanted[at]!
    assert.ok(Math.abs(low - Math.min(...all)) < 1e-4 && Math.abs(high - Math.max(...all)) < 1e-4, name)
    assert.equal(activations.length, maps.count * width * height)
    activations.forEach((value, i) => {
      const map = Math.floor(i / (width * height)),
        place = i % (width * height)
      const loop = all[place * filters + map]!
      assert.ok(Math.abs(value - loop) < 1e-4, `${name} map ${map} at ${place}: ${value} and ${loop}`)
      assert.ok(Math.abs(maps.pixels[i]! - (255 * (loop - low)) / (high - low)) <= 0.51, `${name} map ${map} is drawn`)
    })
  })
  subject.close()
})

test('the patches that excite a filter most, their places and what these read are those of brute force', async () => {
  const { subject, weights, dataset, mapsOf, pixels } = looked('elu')
  const all = Array.from(dataset.test, (row) => ({ row, maps: mapsOf(row) }))
  for (const [layer, { filters }] of pyramid.entries()) {
    const result = await ask(subject, { kind: 'filters', layer, offset: 1, exciting: 7 })
    const { width, height } = shapes[layer + 1]!
    assert.deepEqual([result.images, result.of, [...result.shown]], [24, 24, Array.from({ length: filters - 1 }, (_, i) => i + 1)])
    assert.equal(result.patches!.count, 7 * (filters - 1))
    for (let filter = 0; filter < filters; filter++) {
      const peaks = all
        .map(({ row, maps }) => {
          const map = Array.from({ length: width * height }, (_, place) => maps[layer]![place * filters + filter]!)
          return { row, value: Math.max(...map), least: Math.min(...map), place: map.indexOf(Math.max(...map)) }
        })
        .toSorted((a, b) => b.value - a.value)
      const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-4, `conv${layer} filter ${filter}: ${a} and ${b}`)
      near(result.maximum[filter]!, peaks[0]!.value)
      near(result.minimum[filter]!, Math.min(...peaks.map(({ least }) => least)))
      if (filter === 0) continue
      for (let i = 0; i < 7; i++) {
        const at = (filter - 1) * 7 + i,
          peak = peaks[i]!
        assert.equal(result.excitingRows[at], peak.row, `conv${layer} filter ${filter}, image ${i}`)
        assert.equal(result.excitingLabels[at], peak.row % 3)
        near(result.excitingValues[at]!, peak.value)
        // What a place reads are the pixels that a gradient of it reaches where no weight is 0.
        let reached: Float64Array = new Float64Array(width * height * filters)
        reached[peak.place * filters] = 1
        for (let below = layer; below >= 0; below--) {
          const { filters: out, kernel } = pyramid[below]!
          const ones = new Float64Array(kernel * kernel * shapes[below]!.channels * out).fill(1)
          reached = convolveBack64(reached, ones, shapes[below]!, pyramid[below]!)
        }
        const [left, top, across, down] = result.boxes.subarray(4 * at, 4 * at + 4) as unknown as [number, number, number, number]
        assert.deepEqual(result.layers[layer]!.field, { width: across, height: down })
        const patch = result.patches!
        assert.deepEqual([patch.width, patch.height], [Math.min(21, across), Math.min(17, down)])
        const image = pixels(peak.row)
        for (let y = 0; y < 17; y++)
          for (let x = 0; x < 21; x++) {
            const inside = x >= left && x < left + across && y >= top && y < top + down
            assert.equal(inside, reached[(y * 21 + x) * 3]! > 0, `conv${layer} filter ${filter}, image ${i}, pixel ${x} ${y}`)
            const [px, py] = [across >= 21 ? x : x - left, down >= 17 ? y : y - top]
            if (px < 0 || py < 0 || px >= patch.width || py >= patch.height) continue
            const drawn = patch.pixels[((at * patch.height + py) * patch.width + px) * 3]
            assert.equal(drawn, Math.round(255 * image[(y * 21 + x) * 3]!))
          }
      }
    }
    assert.equal(result.kernels === null, layer > 0)
  }
  const { kernels } = await ask(subject, { kind: 'filters', offset: 2, count: 2, exciting: 0 })
  assert.deepEqual([kernels!.count, kernels!.width, kernels!.height, kernels!.channels], [2, 4, 4, 3])
  const filter = Array.from({ length: 48 }, (_, i) => weights['encoder/conv0/kernel']![i * 5 + 2]!)
  const largest = Math.max(...filter.map(Math.abs))
  filter.forEach((weight, i) => assert.ok(Math.abs(kernels!.pixels[i]! - (127.5 + (127.5 * weight) / largest)) <= 0.5001))
  subject.close()
})

test('maps that are zero in every image of the sample are dead, and no others; the sample is bounded', async () => {
  const { subject } = looked('relu', (weights) => {
    weights['encoder/conv0/bias']![3] = -1000
    weights['encoder/conv2/bias']![1] = -1000
  })
  const { layers } = await ask(subject, { kind: 'featureMaps' })
  assert.deepEqual(
    layers.map(({ dead }) => [...dead]),
    [
      [0, 0, 0, 1, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 1, 0, 0],
    ],
  )
  const few = await ask(subject, { kind: 'filters', layer: 2, images: 4, exciting: 9 })
  assert.deepEqual([few.images, few.of, few.excitingRows.length, few.dead[1]], [4, 24, 16, 1])
  await assert.rejects(ask(subject, { kind: 'filters', layer: 3 }), { code: 'QUESTION_UNSUITABLE', message: /has 3 convolutions/ })
  subject.close()
})

for (const size of [{ width: 32, height: 32, channels: 3 }, odd] satisfies Shape[])
  for (const variant of ['classical', 'denoising', 'contractive', 'variational'])
    test(`${variant} with convolutions of ${size.width}x${size.height} images answers every question`, async () => {
      const images = imagesOf(size)
      const config = configFor(variant, size, { convolutions: '6x4s2,8x4s2', layers: [12, 5], activation: 'elu' })
      const subject = subjectOf(variant, config, weightsFor(variant, config, size), images),
        image = { row: 3 }
      const asked: Partial<Record<QuestionInput['kind'], QuestionInput>> = {
        neighbours: { kind: 'neighbours', image },
        chain: { kind: 'chain', start: image, steps: 2 },
        interpolate: { kind: 'interpolate', from: image, to: { row: 9 } },
        decode: { kind: 'decode', coordinates: new Float32Array(5) },
        field: { kind: 'field', through: [image, { row: 4 }, { row: 7 }], size: 4, pathSteps: 2 },
        walk: { kind: 'walk', image },
        map: { kind: 'map', method: 'umap', count: 20 },
        manifold: { kind: 'manifold', size: 3 },
      }
      for (const kind of questionKinds) {
        assert.equal(whyNot(kind, { config, variant }, images as never), null)
        const result = await ask(subject, asked[kind] ?? ({ kind } as QuestionInput))
        let pictures = 0
        const look = (value: unknown): void => {
          if (value instanceof Float32Array) assert.ok(value.every(Number.isFinite), kind)
          else if (typeof value === 'number') assert.ok(Number.isFinite(value), kind)
          else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
            if ('pixels' in value && 'channels' in value && value.channels === 3) pictures++
            Object.values(value).forEach(look)
          }
        }
        look(result)
        // Whatever is of the input's size is drawn in its colours.
        if (!['map', 'histograms', 'agreement', 'contraction'].includes(kind)) assert.ok(pictures > 0, `${kind} has pictures`)
      }
      subject.close()
    })

test('networks without convolutions are refused feature maps with a sentence', () => {
  const config = configFor('classical', odd, { convolutions: 'none', layers: [6] })
  for (const kind of ['featureMaps', 'filters'] as const)
    assert.match(whyNot(kind, { config, variant: 'classical' }, imagesOf(odd) as never)!, /no convolutions.*;.*\.$/)
})
