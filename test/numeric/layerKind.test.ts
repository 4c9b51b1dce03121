import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkSchema, type NetworkConfig } from '../../src/shared/config.ts'
import { sizeOf, vectorOf, type Shape } from '../../src/shared/shape.ts'
import { normals } from '../../src/main/engine/data/reals.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { sumOfNorms } from '../../src/main/engine/evaluate/jacobian.ts'
import type { Model } from '../../src/main/engine/evaluate/model.ts'
import { jacobianOf } from '../../src/main/engine/explore/tangent.ts'
import { pullBack } from '../../src/main/engine/network/jacobian.ts'
import { specsOf, usedKernel, type LayerKind, type LinearMap } from '../../src/main/engine/network/layer.ts'
import { denseLayers } from '../../src/main/engine/network/layers/dense.ts'
import { Network } from '../../src/main/engine/network/network.ts'
import { layersOf, type Layers } from '../../src/main/engine/network/weights.ts'
import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'

/** A kind of layers that only this test has: a convolution along a line, stride 2, which is in truth a matrix with many zeros. */
const size = 3,
  stride = 2,
  filters = 4

/** Of which weight of its kernel each entry of the matrix [in, out] is; -1 where it is 0. */
function placesIn(input: Shape, output: Shape): Int32Array {
  const [inputs, outputs] = [sizeOf(input), sizeOf(output)]
  const before = Math.floor(Math.max((output.width - 1) * stride + size - input.width, 0) / 2)
  const places = new Int32Array(inputs * outputs).fill(-1)
  for (let at = 0; at < output.width; at++)
    for (let tap = 0; tap < size; tap++) {
      const from = at * stride + tap - before
      if (from < 0 || from >= input.width) continue
      for (let channel = 0; channel < input.channels; channel++)
        for (let filter = 0; filter < filters; filter++)
          places[(from * input.channels + channel) * outputs + at * filters + filter] =
            (tap * input.channels + channel) * filters + filter
    }
  return places
}

function line(input: Shape): LinearMap {
  const output = { height: 1, width: Math.ceil(input.width / stride), channels: filters }
  const places = placesIn(input, output)
  const matrixOf = (kernel: Tensor, product2d: (a: Tensor2D, b: Tensor2D) => Tensor2D): Tensor2D => {
    const chosen = tf.oneHot(tf.tensor1d(places, 'int32'), kernel.size).cast('float32') as Tensor2D
    return product2d(chosen, kernel.reshape([kernel.size, 1])).reshape([sizeOf(input), sizeOf(output)])
  }
  const map: LinearMap = {
    kind: 'line',
    in: input,
    out: output,
    kernel: [size, input.channels, filters],
    operations: 2 * size * input.channels * sizeOf(output),
    fan: { in: size * input.channels, out: size * filters },
    biases: { in: input.channels, out: filters },
    filter: { height: 1, width: size, channels: input.channels },
    apply: (x, kernel, { product2d }) => product2d(x, matrixOf(kernel, product2d)),
    back: (y, kernel, { product2d }) => product2d(y, matrixOf(kernel, product2d), false, true),
    matrix: () => null,
    mirror: () => ({ map, adjoint: true, kernelOf: (kernel) => kernel }),
  }
  return map
}
const lines: LayerKind = { prefix: 'line', mapsOf: (_, input) => [line(input)], onnx: {} }

const input: Shape = { height: 1, width: 7, channels: 2 }
const statistics = { mean: [0.3, -0.2], deviation: [0.5, 2] }
const B = 3
const normal = normals(random('layer kind'))
const drawn = (count: number, scale = 1) => Float32Array.from({ length: count }, () => scale * normal())
const lengthOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1)
const x = () => tf.tensor2d(inputs.slice(), [B, sizeOf(input)])
const inputs = drawn(B * sizeOf(input))
const near = (found: Tensor | undefined, wanted: Tensor, what: string) => {
  assert.deepEqual(found!.shape, wanted.shape, what)
  const [a, b] = [found!.dataSync(), wanted.dataSync()]
  a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) <= 2e-5 * (1 + Math.abs(b[i]!)), `${what}: ${value}, expected ${b[i]}`))
}

type Values = Record<string, Float32Array>
const tensorsOf = (layers: Layers, values: Values): Record<string, Tensor> =>
  Object.fromEntries(
    [...layers.encoder, ...layers.decoder]
      .flatMap(specsOf)
      .map(({ name, shape }) => [name, tf.tensor(values[name]!.slice(), shape)]),
  )

/** The kernel's matrix, and biases for each value, where a layer is a convolution. */
function asDense(layers: Layers, values: Values, config: NetworkConfig): Values {
  const dense: Values = {}
  const maps = [...layers.encoder, ...layers.decoder]
  for (const { name, map, adjoint, kernel, bias } of maps) {
    const used = usedKernel(config, values[kernel]!, map.kernel.at(-1)!)
    const places = map.kernel.length === 3 ? placesIn(map.in, map.out) : null
    const matrix = places ? Float32Array.from(places, (place) => (place < 0 ? 0 : used[place]!)) : used
    const [rows, columns] = [sizeOf(map.in), sizeOf(map.out)]
    // A dense decoder goes forwards; the adjoint is what it multiplies by.
    dense[`${name}/kernel`] = adjoint
      ? Float32Array.from(matrix, (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]!)
      : matrix
    const added = values[bias]!
    dense[`${name}/bias`] = Float32Array.from({ length: adjoint ? rows : columns }, (_, at) => added[at % added.length]!)
  }
  return dense
}

/** A network with convolutions, and the dense one that computes the same. */
function twins(settings: Partial<NetworkConfig>, kinds: readonly LayerKind[], standardise: typeof statistics | null) {
  const config = networkSchema.parse({ layers: [5, 3], activation: 'tanh', codeActivation: 'sigmoid', ...settings })
  const layers = layersOf(config, input, null, kinds)
  const values = Object.fromEntries(
    [...layers.encoder, ...layers.decoder].flatMap(specsOf).map(({ name, shape }) => [name, drawn(lengthOf(shape), 0.6)]),
  )
  const sizes = layers.encoder.map(({ map }) => sizeOf(map.out))
  const plain = { ...config, layers: sizes, tied: false, weightNorm: false }
  const own = layersOf(plain, vectorOf(sizeOf(input)))
  // Under the names of the dense network: from the code outwards, or inwards.
  const dense = asDense(layers, values, config)
  const renamed = Object.fromEntries(
    (['encoder', 'decoder'] as const).flatMap((side) =>
      own[side].flatMap(({ name }, index) =>
        ['kernel', 'bias'].map((part) => [`${name}/${part}`, dense[`${layers[side][index]!.name}/${part}`]!]),
      ),
    ),
  )
  const shared = { reconstruction: 'squaredError' as const, standardise }
  const network = (tensors: Record<string, Tensor>) => new Network({ network: config, layers, ...shared }, tensors)
  const reference = (tensors: Record<string, Tensor>) => new Network({ network: plain, layers: own, ...shared }, tensors)
  return { config, layers, values, own, renamed, network, reference }
}

const cases: [string, Partial<NetworkConfig>, readonly LayerKind[], typeof statistics | null][] = [
  ['untied', {}, [lines, denseLayers], null],
  ['tied', { tied: true }, [lines, denseLayers], null],
  ['normalised', { weightNorm: true }, [lines, denseLayers], null],
  ['tied and normalised', { weightNorm: true, tied: true }, [lines, denseLayers], null],
  ['standardised', {}, [lines, denseLayers], statistics],
  [
    'two of them',
    { activation: 'elu' },
    [{ ...lines, mapsOf: (_, shape) => [line(shape), line(line(shape).out)] }, denseLayers],
    null,
  ],
  ['nothing else', { codeActivation: 'tanh' }, [lines], null],
  ['dense', { tied: true }, [denseLayers], statistics],
]
for (const [title, settings, kinds, standardise] of cases) {
  test(`a network with layers of another kind is the dense one of their matrices: ${title}`, () => {
    const { layers, values, own, renamed, network, reference } = twins(settings, kinds, standardise)
    const model = (of: () => Network) => ({
      encodeLayers: (rows: Tensor2D) => {
        const passes = of().encodeLayers(rows)
        return { layers: passes, code: passes.at(-1)!.output }
      },
    })
    tf.tidy(() => {
      const one = network(tensorsOf(layers, values)),
        two = reference(tensorsOf(own, renamed))
      const [passes, others] = [one.encodeLayers(x()), two.encodeLayers(x())]
      near(one.encode(x()), two.encode(x()), 'codes')
      near(one.output(one.decode(one.encode(x()))), two.output(two.decode(two.encode(x()))), 'reconstructions')
      near(one.meanSquaredJacobianNorm(passes), two.meanSquaredJacobianNorm(others), 'squared Jacobian norm')
      const rows = tf.tensor2d(drawn(2 * B * passes.at(-1)!.output.shape[1]), [2 * B, passes.at(-1)!.output.shape[1]])
      near(pullBack(passes, rows), pullBack(others, rows), 'rows pulled back')
      const first = (of: Network) => {
        const found = of.encodeLayers(x().slice([0, 0], [1, -1]))
        return jacobianOf({ layers: found, code: found.at(-1)!.output })
      }
      near(first(one), first(two), 'Jacobian')
      for (const atOnce of [1, 2 ** 20]) {
        const [a, b] = [one, two].map((of) => sumOfNorms(model(() => of) as unknown as Model, x(), atOnce))
        assert.ok(Math.abs(a! / b! - 1) < 1e-5, `Jacobian norms ${a} and ${b}`)
      }
    })
  })

  // Of a tied or normalised kernel they are sums of other things.
  if (settings.tied || settings.weightNorm) continue
  test(`gradients through them are those of the dense network, summed over where a weight stands: ${title}`, () => {
    const { layers, values, own, renamed, network, reference } = twins(settings, kinds, standardise)
    const gradientsOf = (make: (tensors: Record<string, Tensor>) => Network, tensors: Record<string, Tensor>) => {
      const names = Object.keys(tensors)
      const { grads } = tf.valueAndGrads((...given: Tensor[]) => {
        const of = make(Object.fromEntries(names.map((name, index) => [name, given[index]!])))
        const passes = of.encodeLayers(x())
        return of.meanSquaredJacobianNorm(passes).add(of.reconstructionTerm(of.decode(of.codeOf(passes)), x()))
      })(names.map((name) => tensors[name]!))
      return Object.fromEntries(names.map((name, index) => [name, grads[index]!]))
    }
    tf.tidy(() => {
      const found = gradientsOf(network, tensorsOf(layers, values)),
        wanted = gradientsOf(reference, tensorsOf(own, renamed))
      for (const side of ['encoder', 'decoder'] as const)
        layers[side].forEach(({ map, adjoint, kernel, bias }, index) => {
          const dense = own[side][index]!
          const matrix = wanted[dense.kernel]! as Tensor2D
          const oriented = adjoint ? matrix.transpose() : matrix
          const sums = new Float32Array(lengthOf(map.kernel))
          const entries = oriented.dataSync()
          if (map.kernel.length === 2) sums.set(entries)
          else
            placesIn(map.in, map.out).forEach((place, at) => {
              if (place >= 0) sums[place]! += entries[at]!
            })
          near(found[kernel], tf.tensor(sums, [...map.kernel]), kernel)
          const parts = found[bias]!.size
          near(found[bias], (wanted[dense.bias]! as Tensor1D).reshape([-1, parts]).sum(0), bias)
        })
    })
  })
}

test('names, shapes and initial scales are the layers’ own answers', () => {
  const { layers } = twins({ tied: false }, [lines, denseLayers], null)
  const specs = [...layers.encoder, ...layers.decoder].flatMap(specsOf)
  const width = 4 * filters
  assert.deepEqual(
    specs.map(({ name, shape }) => `${name} ${shape.join('x')}`),
    [
      ...[`encoder/line0/kernel 3x2x${filters}`, `encoder/line0/bias ${filters}`],
      ...[`encoder/0/kernel ${width}x5`, 'encoder/0/bias 5', 'encoder/1/kernel 5x3', 'encoder/1/bias 3'],
      ...['decoder/0/kernel 3x5', 'decoder/0/bias 5', `decoder/1/kernel 5x${width}`, `decoder/1/bias ${width}`],
      ...[`decoder/line0/kernel 3x2x${filters}`, 'decoder/line0/bias 2'],
    ],
  )
  const scale = Math.sqrt(2 / (size * 2 + size * filters))
  for (const name of ['encoder/line0/kernel', 'decoder/line0/kernel'])
    assert.equal(specs.find((spec) => spec.name === name)!.scale, scale)
  const tied = twins({ tied: true }, [lines, denseLayers], null).layers
  assert.deepEqual(
    tied.decoder.map(({ kernel, bias }) => [kernel, bias]),
    [
      ['encoder/1/kernel', 'decoder/0/bias'],
      ['encoder/0/kernel', 'decoder/1/bias'],
      ['encoder/line0/kernel', 'decoder/line0/bias'],
    ],
  )
})

test('a tied decoder that gets kernels of its own decodes as before', () => {
  const { layers, values, config, network } = twins({ tied: true }, [lines, denseLayers], null)
  const untied = layersOf({ ...config, tied: false }, input, null, [lines, denseLayers])
  const copies = layers.encoder.map(({ map, kernel }, index) => [
    untied.decoder.at(-1 - index)!.kernel,
    map.mirror().kernelOf(values[kernel]!),
  ])
  tf.tidy(() => {
    const own = new Network(
      { network: { ...config, tied: false }, layers: untied, reconstruction: 'squaredError' },
      tensorsOf(untied, { ...values, ...Object.fromEntries(copies) }),
    )
    const code = tf.tensor2d(drawn(B * 3), [B, 3])
    near(own.decode(code), network(tensorsOf(layers, values)).decode(code), 'logits')
  })
})
