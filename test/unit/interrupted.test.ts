import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkpointEpoch } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { interruptedError } from '../../src/main/engine/queue/interrupted.ts'

test('a run that was interrupted says from which epoch it continues, and how far it had come', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-interrupted-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const said = (reached: number): string => interruptedError('It ended', folder, reached).message
  assert.equal(checkpointEpoch(folder), null)
  assert.equal(said(0), 'It ended; resume the run to begin it again.')
  assert.equal(said(3.26), 'It ended; resume the run to begin it again; it had reached epoch 3.2.')
  mkdirSync(join(folder, 'checkpoints'))
  const file = join(folder, 'checkpoints', 'last.safetensors')
  const write = (epoch: number) =>
    writeSafetensors(file, {
      tensors: { w: { shape: [1], data: new Float32Array([1]) } },
      metadata: { position: JSON.stringify({ stage: 0, step: 7, epoch, seconds: 1, best: null }) },
    })
  write(1506)
  assert.equal(checkpointEpoch(folder), 1506)
  assert.equal(
    said(1697),
    'It ended; resume the run to continue from epoch 1,506, its last checkpoint; it had reached epoch 1,697.',
  )
  assert.equal(said(1506), 'It ended; resume the run to continue from epoch 1,506, its last checkpoint.')
  write(0)
  assert.equal(said(2), 'It ended; resume the run to begin it again; it had reached epoch 2.')
  writeFileSync(file, 'no checkpoint')
  assert.equal(checkpointEpoch(folder), null)
})
