import assert from 'node:assert/strict'
import { test } from 'node:test'
import { convolvedShape, usualConvolutions, type Convolution } from '../../src/shared/convolutions.ts'
import type { Settings } from '../../src/shared/config.ts'
import { sizeOf, type Shape } from '../../src/shared/shape.ts'
import { normals } from '../../src/main/engine/data/reals.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { convolved, convolvedBack } from '../../src/main/engine/network/operations.ts'
import type { Randomness } from '../../src/main/engine/network/randomness.ts'
import { tf, type Tensor, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { lossAndGradients } from '../../src/main/engine/training/gradients.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { convolve64, convolveBack64, type Values64 } from '../fixtures/convolutions64.ts'
import { gradientOf } from '../fixtures/differences.ts'
import { derivatives64 } from '../fixtures/layers64.ts'

const normal = normals(random('convolutions'))
const drawn = (count: number, scale = 1) => Float32Array.from({ length: count }, () => scale * normal())
const lengthOf = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1)
const near = (found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number, what: string) => {
  assert.equal(found.length, wanted.length, what)
  const scale = Math.max(1e-6, ...Array.from(wanted, Math.abs))
  for (let i = 0; i < wanted.length; i++)
    assert.ok(Math.abs(found[i]! - wanted[i]!) <= tolerance * scale, `${what} at ${i}: ${found[i]}, expected ${wanted[i]}`)
}

// Kernels smaller than, equal to and larger than their stride; sides that they divide and do not; one pixel high.
const geometries: [Shape, Convolution][] = [
  [
    { height: 7, width: 9, channels: 3 },
    { filters: 5, kernel: 4, stride: 2 },
  ],
  [
    { height: 8, width: 6, channels: 1 },
    { filters: 2, kernel: 3, stride: 1 },
  ],
  [
    { height: 10, width: 7, channels: 2 },
    { filters: 3, kernel: 2, stride: 3 },
  ],
  [
    { height: 5, width: 5, channels: 2 },
    { filters: 4, kernel: 5, stride: 4 },
  ],
  [
    { height: 1, width: 6, channels: 3 },
    { filters: 2, kernel: 1, stride: 1 },
  ],
]
for (const [input, convolution] of geometries) {
  const { filters, kernel: side, stride } = convolution
  const out = convolvedShape(input, convolution)
  const kernelShape = [side, side, input.channels, filters]
  test(`a convolution and its adjoint are those of the definition: ${JSON.stringify(input)}, ${filters}x${side}s${stride}`, () => {
    const batch = 3
    const [x, y] = [drawn(batch * sizeOf(input)), drawn(batch * sizeOf(out))]
    const kernel = drawn(lengthOf(kernelShape))
    const geometry = { in: input, out, kernel: kernelShape, stride }
    const each = (values: Float32Array, size: number, change: (row: Float64Array) => Float64Array) =>
      Array.from({ length: batch }, (_, row) => [
        ...change(Float64Array.from(values.subarray(row * size, (row + 1) * size))),
      ]).flat()
    const forwards = each(x, sizeOf(input), (row) => convolve64(row, [...kernel], input, convolution))
    const backwards = each(y, sizeOf(out), (row) => convolveBack64(row, [...kernel], input, convolution))
    tf.tidy(() => {
      const [a, b] = [tf.tensor2d(x.slice(), [batch, sizeOf(input)]), tf.tensor2d(y.slice(), [batch, sizeOf(out)])]
      const k = tf.tensor(kernel.slice(), kernelShape)
      near(convolved(a, k, geometry).dataSync(), forwards, 1e-5, 'convolved')
      near(convolvedBack(b, k, geometry).dataSync(), backwards, 1e-5, 'its adjoint')
      // Both are bilinear: <A(k) x, y> has the gradients A' y by x, A x by y, and by k what either way of going gives.
      const gradients = (of: (left: Tensor2D, weights: Tensor) => Tensor2D, left: Tensor2D, right: Tensor2D) =>
        tf.grads((one, weights) =>
          of(one as Tensor2D, weights!)
            .mul(right)
            .sum(),
        )([left, k])
      const [byX, byKernel] = gradients((one, weights) => convolved(one, weights, geometry), a, b)
      const [byY, byKernelBack] = gradients((one, weights) => convolvedBack(one, weights, geometry), b, a)
      near(byX!.dataSync(), backwards, 1e-5, 'gradient by x')
      near(byY!.dataSync(), forwards, 1e-5, 'gradient by y')
      near(byKernelBack!.dataSync(), byKernel!.dataSync(), 1e-5, 'gradients by the kernel')
      const value = forwards.reduce((sum, each, at) => sum + each * y[at]!, 0)
      const linear = [...byKernel!.dataSync()].reduce((sum, each, at) => sum + each * kernel[at]!, 0)
      near([linear], [value], 1e-4, 'a linear function is its gradient times its argument')
    })
  })
}

test('the usual pyramid halves any image until its shorter side is 4 to 7, and does not leave its budget', () => {
  for (let height = 8; height < 200; height += 7)
    for (let width = 8; width < 300; width += 11) {
      const convolutions = usualConvolutions({ height, width, channels: 3 })
      const top = convolutions.reduce(convolvedShape, { height, width, channels: 3 })
      const shorter = Math.min(top.height, top.width)
      assert.ok(shorter >= 4 && shorter <= 7, `${width} x ${height} ends at ${shorter}`)
      assert.deepEqual(convolutions[0], { filters: 32, kernel: 4, stride: 2 })
    }
  assert.deepEqual(usualConvolutions({ height: 7, width: 400, channels: 3 }), [])
})

/** An image of odd sides, two convolutions and two dense layers. */
const image: Shape = { height: 7, width: 5, channels: 2 }
const pyramid: Convolution[] = [
  { filters: 3, kernel: 4, stride: 2 },
  { filters: 2, kernel: 3, stride: 1 },
]
const shapes = pyramid.reduce<Shape[]>((all, each) => [...all, convolvedShape(all.at(-1)!, each)], [image])
const flat = sizeOf(shapes.at(-1)!)
const rows = 2
const network = { convolutions: '3x4s2,2x3', layers: [4, 3], activation: 'tanh', codeActivation: 'sigmoid' }

type Weights64 = Record<string, Float64Array>
const squash = (x: number) => 1 / (1 + Math.exp(-x))
const biased = (values: Float64Array, bias: Values64) => values.map((value, at) => value + bias[at % bias.length]!)
const dense = (h: Values64, kernel: Values64, bias: Values64, transposed = false) =>
  Float64Array.from(bias, (b, j) =>
    Array.from(h).reduce((sum, value, i) => sum + value * kernel[transposed ? j * h.length + i : i * bias.length + j]!, b),
  )

/** A single image through the encoder's hidden layers: what each gives before its activation, and what the code's layer reads. */
function hidden64(w: Weights64, x: Values64): { pres: Float64Array[]; h: Float64Array } {
  const pres: Float64Array[] = []
  let h = Float64Array.from(x)
  const through = (pre: Float64Array) => {
    pres.push(pre)
    h = pre.map(Math.tanh)
  }
  pyramid.forEach((each, at) =>
    through(biased(convolve64(h, w[`encoder/conv${at}/kernel`]!, shapes[at]!, each), w[`encoder/conv${at}/bias`]!)),
  )
  through(dense(h, w['encoder/0/kernel']!, w['encoder/0/bias']!))
  return { pres, h }
}
/** A code through the decoder's layers; `head` names the last one. */
function decode64(w: Weights64, code: Values64, head = 'conv1', tied = false): Float64Array {
  const kernel = (own: string, encoders: string) => w[`${tied ? `encoder/${encoders}` : `decoder/${own}`}/kernel`]!
  let h = dense(code, kernel('0', '1'), w['decoder/0/bias']!, tied).map(Math.tanh)
  h = dense(h, kernel('1', '0'), w['decoder/1/bias']!, tied).map(Math.tanh)
  h = biased(convolveBack64(h, kernel('conv0', 'conv1'), shapes[1]!, pyramid[1]!), w['decoder/conv0/bias']!).map(Math.tanh)
  return biased(convolveBack64(h, kernel(head, 'conv0'), image, pyramid[0]!), w[`decoder/${head}/bias`]!)
}
const code64 = (w: Weights64, x: Values64) => dense(hidden64(w, x).h, w['encoder/1/kernel']!, w['encoder/1/bias']!).map(squash)
const squared = (w: Weights64, from: Values64, target: Values64, tied = false) =>
  decode64(w, code64(w, from), undefined, tied).reduce((sum, z, at) => sum + (squash(z) - target[at]!) ** 2, 0)

/** ||dcode/dx||_F^2 of one image, a row of the Jacobian at a time. */
function contraction64(w: Weights64, x: Values64): number {
  const { pres, h } = hidden64(w, x)
  const codes = dense(h, w['encoder/1/kernel']!, w['encoder/1/bias']!)
  const slope = derivatives64['tanh']!
  const [first, second, third] = pres as [Float64Array, Float64Array, Float64Array]
  let sum = 0
  for (let unit = 0; unit < codes.length; unit++) {
    const s = derivatives64['sigmoid']!(codes[unit]!)
    const a = third.map((pre, i) => s * w['encoder/1/kernel']![i * codes.length + unit]! * slope(pre))
    const b = Float64Array.from({ length: flat }, (_, i) =>
      a.reduce((total, value, j) => total + value * w['encoder/0/kernel']![i * a.length + j]!, 0),
    )
    const c = convolveBack64(
      b.map((value, i) => value * slope(second[i]!)),
      w['encoder/conv1/kernel']!,
      shapes[1]!,
      pyramid[1]!,
    )
    const d = convolveBack64(
      c.map((value, i) => value * slope(first[i]!)),
      w['encoder/conv0/kernel']!,
      image,
      pyramid[0]!,
    )
    sum += d.reduce((total, value) => total + value ** 2, 0)
  }
  return sum
}

const images = Array.from({ length: rows }, () => Float32Array.from({ length: sizeOf(image) }, () => squash(normal())))
const corrupted = images.map((one) => one.map((value, at) => (at % 3 === 0 ? 0 : value)))
const epsilon = drawn(rows * 3)
const meanOf = (value: (row: number) => number) =>
  Array.from({ length: rows }, (_, row) => value(row)).reduce((a, b) => a + b) / rows

interface Case {
  title: string
  variant: string
  settings: Settings
  terms(w: Weights64): Record<string, number>
}
const cases: Case[] = [
  {
    title: 'classical, untied',
    variant: 'classical',
    settings: {},
    terms: (w) => ({ reconstruction: meanOf((row) => squared(w, images[row]!, images[row]!)) }),
  },
  {
    title: 'classical, tied, with weight decay',
    variant: 'classical',
    settings: { network: { tied: true }, training: { weightDecay: 0.01 } },
    terms: (w) => ({
      reconstruction: meanOf((row) => squared(w, images[row]!, images[row]!, true)),
      weightDecay: Object.entries(w)
        .filter(([name]) => name.endsWith('/kernel'))
        .reduce((sum, [, kernel]) => sum + 0.01 * kernel.reduce((total, value) => total + value ** 2, 0), 0),
    }),
  },
  {
    title: 'denoising',
    variant: 'denoising',
    settings: {},
    terms: (w) => ({ reconstruction: meanOf((row) => squared(w, corrupted[row]!, images[row]!)) }),
  },
  {
    title: 'contractive, exact',
    variant: 'contractive',
    settings: { network: { tied: false }, regularizer: { lambda: 0.7, jacobian: 'exact' } },
    terms: (w) => ({
      reconstruction: meanOf((row) => squared(w, images[row]!, images[row]!)),
      contraction: 0.7 * meanOf((row) => contraction64(w, images[row]!)),
    }),
  },
  {
    title: 'variational',
    variant: 'variational',
    settings: { network: { codeActivation: undefined } },
    terms: (w) => {
      const head = (row: number, name: string) =>
        dense(hidden64(w, images[row]!).h, w[`encoder/${name}/kernel`]!, w[`encoder/${name}/bias`]!)
      return {
        reconstruction: meanOf((row) => {
          const [mean, logVariance] = [head(row, 'mean'), head(row, 'logVariance')]
          const z = mean.map((m, j) => m + Math.exp(logVariance[j]! / 2) * epsilon[row * 3 + j]!)
          return decode64(w, z, 'logits').reduce(
            (sum, logit, at) => sum + Math.log1p(Math.exp(logit)) - images[row]![at]! * logit,
            0,
          )
        }),
        kl: meanOf((row) => {
          const [mean, logVariance] = [head(row, 'mean'), head(row, 'logVariance')]
          return mean.reduce((sum, m, j) => sum + (m ** 2 + Math.exp(logVariance[j]!) - 1 - logVariance[j]!) / 2, 0)
        }),
      }
    },
  },
]

const never = (name: string): never => {
  throw new Error(`${name} was drawn`)
}
for (const { title, variant: id, settings, terms } of cases) {
  test(`loss, terms and gradients are those of loops in float64: ${title}`, () => {
    const variant = variantOf(id)
    const own = Object.fromEntries(
      Object.entries({ ...network, ...(settings['network'] as object) }).filter(([, value]) => value !== undefined),
    )
    const { config, problems } = resolveConfig(
      id,
      { ...(id === 'variational' ? {} : { reconstruction: 'squaredError' }), ...settings, network: own } as Settings,
      { kind: 'image', size: image, rowSize: sizeOf(image) },
    )
    assert.ok(config, JSON.stringify(problems))
    const weights = Object.fromEntries(
      weightsOf(variant, config, image).map(({ name, shape }) => [name, { shape, values: drawn(lengthOf(shape), 0.4) }]),
    )
    const asked: Randomness = {
      uniform: never,
      keep: never,
      normal: (name, shape) => (name === 'epsilon' ? tf.tensor(epsilon.slice(), shape) : never(name)),
      get perImage() {
        return asked
      },
    }
    const matrix = (each: Float32Array[]) => tf.tensor2d(Float32Array.from(each.flatMap((one) => [...one])), [rows, sizeOf(image)])
    tf.engine().startScope()
    const found = lossAndGradients(variant, config, {
      weights: Object.fromEntries(
        Object.entries(weights).map(([name, { shape, values }]) => [name, tf.tensor(values.slice(), shape)]),
      ),
      x: matrix(images),
      input: image,
      random: asked,
      state: {},
      corrupted: variant.corrupt ? matrix(corrupted) : null,
    })
    const w: Weights64 = Object.fromEntries(Object.entries(weights).map(([name, { values }]) => [name, Float64Array.from(values)]))
    const wanted = terms(w)
    const loss = () => Object.values(terms(w)).reduce((sum, term) => sum + term, 0)
    near(found.terms['loss']!.dataSync(), [loss()], 1e-5, 'loss')
    for (const [name, term] of Object.entries(wanted)) near(found.terms[name]!.dataSync(), [term], 1e-5, name)
    for (const [name, values] of Object.entries(w)) {
      const gradient = gradientOf(values, loss)
      near(found.gradients[name]!.dataSync(), gradient, 1e-4, `gradient by ${name}`)
    }
    tf.engine().endScope()
  })
}

test('over all signs of the code units the mean of projected contractions, and of their gradients, is the exact one', () => {
  const settings = (jacobian: string): Settings => ({
    network: { ...network, tied: true },
    regularizer: { jacobian, projections: 8 },
  })
  const facts = { kind: 'image' as const, size: image, rowSize: sizeOf(image) }
  const variant = variantOf('contractive')
  // The eight rows of signs that three units can have.
  const signs = Float32Array.from({ length: rows * 8 * 3 }, (_, at) => (Math.floor(at / 3) >> (at % 3)) & 1)
  const asked: Randomness = {
    uniform: (name, shape) => (name === 'projections' ? tf.tensor(signs.slice(), shape) : never(name)),
    keep: never,
    normal: never,
    get perImage() {
      return asked
    },
  }
  const config = (jacobian: string) => resolveConfig('contractive', settings(jacobian), facts).config!
  const specs = weightsOf(variant, config('exact'), image)
  const values = Object.fromEntries(specs.map(({ name, shape }) => [name, drawn(lengthOf(shape), 0.4)]))
  tf.engine().startScope()
  const [exact, projected] = ['exact', 'projections'].map((jacobian) =>
    lossAndGradients(variant, config(jacobian), {
      weights: Object.fromEntries(specs.map(({ name, shape }) => [name, tf.tensor(values[name]!.slice(), shape)])),
      x: tf.tensor2d(Float32Array.from(images.flatMap((one) => [...one])), [rows, sizeOf(image)]),
      input: image,
      random: asked,
      state: {},
    }),
  )
  near(projected!.terms['contraction']!.dataSync(), exact!.terms['contraction']!.dataSync(), 1e-5, 'contraction')
  for (const [name, gradient] of Object.entries(exact!.gradients))
    near(projected!.gradients[name]!.dataSync(), gradient.dataSync(), 1e-5, `gradient by ${name}`)
  tf.engine().endScope()
})
