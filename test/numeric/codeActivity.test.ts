import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dense } from '../../src/main/engine/network/layers/dense.ts'
import { vectorOf } from '../../src/shared/shape.ts'
import { codeActivity } from '../../src/main/engine/evaluate/codeActivity.ts'
import type { Model } from '../../src/main/engine/evaluate/model.ts'
import { activate } from '../../src/main/engine/network/operations.ts'
import { tf, type Tensor2D } from '../../src/main/engine/trace/tensorflow.ts'
import { WorkbenchError } from '../../src/shared/errors.ts'
import type { Activation } from '../../src/shared/config.ts'
import { datasetOf, modelOf } from './evaluateFixtures.ts'

/** Figures of an encoder whose layers have as many units as there are inputs and add nothing: pre-activations are the rows themselves. */
async function figures(rows: number[][], chain: Activation[], gate: ((code: Tensor2D) => Tensor2D) | null = null) {
  const size = rows[0]!.length
  const kernel = tf.eye(size) as Tensor2D
  const encodeLayers: Model['encodeLayers'] = (x) => {
    let h = x
    const layers = chain.map((activation) => {
      const pre = h
      h = activate(pre, activation)
      return { map: dense(vectorOf(size), vectorOf(size)), kernel, activation, pre, output: h }
    })
    return { layers, code: gate?.(h) ?? h }
  }
  const model = modelOf(
    size,
    size,
    (x) => tf.tidy(() => encodeLayers(x).code.clone()),
    (x) => x.clone(),
    encodeLayers,
  )
  const dataset = datasetOf(Float32Array.from(rows.flat()), size, null, 0)
  const tensors = tf.memory().numTensors
  try {
    return await codeActivity.measure(
      { model: { ...model, gated: gate !== null }, dataset, train: dataset.train, outputRange: [-Infinity, Infinity], codes: null },
      async () => {},
    )
  } finally {
    assert.equal(tf.memory().numTensors, tensors, 'no tensor is left')
    kernel.dispose()
  }
}
const near = (actual: number | null, expected: number) =>
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-6, `${actual}, expected ${expected}`)

test('by hand: relu', async () => {
  // Codes [2, .5, 0], [0, 0, .04], [1, 1, 1], [0, 0, 0].
  const found = await figures(
    [
      [2, 0.5, -3],
      [0, -0.02, 0.04],
      [1, 1, 1],
      [-1, -5, -0.5],
    ],
    ['relu'],
  )
  assert.equal(found.saturation, null, 'no end above')
  near(found.linearShare, 9 / 12)
  near(found.meanActivation, 5.54 / 12)
  assert.deepEqual(found.unitActivity, [0.5, 0.5, 0.25], '0.04 is too near to 0 to be active')
  // One unit alone: 1; three alike: 0; none at all: not counted.
  const uneven = (Math.sqrt(3) - 2.5 / Math.sqrt(4.25)) / (Math.sqrt(3) - 1)
  near(found.hoyerSparsity, (uneven + 1 + 0) / 3)
})

test('by hand: sigmoid and tanh, whose inactive states are 0 and -1', async () => {
  const logit = (p: number) => Math.log(p / (1 - p))
  const sigmoid = await figures([[0.04, 0.5, 0.96].map(logit), [0.06, 0.94, 0.3].map(logit)], ['sigmoid'])
  near(sigmoid.saturation, 2 / 6)
  near(sigmoid.meanActivation, 2.8 / 6)
  assert.deepEqual(sigmoid.unitActivity, [0.5, 1, 1])
  near(sigmoid.linearShare, 2 / 6)
  const tanh = await figures([[-0.98, 0, 0.97].map(Math.atanh), [-0.98, -0.98, -0.98].map(Math.atanh)], ['tanh'])
  near(tanh.saturation, 5 / 6)
  near(tanh.meanActivation, (-0.01 - 2.94) / 6)
  assert.deepEqual(tanh.unitActivity, [0, 0.5, 0.5])
  const distances = [0.02, 1, 1.97]
  near(tanh.hoyerSparsity, (Math.sqrt(3) - 2.99 / Math.hypot(...distances)) / (Math.sqrt(3) - 1) / 2)
})

test('by hand: only layers with a nonlinearity count for the linear share', async () => {
  const rows = [
    [0.5, 2],
    [-3, 0.1],
  ]
  const linear = await figures(rows, ['linear', 'linear'])
  assert.deepEqual([linear.linearShare, linear.saturation], [null, null])
  near(
    linear.hoyerSparsity,
    (Math.SQRT2 - 2.5 / Math.hypot(0.5, 2) + (Math.SQRT2 - 3.1 / Math.hypot(3, 0.1))) / (Math.SQRT2 - 1) / 2,
  )
  near((await figures(rows, ['linear', 'relu'])).linearShare, 2 / 4)
  // relu gives 0.5, 2, 0, 0.1, of which tanh reads three in [-1, 1].
  near((await figures(rows, ['relu', 'tanh'])).linearShare, 5 / 8)
})

test('what a gate closes is inactive; a code of one unit has no sparsity, a code without activity neither', async () => {
  const gated = await figures(
    [
      [3, 1, 2],
      [4, 9, 5],
    ],
    ['relu'],
    (code) => code.mul(code.greater(2.5).cast('float32')),
  )
  assert.deepEqual(gated.unitActivity, [1, 0.5, 0.5])
  near(gated.meanActivation, 21 / 6)
  // Of tanh the inactive state is -1, of what a gate has closed 0: of 3 units 1 is active.
  const tanh = await figures(
    [
      [3, 0.2, -0.5],
      [-0.1, -0.2, 2],
    ],
    ['tanh'],
    (code) => code.mul(code.equal(code.max(1, true)).cast('float32')),
  )
  near(tanh.hoyerSparsity, 1)
  near(tanh.saturation, 2 / 6)
  assert.deepEqual(tanh.unitActivity, [0.5, 0, 0.5])
  assert.equal((await figures([[1], [2]], ['relu'])).hoyerSparsity, null)
  const silent = await figures(
    [
      [-1, -1],
      [-2, 0],
    ],
    ['relu'],
  )
  assert.deepEqual([silent.hoyerSparsity, silent.meanActivation, silent.unitActivity], [null, 0, [0, 0]])
})

test('an activation that is no number is an error', async () => {
  await assert.rejects(
    figures([[1, NaN]], ['sigmoid']),
    (error) => error instanceof WorkbenchError && error.code === 'RUN_DIVERGED',
  )
})
