import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { exportOnnx } from '../../src/main/engine/export/exportOnnx.ts'
import { requestFor } from '../fixtures/exports.ts'
import { denseRecording } from '../fixtures/recordings.ts'

const python = process.env['WORKBENCH_PYTHON'] ?? 'python3'
const found = spawnSync(python, ['-c', 'import numpy, onnx, onnxruntime; print(onnx.__version__, onnxruntime.__version__)'], {
  encoding: 'utf8',
})
const missing = `${python} has no onnx, onnxruntime and numpy; set WORKBENCH_PYTHON to an interpreter that has them`

test(
  'the onnx checker and onnxruntime of Python accept and reproduce exported files',
  { skip: found.status === 0 ? false : missing },
  async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'export-python-'))
    t.after(() => rm(folder, { recursive: true }))
    const cases = []
    for (const part of ['encoder', 'decoder', 'autoencoder'] as const) {
      for (const layers of [[5], [9, 7, 4]]) {
        for (const tied of [false, true]) {
          for (const input of ['pixels', 'raw'] as const) {
            const activation = ['sigmoid', 'tanh', 'relu', 'elu', 'softplus'][cases.length % 5]!
            const network = { inputSize: 12, layers, tied, activation, codeActivation: 'linear', outputActivation: 'sigmoid' }
            const file = path.join(folder, `${cases.length}.onnx`)
            const request = requestFor((batch) => denseRecording(network, part, batch), {
              out: file,
              part,
              input,
              geometry: { width: 2, height: 2, channels: 3, kind: 'image' },
            })
            const { inputs } = await exportOnnx(request)
            const count = 7
            const rows = request.reference.testRows(count)
            const outputs = Object.entries(request.reference.outputs(rows, count)).map(([name, { shape, data }]) => [
              name,
              { shape, data: [...data] },
            ])
            const [given] = inputs
            cases.push({
              file,
              input: given!.name,
              dtype: given!.type,
              shape: given!.shape.map((size) => (size === 'N' ? count : size)),
              rows: [...rows],
              outputs: Object.fromEntries(outputs),
            })
          }
        }
      }
    }
    const manifest = path.join(folder, 'cases.json')
    await writeFile(manifest, JSON.stringify(cases))
    const run = spawnSync(python, [path.join(import.meta.dirname, '../fixtures/check_onnx.py'), manifest], { encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
    assert.equal(JSON.parse(run.stdout).checked, 24)
  },
)
