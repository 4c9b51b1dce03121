import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readWindowState, writeWindowState } from '../../src/main/app/windowState.ts'

const screens = [
  { x: 0, y: 0, width: 1920, height: 1080 },
  { x: 1920, y: 0, width: 1280, height: 1024 },
]

test('the window comes back where it was, unless that place is gone or the file is damaged', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'deep', 'window.json')
  assert.equal(readWindowState(file, screens), null)

  const state = { x: 2000, y: 40, width: 1100, height: 800, maximised: true }
  writeWindowState(file, state)
  assert.deepEqual(readWindowState(file, screens), state)
  assert.deepEqual(readdirSync(join(folder, 'deep')), ['window.json'])
  // The second screen was unplugged.
  assert.equal(readWindowState(file, screens.slice(0, 1)), null)

  writeWindowState(file, { ...state, x: 10, width: 20, height: 20 })
  assert.deepEqual(readWindowState(file, screens), { ...state, x: 10, width: 900, height: 600 })
  for (const damaged of [
    '',
    'null',
    '[]',
    '{"x":1}',
    '{"x":"1","y":0,"width":1000,"height":700}',
    '{"x":1e99,"y":0,"width":1000,"height":700}',
  ]) {
    writeFileSync(file, damaged)
    assert.equal(readWindowState(file, screens), null, damaged)
  }
})
