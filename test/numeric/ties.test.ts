import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import { largest } from '../../src/main/engine/network/operations.ts'
import { tf } from '../../src/main/engine/trace/tensorflow.ts'
import { CompiledModel } from '../../src/main/engine/training/compiled.ts'
import { resolveConfig, variantOf } from '../../src/main/engine/variants/index.ts'
import { importRows, smallDigits } from '../fixtures/tinyDataset.ts'
import { exportHere } from '../fixtures/trainHere.ts'
import { writeUntrained } from '../fixtures/fakeCheckpoint.ts'

/** Units that are equally large, because their activations have come to an end of their range: exactly k of them pass. */

const home = mkdtempSync(join(tmpdir(), 'ties-'))
after(() => rmSync(home, { recursive: true, force: true }))

test('exactly k values of a row are its largest, of equal ones the first', () => {
  const rows = [
    [1, 1, 1, 1, 1, 1],
    [0, 1, 0.5, 1, 1, 0.5],
    [-1, -1, -1, 2, -1, -1],
    [0, 0, 0, 0, 0, 0],
    [3, 1, 2, 5, 4, 0],
  ]
  for (let k = 1; k <= 6; k++) {
    const found = tf.tidy(() => largest(tf.tensor2d(rows), k).arraySync())
    // As numpy.argsort(-row, kind='stable')[:k] has it.
    const wanted = rows.map((row) => {
      const order = row.map((_, at) => at).toSorted((a, b) => row[b]! - row[a]! || a - b)
      return row.map((_, at) => Number(order.slice(0, k).includes(at)))
    })
    assert.deepEqual(found, wanted, `k = ${k}`)
  }
})

test('saturated units: training, evaluation and the exported file let the same k through', async () => {
  const datasetFolder = await importRows(home, 'digits', [200, 4, 4], smallDigits(200))
  const variant = variantOf('kSparse')
  for (const [codeActivation, closed] of [
    ['sigmoid', 0],
    ['tanh', 0],
  ] as const) {
    const { config, problems } = resolveConfig(
      'kSparse',
      { 'network.layers': [32], 'network.codeActivation': codeActivation, 'regularizer.k': 5 },
      { rowSize: 16, trainCount: 150, kind: 'image' },
    )
    assert.deepEqual(problems, [])
    // Units 3, 5, 7, ... are at the upper end for every image, the others at the lower.
    const state = {
      'encoder/0/kernel': new Float32Array(16 * 32),
      'encoder/0/bias': Float32Array.from({ length: 32 }, (_, unit) => (unit % 2 === 1 && unit > 1 ? 60 : -60)),
      'decoder/0/kernel': Float32Array.from({ length: 32 * 16 }, (_, at) => Math.sin(at)),
      'decoder/0/bias': new Float32Array(16),
    }
    const wanted = Array.from({ length: 32 }, (_, unit): number => ([3, 5, 7, 9, 11].includes(unit) ? 1 : closed))
    const model = new CompiledModel({ variant, config: config!, input: vectorOf(16), kind: 'image' }, [150])
    model.load(state)
    const images = tf.tensor2d(
      Float32Array.from(smallDigits(20), (value) => value / 255),
      [20, 16],
    )
    const codes = model.encode(images)
    const near = (values: ArrayLike<number>, what: string) => {
      for (let at = 0; at < values.length; at++)
        assert.ok(Math.abs(values[at]! - wanted[at % 32]!) < 1e-6, `${what}, ${codeActivation}: unit ${at % 32} is ${values[at]}`)
    }
    near(codes.dataSync(), 'evaluation')
    // The loss of training is that of those units' decoder.
    const rows = Uint32Array.from({ length: 150 }, (_, row) => row)
    const [loss] = model.validate(smallDigits(150), rows, 1, -1)
    let expected = 0
    smallDigits(150).forEach((value, at) => {
      const logit = wanted.reduce((sum, code, unit) => sum + code * state['decoder/0/kernel'][unit * 16 + (at % 16)]!, 0)
      expected += (Math.max(0, logit) + Math.log1p(Math.exp(-Math.abs(logit))) - (value / 255) * logit) / 150
    })
    assert.ok(Math.abs(loss! - expected) < 1e-4 * expected, `${loss} instead of ${expected}`)
    tf.dispose([images, codes])
    model.close()

    const runFolder = mkdtempSync(join(home, 'run-')),
      out = join(home, `${codeActivation}.onnx`)
    writeUntrained(runFolder, { variant: 'kSparse', config: config!, state })
    const { maxAbsDiff } = await exportHere({
      kind: 'export',
      runId: 'r',
      runFolder,
      datasetFolder,
      part: 'encoder',
      input: 'raw',
      precision: 'float32',
      out,
      force: false,
      metadata: {},
    })
    assert.ok(maxAbsDiff < 1e-6)
    const session = await openSession(out)
    const { code } = await session.run({ x: { type: 'float32', shape: [7, 16], data: new Float32Array(7 * 16).fill(0.5) } })
    near(code!.data, 'ONNX')
    await session.close()
  }
})
