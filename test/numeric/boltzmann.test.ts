import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { freeEnergy, gibbs, pseudoLikelihood, type Machine } from '../../src/main/engine/network/boltzmann.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf, type Tensor, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { lossAndGradients } from '../../src/main/engine/training/gradients.ts'
import { networkOf } from '../../src/main/engine/training/objective.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import type { Randomness } from '../../src/main/engine/network/randomness.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import {
  dot,
  energy,
  freeEnergy64,
  hiddenMean,
  logPartition,
  states,
  visibleMean,
  type Machine64,
} from '../fixtures/boltzmann64.ts'

/** Restricted Boltzmann machines against sums over all of their states, in float64 and plain loops. */

const rbm = variantOf('rbm')
const D = 6,
  H = 4
const source = random('boltzmann test')
const uniform = () => (source.next() + 0.5) / 2 ** 32
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())

const kinds = (['bernoulli', 'gaussian'] as const).flatMap((visible) =>
  (['bernoulli', 'linear'] as const).map((hidden) => ({ visible, hidden })),
)
type Kind = (typeof kinds)[number]
const nameOf = ({ visible, hidden }: Kind) => `${visible} visible, ${hidden} hidden units`

function configOf(kind: Kind, settings: Settings = {}): Config {
  const { config, problems } = resolveConfig('rbm', {
    'network.layers': [H],
    'regularizer.visible': kind.visible,
    'regularizer.hidden': kind.hidden,
    'training.weightDecay': 0,
    ...settings,
  })
  assert.deepEqual(problems, [])
  return config!
}

/** A machine with weights of a plausible size, the same values for the product and for the reference. */
function machineOf(
  kind: Kind,
  scale = 0.8,
): { machine64: Machine64; values: Record<string, Float32Array>; tensors(): Record<string, Tensor>; machine(): Machine } {
  const config = configOf(kind)
  const specs = weightsOf(rbm, config, vectorOf(D))
  const values = Object.fromEntries(
    specs.map(({ name, shape }) => [
      name,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * (uniform() - 0.5)),
    ]),
  )
  const tensors = () => Object.fromEntries(specs.map(({ name, shape }) => [name, tf.tensor(values[name]!.slice(), shape)]))
  return {
    machine64: machine64Of(kind, values),
    values,
    tensors,
    machine: () => ({ network: networkOf(rbm, config, vectorOf(D), tensors()), ...kind }),
  }
}

const machine64Of = (kind: Kind, values: Record<string, Float32Array>): Machine64 => ({
  ...kind,
  w: Array.from({ length: D }, (_, i) => Array.from(values['encoder/0/kernel']!.subarray(i * H, (i + 1) * H))),
  b: Array.from(values['decoder/0/bias']!),
  c: Array.from(values['encoder/0/bias']!),
})

const near = (a: number, b: number, what: string, tolerance = 1e-5) =>
  assert.ok(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)), `${what}: ${a}, expected ${b}`)

for (const kind of kinds) {
  test(`${nameOf(kind)}: the free energy is -log of the sum, or integral, of exp(-E) over the hidden states`, () => {
    const { machine64, machine } = machineOf(kind, 2)
    const rows = Array.from({ length: 9 }, () =>
      Array.from({ length: D }, () => (kind.visible === 'bernoulli' ? Math.round(uniform()) : Math.fround(normal()))),
    )
    const found = tf.tidy(() => freeEnergy(machine(), tf.tensor2d(rows)).dataSync())
    rows.forEach((v, n) => {
      let expected: number
      if (kind.hidden === 'bernoulli')
        expected = -Math.log(states(H).reduce((sum, h) => sum + Math.exp(-energy(machine64, v, h)), 0))
      else {
        // Given v the hidden units are independent: the integral is a product of as many in one dimension; a constant is left out.
        const bare = energy(machine64, v, Array<number>(H).fill(0))
        expected = Array.from({ length: H }, (_, j) => {
          const step = 0.01
          let sum = 0
          for (let h = -30; h <= 30; h += step)
            sum +=
              step *
              Math.exp(
                bare -
                  energy(
                    machine64,
                    v,
                    Array.from({ length: H }, (__, k) => (k === j ? h : 0)),
                  ),
              )
          return -Math.log(sum / Math.sqrt(2 * Math.PI))
        }).reduce((a, b) => a + b, bare)
      }
      near(found[n]!, expected, `row ${n}`)
      near(freeEnergy64(machine64, v), expected, `row ${n} of the reference`, 1e-9)
    })
  })

  for (const [steps, persistent] of [
    [1, false],
    [3, false],
    [1, true],
    [3, true],
  ] as const) {
    test(
      `${nameOf(kind)}, ${steps} Gibbs steps${persistent ? ' of persistent chains' : ''}: ` +
        'the gradient is the difference of the statistics of data and model',
      () => {
        const B = 5
        const config = configOf(kind, { 'regularizer.steps': steps, 'regularizer.persistent': persistent, 'training.batchSize': B })
        const { machine64, tensors } = machineOf(kind, 1.5)
        const row = () => Array.from({ length: D }, () => Math.fround(kind.visible === 'bernoulli' ? uniform() : normal()))
        const data = Array.from({ length: B }, row),
          chains = Array.from({ length: B }, row)
        /** What is drawn, by name, as rows. */
        const drawn = new Map<string, number[][]>()
        const give = (name: string, [rows, columns]: number[], value: () => number): Tensor => {
          assert.ok(!drawn.has(name), `${name} is drawn twice`)
          drawn.set(
            name,
            Array.from({ length: rows! }, () => Array.from({ length: columns! }, () => Math.fround(value()))),
          )
          return tf.tensor2d(drawn.get(name)!)
        }
        const draws: Randomness = {
          uniform: (name, shape) => give(name, shape, uniform),
          normal: (name, shape, deviation) => give(name, shape, () => deviation * normal()),
          keep: () => assert.fail('nothing is dropped'),
          get perImage() {
            return draws
          },
        }
        tf.engine().startScope('statistics')
        try {
          const { gradients, observed, terms } = lossAndGradients(rbm, config, {
            weights: tensors(),
            x: tf.tensor2d(data),
            random: draws,
            state: persistent ? { chains: tf.tensor2d(chains) } : {},
          })
          const sampled = (mean: number[], name: string, n: number, binary: boolean) =>
            mean.map((value, at) => (binary ? Number(drawn.get(name)![n]![at]! < value) : value + drawn.get(name)![n]![at]!))
          /** E(v|h) at the hidden states that a draw gives. */
          const reconstructed = (v: number[], name: string, n: number) =>
            visibleMean(machine64, sampled(hiddenMean(machine64, v), name, n, kind.hidden === 'bernoulli'))
          const model = data.map((v, n) => {
            let state = persistent ? chains[n]! : v
            for (let step = 1; step <= steps; step++) {
              const mean = reconstructed(state, `hidden/${step}`, n)
              state = step === steps && !persistent ? mean : sampled(mean, `visible/${step}`, n, kind.visible === 'bernoulli')
            }
            return state
          })
          const chain = observed['chains']!.arraySync() as number[][]
          model.forEach((v, n) => v.forEach((value, i) => near(chain[n]![i]!, value, `chain ${n}, unit ${i}`)))

          const average = (rows: number[][], of: (v: number[]) => number) => rows.reduce((sum, v) => sum + of(v), 0) / B
          const kernel = gradients['encoder/0/kernel']!.arraySync() as number[][]
          for (let i = 0; i < D; i++) {
            for (let j = 0; j < H; j++) {
              const statistics = (rows: number[][]) => average(rows, (v) => v[i]! * hiddenMean(machine64, v)[j]!)
              near(kernel[i]![j]!, -(statistics(data) - statistics(model)), `kernel ${i},${j}`)
            }
          }
          gradients['encoder/0/bias']!.dataSync().forEach((value, j) =>
            near(
              value,
              -(average(data, (v) => hiddenMean(machine64, v)[j]!) - average(model, (v) => hiddenMean(machine64, v)[j]!)),
              `hidden bias ${j}`,
            ),
          )
          gradients['decoder/0/bias']!.dataSync().forEach((value, i) =>
            near(value, -(average(data, (v) => v[i]!) - average(model, (v) => v[i]!)), `visible bias ${i}`),
          )

          // What is shown is the error of one step's reconstruction.
          const first = persistent || steps > 1 ? 'hidden/data' : 'hidden/1'
          const error =
            data.reduce((sum, v, n) => {
              const back = reconstructed(v, first, n)
              return (
                sum +
                v.reduce(
                  (own, value, i) =>
                    own +
                    (kind.visible === 'bernoulli'
                      ? -(value * Math.log(back[i]!) + (1 - value) * Math.log(1 - back[i]!))
                      : (back[i]! - value) ** 2),
                  0,
                )
              )
            }, 0) / B
          near(terms['reconstruction']!.dataSync()[0]!, error, 'reconstruction')
        } finally {
          tf.engine().endScope()
        }
      },
    )
  }
}

test("Gibbs sampling of many chains has the model's own distribution", () => {
  const kind: Kind = { visible: 'bernoulli', hidden: 'bernoulli' }
  const chains = 20_000,
    steps = 60
  const { machine64, machine } = machineOf(kind, 3)
  const counts = new Float64Array(2 ** D)
  tf.tidy(() => {
    const own = machine()
    const half = tf.ones([chains, D]).mul(0.5) as Tensor2D
    const first = own.network.encode(half)
    const { visible } = gibbs(own, first, steps, randomness(tf.tensor1d([8, 3], 'int32'), tf.tensor1d([0], 'int32')), false)
    for (const v of visible.arraySync()) counts[v.reduce((index, bit) => index * 2 + bit, 0)]!++
  })
  const logZ = logPartition(machine64)
  for (const v of states(D)) {
    const expected = Math.exp(-freeEnergy64(machine64, v) - logZ),
      found = counts[v.reduce((index, bit) => index * 2 + bit, 0)]! / chains
    assert.ok(
      Math.abs(found - expected) < 5 * Math.sqrt((expected * (1 - expected)) / chains),
      `p(${v.join('')}) = ${expected}, of the chains ${found} are there`,
    )
  }
})

test('the estimate of the pseudo-likelihood is unbiased', () => {
  const { machine64, machine } = machineOf({ visible: 'bernoulli', hidden: 'bernoulli' }, 4)
  const rows = Array.from({ length: 8 }, () => Array.from({ length: D }, uniform))
  // p(v_i | others) from the sum over the hidden states, of binary images.
  const weight = (v: number[]) => states(H).reduce((sum, h) => sum + Math.exp(-energy(machine64, v, h)), 0)
  const exact =
    rows.reduce((sum, row) => {
      const v = row.map(Math.round)
      return sum + v.reduce((own, bit, i) => own + Math.log(weight(v) / (weight(v) + weight(v.with(i, 1 - bit)))), 0)
    }, 0) / rows.length
  const draws = 3000
  const estimates = Array.from({ length: draws }, (_, draw) =>
    tf.tidy(
      () =>
        pseudoLikelihood(
          machine(),
          tf.tensor2d(rows),
          randomness(tf.tensor1d([1, draw], 'int32'), tf.tensor1d([0], 'int32')),
        ).dataSync()[0]!,
    ),
  )
  const mean = estimates.reduce((a, b) => a + b) / draws
  const deviation = Math.sqrt(estimates.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws)
  assert.ok(deviation > 0.1, 'every draw gives the same')
  assert.ok(
    Math.abs(mean - exact) < (4.5 * deviation) / Math.sqrt(draws),
    `${mean} on average, exactly ${exact}; the deviation of the average is ${deviation / Math.sqrt(draws)}`,
  )
})

/** Rows with structure that a machine of four units can learn: a few patterns with some noise. */
function toy({ visible }: Kind, count: number): Float32Array {
  const patterns = [
    [1, 1, 1, 0, 0, 0],
    [0, 0, 0, 1, 1, 1],
    [1, 0, 1, 0, 1, 0],
  ]
  return Float32Array.from({ length: count * D }, (_, index) => {
    const bit = patterns[Math.floor(index / D) % patterns.length]![index % D]!
    return visible === 'bernoulli' ? (uniform() < 0.05 ? 1 - bit : bit) : 2 * bit - 1 + 0.8 * normal()
  })
}

for (const kind of kinds) {
  for (const [title, settings] of [
    ['CD-1', {}],
    ['CD-5', { 'regularizer.steps': 5 }],
    ['persistent CD', { 'regularizer.persistent': true }],
  ] as [string, Settings][]) {
    test(`${nameOf(kind)}: ${title} raises the exact log likelihood`, () => {
      const count = 300,
        size = 60,
        epochs = 200
      const rows = toy(kind, count)
      const rate = kind.hidden === 'linear' ? 0.01 : 0.05
      const config = configOf(kind, {
        ...settings,
        'training.batchSize': size,
        'training.learningRate': rate,
        'regularizer.momentum': 0.5,
      })
      const model = new CompiledModel({ variant: rbm, config, input: vectorOf(D), kind: 'vector' }, [size])
      model.load(
        Object.fromEntries(model.specs.map((weight) => [weight.name, initialValues(weight, 2).map((value) => value * 0.1)])),
      )
      const logLikelihood = () => {
        const machine = machine64Of(kind, model.weights())
        const logZ = logPartition(machine)
        return (
          Array.from(
            { length: count },
            (_, n) => -freeEnergy64(machine, Array.from(rows.subarray(n * D, (n + 1) * D))) - logZ,
          ).reduce((a, b) => a + b) / count
        )
      }
      const course = [logLikelihood()]
      for (let epoch = 0, step = 1; epoch < epochs; epoch++) {
        for (let at = 0; at < count; at += size)
          model.step(
            rows.slice(at * D, (at + size) * D),
            Uint32Array.from({ length: size }, (_, row) => at + row),
            7,
            step++,
            rate * (1 - epoch / epochs),
          )
        if ((epoch + 1) % 50 === 0) course.push(logLikelihood())
      }
      model.close()
      // The best that units without connections could do.
      const independent = independentLogLikelihood(kind, rows, count)
      assert.ok(
        course.at(-1)! > independent + 0.5,
        `${course.map((value) => value.toFixed(3)).join(' ')}; without connections ${independent.toFixed(3)}`,
      )
      // Contrastive divergence ends near the maximum, not at it: it may fall a little on the way.
      assert.ok(
        course[1]! > course[0]! + 0.3 && course.every((value, index) => index === 0 || value > course[index - 1]! - 0.25),
        course.join(' '),
      )
    })
  }
}

function independentLogLikelihood({ visible }: Kind, rows: Float32Array, count: number): number {
  const means = Array.from(
    { length: D },
    (_, i) => Array.from({ length: count }, (__, n) => rows[n * D + i]!).reduce((a, b) => a + b) / count,
  )
  if (visible === 'bernoulli') return means.reduce((sum, p) => sum + p * Math.log(p) + (1 - p) * Math.log(1 - p), 0)
  return (
    Array.from(rows, (value, index) => -0.5 * (Math.log(2 * Math.PI) + (value - means[index % D]!) ** 2)).reduce((a, b) => a + b) /
    count
  )
}

test("the reference's log partition is the sum or integral over all states", () => {
  // With Bernoulli visible units by both ways of summing; with Gaussian ones by a known integral: no connections.
  for (const kind of kinds) {
    const { machine64 } = machineOf(kind, 1)
    const bare = { ...machine64, w: machine64.w.map((row) => row.map(() => 0)) }
    const ofVisible =
      kind.visible === 'bernoulli' ? bare.b.reduce((sum, b) => sum + Math.log1p(Math.exp(b)), 0) : (D / 2) * Math.log(2 * Math.PI)
    const ofHidden =
      kind.hidden === 'bernoulli' ? bare.c.reduce((sum, c) => sum + Math.log1p(Math.exp(c)), 0) : dot(bare.c, bare.c) / 2
    near(logPartition(bare), ofVisible + ofHidden, nameOf(kind), 1e-9)
  }
  const { machine64 } = machineOf({ visible: 'bernoulli', hidden: 'bernoulli' }, 3)
  near(
    logPartition(machine64),
    Math.log(states(D).reduce((sum, v) => sum + states(H).reduce((own, h) => own + Math.exp(-energy(machine64, v, h)), 0), 0)),
    'all pairs of states',
    1e-9,
  )
})

test('every validation draws other bits for the pseudo-likelihood, the same again after a resume, and nothing else anew', () => {
  const { config } = resolveConfig('rbm', { 'network.layers': [5] }, { rowSize: 16, trainCount: 100, kind: 'image' })
  const model = new CompiledModel({ variant: variantOf('rbm'), config: config!, input: vectorOf(16), kind: 'image' }, [20])
  model.load({})
  const normal = random('pseudo')
  model.load({ 'encoder/0/kernel': Float32Array.from({ length: 80 }, () => normal.next() / 2 ** 31 - 1) })
  const images = Uint8Array.from({ length: 320 }, (_, at) => (at * 37) % 256)
  const at = (moment: number) => [
    ...model.validate(
      images.slice(),
      Uint32Array.from({ length: 20 }, (_, row) => row),
      4,
      -1,
      null,
      null,
      moment,
    ),
  ]
  const place = model.terms.length + model.watched.indexOf('pseudoLikelihood')
  const found = [0, 10, 20, 30].map(at)
  assert.equal(new Set(found.map((values) => values[place])).size, 4)
  assert.deepEqual(at(20), found[2])
  for (const values of found) assert.deepEqual(values.toSpliced(place, 1), found[0]!.toSpliced(place, 1))
  model.close()
})
