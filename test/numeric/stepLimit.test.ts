import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operationsOfStep } from '../../bench/step/limit.ts'
import { measureStep } from '../../bench/step/measure.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'

/** The benchmark of a step: what it counts, against sums by hand, and that it measures images of any size. */

function configOf(variant: string, size: { width: number; height: number; channels: number }, settings: Record<string, unknown>) {
  const rowSize = size.width * size.height * size.channels
  const { config, problems } = resolveConfig(variant, settings, { rowSize, trainCount: 60_000, kind: 'image', size })
  assert.deepEqual(problems, [])
  return config!
}

test('the operations of a step: three times each map, less what the images would get', () => {
  const size = { width: 9, height: 7, channels: 3 }
  const network = { convolutions: '5x3s2,4x2', layers: [6] }
  // 7 x 9 gives 4 x 5 by the first, and again 4 x 5 by the second.
  const first = 2 * 9 * 3 * 5 * 20,
    second = 2 * 4 * 5 * 4 * 20,
    dense = 2 * 80 * 6,
    once = first + second + dense
  const training = { batchSize: 8 }
  const classical = operationsOfStep('classical', configOf('classical', size, { network, training }), size)
  assert.equal(classical, 8 * (3 * 2 * once - first))
  const projected = { network, training, regularizer: { jacobian: 'projections', projections: 2 } }
  assert.equal(
    operationsOfStep('contractive', configOf('contractive', size, projected), size),
    8 * (3 * (2 * once + 2 * once) - first),
  )
  const drawn = { network, training, regularizer: { decoder: 'bernoulli', samples: 3 } }
  assert.equal(
    operationsOfStep('variational', configOf('variational', size, drawn), size),
    8 * (3 * (once + dense + 3 * once) - first),
  )
})

test('a step is measured on images of any size, with its limit; of dense networks on digits without one', async () => {
  const size = { width: 9, height: 7, channels: 3 }
  const config = configOf('denoising', size, { network: { convolutions: '5x3s2', layers: [6] }, training: { batchSize: 8 } })
  const measured = await measureStep('denoising', config, 'compiled', 3, size)
  assert.equal(measured.steps, 3)
  assert.ok(measured.least > 0 && measured.least <= measured.median && measured.limit!.ms > 0 && measured.limit!.peak > 0)
  const digits = { width: 28, height: 28, channels: 1 }
  const dense = configOf('classical', digits, { network: { layers: [8] } })
  assert.equal((await measureStep('classical', dense, 'compiled', 2)).limit, null)
})
