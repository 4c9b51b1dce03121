import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Settings } from '../../src/shared/config.ts'
import { readSafetensors, writeSafetensors, type NamedTensor } from '../../src/main/engine/checkpoint/safetensors.ts'
import { weightSpecs } from '../../src/main/engine/network/weights.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

test('tensors that an objective cannot use are refused by name by the engine and its worker, and nothing is written', async (t) => {
  const folder = temporaryFolder(t)
  const { call } = testEngine(t, homeWithDataset(t), {
    workerScript: fileURLToPath(new URL('../../src/main/engine/jobs/worker.ts', import.meta.url)),
  })
  const settings: Settings = { 'network.layers': [3] }
  const { config } = resolveConfig('sparseKl', settings)
  const tensor = (shape: number[], value = 0.5): NamedTensor => ({
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value),
  })
  const whole: Record<string, NamedTensor> = {
    ...Object.fromEntries(weightSpecs(config!.network, vectorOf(4)).map(({ name, shape }) => [name, tensor(shape)])),
    x: tensor([2, 4]),
  }
  const [input, out] = [join(folder, 'in.safetensors'), join(folder, 'out.safetensors')]
  const kernel = 'encoder/0/kernel'
  const { [kernel]: _, ...headless } = whole
  const table: [Record<string, NamedTensor>, string, RegExp][] = [
    [{ ...whole, [kernel]: tensor([4, 3], NaN) }, kernel, /not finite/],
    [headless, kernel, /missing.*\[4, 3\]/],
    [{ ...whole, [kernel]: tensor([3, 4]) }, kernel, /\[3, 4\] instead of \[4, 3\]/],
  ]
  for (const [tensors, field, said] of table) {
    writeSafetensors(input, { tensors, metadata: {} })
    await assert.rejects(
      call('objective', { variant: 'sparseKl', settings, in: input, out }),
      (thrown: { code: string; field: string; message: string }) => {
        assert.deepEqual([thrown.code, thrown.field], ['TENSOR_INVALID', field], thrown.message)
        assert.match(thrown.message, said)
        return true
      },
    )
  }
  writeSafetensors(input, { tensors: whole, metadata: {} })
  await assert.rejects(call('objective', { variant: 'pca', settings: {}, in: input, out }), { code: 'VARIANT_UNSUITABLE' })
  await assert.rejects(
    call('objective', { variant: 'sparseKl', settings: { ...settings, 'regularizer.rho': 2 }, in: input, out }),
    { code: 'SETTING_INVALID', field: 'regularizer.rho' },
  )
  writeFileSync(join(folder, 'text.safetensors'), 'no tensors at all')
  await assert.rejects(call('objective', { variant: 'sparseKl', settings, in: join(folder, 'text.safetensors'), out }), {
    code: 'CHECKPOINT_DAMAGED',
  })
  assert.equal(existsSync(out), false)
  assert.deepEqual(readdirSync(folder).toSorted(), ['in.safetensors', 'text.safetensors'])
  await call('objective', { variant: 'sparseKl', settings, in: input, out })
  assert.deepEqual(
    Object.keys(readSafetensors(out).tensors).toSorted(),
    Object.keys(whole)
      .filter((name) => name !== 'x')
      .toSorted(),
  )
})
