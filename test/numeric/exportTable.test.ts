import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { vectorOf } from '../../src/shared/shape.ts'
import type { Config, Settings } from '../../src/shared/config.ts'
import type { Export } from '../../src/shared/domain.ts'
import { writeCheckpoint } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { openSession } from '../../src/main/engine/export/onnxruntime.ts'
import { allowedDifference, unitScales } from '../../src/main/engine/export/verify.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'
import type { Layer } from '../../src/main/engine/network/layer.ts'
import { partsOf } from '../../src/main/engine/network/parts.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import { layersOfVariant, weightsOf, type Variant } from '../../src/main/engine/variants/variant.ts'
import { digitLabels } from '../fixtures/digits.ts'
import { layer64 } from '../fixtures/layers64.ts'
import { importRows, smallDigits } from '../fixtures/tinyDataset.ts'
import { exportHere } from '../fixtures/trainHere.ts'

/**
 * Every variant x {tied, untied} x {1, 3 layers} x {raw, pixels} x every part that it has, run by onnxruntime and, where there
 * is a Python that has it, by that one, against float64 and plain loops. Weights are drawn, not trained: so every bias, head
 * and unit counts, and codes spread over hundreds. What is exported of trained runs is compared elsewhere.
 */

const D = 16,
  C = 10,
  count = 7
const home = mkdtempSync(join(tmpdir(), 'export-table-'))
let datasetFolder = ''
before(async () => {
  datasetFolder = await importRows(home, 'digits', [300, 4, 4], smallDigits(300), digitLabels(300))
})
after(() => rmSync(home, { recursive: true, force: true }))

type State = Record<string, Float32Array>
interface Case {
  file: string
  input: string
  dtype: string
  shape: number[]
  rows: number[]
  outputs: Record<string, { shape: number[]; data: number[] }>
  tolerance?: number
}
const cases: Case[] = []

/** A run of drawn weights: as large as an initialiser makes them, times `spread`. */
function drawnRun(variant: Variant, config: Config, spread: number): { runFolder: string; state: State } {
  const classes = config.fineTuning.kind === 'classification' ? Array.from({ length: C }, (_, index) => String(index)) : []
  const specs = weightsOf(variant, config, vectorOf(D), classes.length)
  const state = Object.fromEntries(
    specs.map((spec) => [
      spec.name,
      initialValues({ ...spec, scale: spec.role === 'bias' ? 0.3 * spread : spec.scale * spread }, 3),
    ]),
  )
  const runFolder = mkdtempSync(join(home, 'run-'))
  writeCheckpoint(runFolder, 'last', {
    variant: variant.id,
    config,
    seed: 1,
    inputShape: vectorOf(D),
    classes,
    position: { stage: 0, step: 0, epoch: 0, seconds: 0, best: null },
    state,
  })
  return { runFolder, state }
}

/** What a part gives for some rows, by output name, in float64. */
function expected64(
  variant: Variant,
  config: Config,
  state: State,
  part: Export['part'],
  rows: number[][],
): Record<string, number[][]> {
  const { network } = config
  const { encoder, decoder, codeHeads } = layersOfVariant(variant, config, vectorOf(D))
  const kernelOf = (name: string): number[] => {
    const values = Array.from(state[name]!)
    if (!network.weightNorm) return values
    const columns = weightsOf(variant, config, vectorOf(D), C).find((spec) => spec.name === name)!.shape[1]!
    const norms = Array.from({ length: columns }, (_, column) =>
      Math.sqrt(values.reduce((sum, value, index) => (index % columns === column ? sum + value ** 2 : sum), 0)),
    )
    return values.map((value, index) => value / norms[index % columns]!)
  }
  const through = ({ kernel, bias, activation, adjoint }: Pick<Layer, 'kernel' | 'bias' | 'activation' | 'adjoint'>, h: number[]) =>
    layer64({ kernel: kernelOf(kernel), bias: Array.from(state[bias]!), activation, transposed: adjoint }, h)
  const hidden = (x: number[]) => encoder.slice(0, -1).reduce((h, layer) => through(layer, h), x)
  const gated = (code: number[]) => {
    if (!variant.gate) return code
    const kept = code
      .map((value, unit) => ({ value, unit }))
      .sort((a, b) => b.value - a.value)
      .slice(0, config.regularizer['k'] as number)
      .map(({ unit }) => unit)
    return code.map((value, unit) => (kept.includes(unit) ? value : 0))
  }
  const encode = (x: number[]) => gated(through(encoder.at(-1)!, hidden(x)))
  const decode = (code: number[]) => decoder.reduce((h, layer) => through(layer, h), code)
  if (part === 'decoder') return { reconstruction: rows.map(decode) }
  if (part === 'autoencoder') return { reconstruction: rows.map((x) => decode(encode(x))) }
  if (part === 'classifier') {
    return {
      probabilities: rows.map((x) => {
        const exponentials = through(
          { kernel: 'classifier/kernel', bias: 'classifier/bias', activation: 'linear', adjoint: false },
          encode(x),
        ).map(Math.exp)
        return exponentials.map((value) => value / exponentials.reduce((a, b) => a + b))
      }),
    }
  }
  const code = rows.map(encode)
  return codeHeads.length === 0 ? { code } : { code, mean: code, logVariance: rows.map((x) => through(codeHeads[0]!, hidden(x))) }
}

/** Exports a part of a run, and holds onnxruntime's outputs against float64. */
async function exportAndCompare(
  title: string,
  variant: Variant,
  config: Config,
  run: { runFolder: string; state: State },
  part: Export['part'],
  input: Export['input'],
  precision: Export['precision'] = 'float32',
) {
  const out = join(home, `${title}-${part}-${input}-${precision}.onnx`)
  const made = await exportHere({
    kind: 'export',
    runId: 'r',
    runFolder: run.runFolder,
    datasetFolder,
    part,
    input,
    precision,
    out,
    force: false,
    metadata: {},
  })
  const dataset = openDataset(datasetFolder)
  const pixels = new Uint8Array(count * D)
  dataset.gather(dataset.test.subarray(0, count), pixels)
  const images = Array.from({ length: count }, (_, row) =>
    Array.from(pixels.subarray(row * D, (row + 1) * D), (value) => value / 255),
  )
  const rows = part === 'decoder' ? expected64(variant, config, run.state, 'encoder', images)['code']! : images
  const wanted = expected64(variant, config, run.state, part, rows)
  const [{ name, type, shape }] = made.inputs as [Export['inputs'][number]]
  const data = type === 'uint8' ? pixels : Float32Array.from(rows.flat())
  const size = shape.map((each) => (typeof each === 'number' ? each : count))
  const session = await openSession(out)
  const found = await session.run({ [name]: { type, shape: size, data } })
  await session.close()
  assert.deepEqual(Object.keys(found).sort(), Object.keys(wanted).sort())
  for (const [output, values] of Object.entries(wanted)) {
    const flat = values.flat(),
      scales = unitScales(flat, count)
    assert.deepEqual(found[output]!.shape, [count, values[0]!.length])
    if (precision === 'float32')
      flat.forEach((value, index) => {
        const difference = Math.abs(found[output]!.data[index]! - value)
        assert.ok(
          difference <= allowedDifference(value, scales[index % scales.length]),
          `${title} ${part} ${input}: ${output}[${index}] is ${found[output]!.data[index]} instead of ${value}`,
        )
      })
  }
  // Of a reduced file Python has to give what onnxruntime here gives.
  const outputs = Object.fromEntries(
    Object.entries(wanted).map(([output, values]) => [
      output,
      {
        shape: [count, values[0]!.length],
        data: precision === 'float32' ? values.flat() : Array.from(found[output]!.data),
      },
    ]),
  )
  cases.push({ file: out, input: name, dtype: type, shape: size, rows: Array.from(data), outputs })
  return made
}

for (const variant of variants) {
  test(`${variant.id}: every shape, part and input`, async () => {
    const made: string[] = []
    for (const layers of [[9], [12, 10, 6]]) {
      for (const tied of [false, true]) {
        const settings: Settings = {
          'network.layers': layers,
          'network.tied': tied,
          ...(variant.gate ? { 'regularizer.k': 4 } : {}),
        }
        const { config, problems } = resolveConfig(variant.id, settings, { rowSize: D, trainCount: 200, kind: 'image', classes: C })
        if (!config) {
          // What a variant does not allow: it determines whether its network is tied, or is of one layer.
          assert.match(problems[0]!.field!, /^network\.(tied|layers)$/)
          continue
        }
        const title = `${variant.id}-${layers.length}-${tied ? 'tied' : 'untied'}`
        made.push(title)
        const run = drawnRun(variant, config, 1)
        for (const part of partsOf(config))
          for (const input of part === 'decoder' ? (['raw'] as const) : (['raw', 'pixels'] as const))
            await exportAndCompare(title, variant, config, run, part, input)
        for (const precision of ['float16', 'int8'] as const) {
          const { reduction, bytes } = await exportAndCompare(title, variant, config, run, 'encoder', 'pixels', precision)
          assert.ok(
            reduction!.relativeDifference < (precision === 'float16' ? 0.05 : 0.5),
            `${title}: ${precision} differs by ${reduction!.relativeDifference}`,
          )
          assert.ok(bytes > 0 && reduction!.float32Bytes > 0)
        }
      }
    }
    assert.ok(made.length >= 1, 'nothing was exported')
  })
}

test('networks that classify, with normalised weights, and with codes that spread over hundreds', async () => {
  const classical = variants.find(({ id }) => id === 'classical')!
  const config = (settings: Settings) => {
    const resolved = resolveConfig(classical.id, settings, { rowSize: D, trainCount: 200, kind: 'image', classes: C })
    assert.deepEqual(resolved.problems, [])
    return resolved.config!
  }
  for (const layers of [[9], [12, 10, 6]]) {
    const classifier = config({ 'network.layers': layers, 'fineTuning.kind': 'classification' })
    const classifying = drawnRun(classical, classifier, 1)
    for (const part of partsOf(classifier))
      for (const input of ['raw', 'pixels'] as const)
        await exportAndCompare(`classifier-${layers.length}`, classical, classifier, classifying, part, input)
    const normalised = config({ 'network.layers': layers, 'network.weightNorm': true, 'network.tied': true })
    for (const part of partsOf(normalised))
      await exportAndCompare(`normalised-${layers.length}`, classical, normalised, drawnRun(classical, normalised, 1), part, 'raw')
    // A code of hundreds has values near 0 that float32 rounds by far more than 1e-4 of themselves.
    const spread = config({
      'network.layers': layers,
      'network.activation': 'linear',
      'network.outputActivation': 'linear',
      reconstruction: 'squaredError',
    })
    const { runFolder, state } = drawnRun(classical, spread, layers.length === 1 ? 300 : 10)
    for (const part of partsOf(spread))
      await exportAndCompare(`spread-${layers.length}`, classical, spread, { runFolder, state }, part, 'raw')
  }
})

const python = process.env['WORKBENCH_PYTHON'] ?? 'python3'
const found = spawnSync(python, ['-c', 'import numpy, onnx, onnxruntime'], { encoding: 'utf8' })
const missing = `${python} has no onnx, onnxruntime and numpy; set WORKBENCH_PYTHON to an interpreter that has them`

test(
  "Python's onnx checker accepts every one of these files, and its onnxruntime gives the same",
  { skip: found.status === 0 ? false : missing },
  () => {
    const manifest = join(home, 'cases.json')
    writeFileSync(manifest, JSON.stringify(cases))
    const run = spawnSync(python, [join(import.meta.dirname, '../fixtures/check_onnx.py'), manifest], { encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
    assert.equal(JSON.parse(run.stdout).checked, cases.length)
  },
)
