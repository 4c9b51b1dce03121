import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vectorOf } from '../../src/shared/shape.ts'
import { checkpointFile, readCheckpoint, writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { identityOf, requireOwn } from '../../src/main/engine/checkpoint/belongs.ts'
import { readSafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import type { Run } from '../../src/shared/domain.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import { weightsOf } from '../../src/main/engine/variants/variant.ts'
import { variantOf } from '../../src/main/engine/variants/registry.ts'
import { homeWithDataset, temporaryFolder, testEngine } from '../fixtures/homes.ts'

function checkpointIn(
  folder: string,
  { variant = 'classical', seed = 1, units = 4, dataset = 'a'.repeat(64) } = {},
): { run: Run; dataset: { sha256: string } } {
  const { config } = resolveConfig(variant, { 'network.layers': [units] }, { rowSize: 16, trainCount: 100, kind: 'image' })
  const state = Object.fromEntries(
    weightsOf(variantOf(variant), config!, vectorOf(16), 0).map((spec) => [spec.name, initialValues(spec, seed)]),
  )
  writeCheckpoint(folder, 'last', {
    variant,
    config: config!,
    seed,
    dataset,
    inputShape: vectorOf(16),
    classes: [],
    position: { stage: 0, step: 7, epoch: 1, seconds: 1, best: null },
    state,
  })
  return { run: { name: 'own', variant, seed, config: config! } as Run, dataset: { sha256: dataset } }
}

test('a checkpoint belongs to its run: variant, seed, settings and dataset are compared, and an old one by what it has', (t) => {
  const folder = temporaryFolder(t)
  const { run, dataset } = checkpointIn(join(folder, 'own'))
  const own = identityOf(run, dataset)
  requireOwn(join(folder, 'own'), ['last', 'best'], own)
  const others = {
    seed: { seed: 2 },
    variant: { variant: 'denoising' },
    settings: { units: 5 },
    dataset: { dataset: 'b'.repeat(64) },
  }
  for (const [what, other] of Object.entries(others)) {
    checkpointIn(join(folder, what), other)
    assert.throws(() => requireOwn(join(folder, what), ['last'], own), {
      code: 'CHECKPOINT_DAMAGED',
      message: new RegExp(`${what}.*not of “own”`),
    })
  }
  const file = checkpointFile(join(folder, 'dataset'), 'last'),
    {
      tensors,
      metadata: { dataset: _, ...metadata },
    } = readSafetensors(file)
  writeSafetensors(file, { tensors, metadata })
  requireOwn(join(folder, 'dataset'), ['last'], own)
})

test('a flipped bit anywhere in a checkpoint is an error, or changes nothing that is read', (t) => {
  const folder = temporaryFolder(t)
  checkpointIn(folder)
  const file = checkpointFile(folder, 'last'),
    whole = readFileSync(file),
    expected = readCheckpoint(folder, 'last')
  let refused = 0
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole)
    bytes[at] = bytes[at]! ^ (1 << (at % 8))
    writeFileSync(file, bytes)
    try {
      assert.deepEqual(readCheckpoint(folder, 'last'), expected, `byte ${at}`)
    } catch (thrown) {
      if ((thrown as { code?: string }).code !== 'CHECKPOINT_DAMAGED') throw thrown
      refused++
    }
  }
  assert.ok(refused > 0.98 * whole.length, `${refused} of ${whole.length}`)
})

test('NumPy opens a checkpoint with a checksum', { skip: !process.env['WORKBENCH_PYTHON'] && 'needs WORKBENCH_PYTHON' }, (t) => {
  const folder = temporaryFolder(t)
  checkpointIn(folder)
  const script =
    'import sys, safetensors; f = safetensors.safe_open(sys.argv[1], "numpy"); print(sorted(f.keys()), f.metadata()["checksum"][:6])'
  const said = execFileSync(process.env['WORKBENCH_PYTHON']!, ['-c', script, checkpointFile(folder, 'last')], { encoding: 'utf8' })
  assert.match(said, /encoder\/0\/kernel.*crc32:/)
})

test("a run whose checkpoint is another run's is not resumed, and stays as it is", async (t) => {
  const folder = temporaryFolder(t)
  const { call, until, engine } = testEngine(t, homeWithDataset(t))
  const { run } = await call('runs.create', { dataset: 'digits', variant: 'classical', seed: 2 })
  await until(run.id, 'running')
  await call('runs.pause', { run: run.id })
  await until(run.id, 'paused')
  checkpointIn(folder, { seed: 9 })
  copyFileSync(checkpointFile(folder, 'last'), checkpointFile(engine.home.run(run.id), 'last'))
  await assert.rejects(call('runs.resume', { run: run.id }), { code: 'CHECKPOINT_DAMAGED', message: /of seed 9/ })
  assert.equal((await call('runs.show', { run: run.id })).run.state, 'paused')
})
