import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { partsOf } from '../../src/shared/split.ts'
import { importsPlace } from '../fixtures/imports.ts'
import type { ImportRequest } from '../../src/main/engine/data/import.ts'

const python = process.env['WORKBENCH_PYTHON'] ?? 'python3'
const missing =
  spawnSync(python, ['-c', 'import numpy']).status === 0
    ? false
    : `${python} has no numpy; set WORKBENCH_PYTHON to an interpreter that has it`
const { work, request } = importsPlace('arrays')

interface Case {
  name: string
  path: string
  count?: number
  width?: number
  height?: number
  channels?: number
  parts?: [number, number, number]
  classes?: string[]
  labels?: number[]
  notes?: string[]
  error?: string
  set?: string
  array?: string
  rowShape?: ImportRequest['rowShape']
}

before(() => {
  if (missing) return
  const made = spawnSync(python, [join(import.meta.dirname, '../fixtures/arrays.py'), work], { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
})

test('arrays in the forms that people have them in are stored as NumPy says', { skip: missing }, async () => {
  const cases = JSON.parse(readFileSync(join(work, 'cases.json'), 'utf8')) as Case[]
  const wrong: string[] = []
  for (const { name, path, error, parts, classes, labels, notes = [], set, array, rowShape, ...shape } of cases) {
    const ask = request(path, { ...(set && { set }), ...(array && { array }), ...(rowShape && { rowShape }) })
    try {
      if (error !== undefined) {
        await assert.rejects(importDataset(ask), (thrown: Error & { code: string }) => {
          assert.match(thrown.message, new RegExp(error))
          return /FILE_|CALL_/.test(thrown.code)
        })
        assert.equal(existsSync(ask.folder), false)
        continue
      }
      const stored = await importDataset(ask),
        { count, width, height, channels } = stored
      assert.deepEqual({ count, width, height, channels }, { ...shape })
      const pixels = readFileSync(join(ask.folder, 'pixels.bin'))
      assert.ok(pixels.equals(readFileSync(join(work, 'expected', name))), 'other pixels')
      if (classes) assert.deepEqual(stored.classes, classes)
      const split = partsOf(stored)
      if (parts) assert.deepEqual([split.train, split.validation, split.test], parts)
      const codes = stored.notes.map(({ code }) => code)
      for (const code of notes) assert.ok(codes.includes(code), `no note ${code} among ${codes.join(', ')}`)
      const open = openDataset(ask.folder)
      open.close()
      if (labels) assert.deepEqual([...open.labels!], labels)
    } catch (thrown) {
      wrong.push(`${name}: ${(thrown as Error).message.slice(0, 500)}`)
    }
  }
  assert.deepEqual(wrong, [])
})
