import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeWithDataset, testEngine } from '../fixtures/homes.ts'

test('a folder in the place of a removed run never costs what lies in the trash, which can be restored after the next start', async (t) => {
  const home = homeWithDataset(t)
  const first = testEngine(t, home)
  const { run } = await first.call('runs.create', { dataset: 'digits', variant: 'classical', seed: 1 })
  await first.until(run.id, 'completed')
  const weights = readFileSync(join(home, 'runs', run.id, 'checkpoints', 'last.safetensors'))
  await first.call('runs.remove', { run: run.id })
  await first.engine.close()
  // As an answer leaves it that was computed while the run was removed.
  mkdirSync(join(home, 'runs', run.id, 'answers'), { recursive: true })
  writeFileSync(join(home, 'runs', run.id, 'answers', 'x.bin'), 'answer')

  const second = testEngine(t, home)
  assert.ok(!existsSync(join(home, 'runs', run.id)), 'it is in the way of nothing')
  await second.call('runs.restore', { run: run.id })
  assert.deepEqual(readFileSync(join(home, 'runs', run.id, 'checkpoints', 'last.safetensors')), weights)
})
