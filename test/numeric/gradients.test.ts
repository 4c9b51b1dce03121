import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { tf, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { lossAndGradients } from '../../src/main/engine/training/gradients.ts'
import { objectiveOf, stateSpecs, termNames } from '../../src/main/engine/training/objective.ts'
import { randomness } from '../../src/main/engine/training/randomness.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { weightsOf, type Variant } from '../../src/main/engine/variants/variant.ts'
import { facts, flavoursOf, tiny, trained } from '../fixtures/everySetting.ts'
import { smallDigits } from '../fixtures/tinyDataset.ts'

/**
 * Every term of every registered variant, alone: its gradient is what central differences of its value give. The terms of the variants
 * that exist are held to their formulas in float64 elsewhere; this one needs to know no formula.
 */
const batchSize = 6,
  entriesTried = 4
const images = smallDigits(batchSize)

/** With smooth activations where the variant lets one choose: at a kink there is no derivative to compare with. */
function smooth(variant: Variant, flavour: Settings): Config {
  const settings = { ...tiny(variant), ...flavour, 'training.weightDecay': 0.01 }
  const { config, fields } = resolveConfig(variant.id, settings, facts)
  const kinked = fields.filter(
    ({ key }) =>
      ['network.activation', 'network.codeActivation'].includes(key) &&
      ['relu', 'elu'].includes(config!.network[key.slice(8) as 'activation']),
  )
  return resolveConfig(variant.id, { ...settings, ...Object.fromEntries(kinked.map(({ key }) => [key, 'softplus'])) }, facts)
    .config!
}

/** A variant whose stated gradients are true ones: in place of `withGradient` a term that has the stated gradient and another value. */
const surrogate = (variant: Variant): Variant => ({
  ...variant,
  objective: (step) =>
    variant.objective!({
      ...step,
      withGradient: (carrier: Tensor1D, _value: Scalar, gradient: Tensor) => carrier.mul(gradient).sum() as Scalar,
    }),
})

/** A variant of which one term is left, whatever the others are. */
const onlyTerm = (variant: Variant, term: string): Variant => ({
  ...variant,
  objective: (step) =>
    Object.fromEntries(
      Object.entries(variant.objective!(step)).map(([name, value]) => [name, name === term ? value : (value.mul(0) as Scalar)]),
    ),
})

for (const variant of trained.filter(({ estimator }) => !estimator)) {
  for (const flavour of flavoursOf(variant)) {
    test(
      `${variant.id}${Object.keys(flavour).length > 0 ? ` ${JSON.stringify(flavour)}` : ''}: ` +
        'gradients of every term are central differences of its value',
      () => {
        const config = smooth(variant, flavour)
        const source = random(`gradients ${variant.id}`)
        const uniform = () => source.next() / 2 ** 32
        const specs = weightsOf(variant, config, vectorOf(facts.rowSize))
        const values = Object.fromEntries(
          specs.map((spec) => [spec.name, initialValues(spec, 5).map((value) => value + 0.2 * (uniform() - 0.5))]),
        )
        tf.engine().startScope('gradients')
        try {
          const x = tf.tensor2d(Float32Array.from(images), [batchSize, facts.rowSize]).div(255) as Tensor2D
          const state = Object.fromEntries(
            stateSpecs(variant, config, vectorOf(facts.rowSize)).map(({ name, shape, initial }) => [
              name,
              tf.fill(shape, initial).mul(
                tf.tensor(
                  Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => 0.9 + 0.2 * uniform()),
                  shape,
                ),
              ),
            ]),
          )
          const givenAt = (weights: Record<string, Float32Array>) => ({
            weights: Object.fromEntries(specs.map(({ name, shape }) => [name, tf.tensor(weights[name]!.slice(), shape)])),
            x,
            state,
            random: randomness(tf.tensor1d([4, 2], 'int32'), tf.tensor1d([9, 4, 1, 7, 3, 5], 'int32')),
          })
          for (const term of termNames(variant, config).slice(1)) {
            const alone = term === 'weightDecay' ? variant : onlyTerm(variant, term)
            const own = { ...config, training: { ...config.training, weightDecay: term === 'weightDecay' ? 0.01 : 0 } }
            const valueAt = (weights: Record<string, Float32Array>): number =>
              tf.tidy(() => objectiveOf(surrogate(alone), own, { ...givenAt(weights), trains: true }).terms[term]!.dataSync()[0]!)
            const { gradients } = lossAndGradients(alone, own, givenAt(values))
            const base =
              term === 'weightDecay'
                ? lossAndGradients(alone, { ...own, training: { ...own.training, weightDecay: 0 } }, givenAt(values)).gradients
                : null
            for (const { name } of specs) {
              const without = base?.[name]!.dataSync()
              const gradient = gradients[name]!.dataSync().map((value, index) => value - (without?.[index] ?? 0))
              const order = [...gradient.keys()].sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!))
              const largest = Math.abs(gradient[order[0]!]!)
              for (const index of [
                ...order.slice(0, entriesTried / 2),
                ...Array.from({ length: entriesTried / 2 }, () => Math.floor(uniform() * gradient.length)),
              ]) {
                const difference = (h: number): { slope: number; noise: number } => {
                  const at = (shift: number) =>
                    valueAt({ ...values, [name]: values[name]!.with(index, values[name]![index]! + shift) })
                  const [above, below] = [at(h), at(-h)]
                  return { slope: (above - below) / (2 * h), noise: (4e-7 * Math.abs(above)) / h }
                }
                // The second, shorter one counts where the first steps over a place without a derivative.
                const agrees = [0.02, 0.004].some((h) => {
                  const { slope, noise } = difference(h)
                  return Math.abs(slope - gradient[index]!) <= 0.01 * Math.abs(gradient[index]!) + 0.002 * largest + noise
                })
                assert.ok(
                  agrees,
                  `${term}: d/d ${name}[${index}] is said to be ${gradient[index]}, ` +
                    `differences give ${difference(0.02).slope} and ${difference(0.004).slope}`,
                )
              }
            }
          }
        } finally {
          tf.engine().endScope()
        }
      },
    )
  }
}
