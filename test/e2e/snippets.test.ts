import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import sharp from 'sharp'
import type { Settings } from '../../src/shared/config.ts'
import type { Export, Run } from '../../src/shared/domain.ts'
import type { EngineEvent } from '../../src/shared/events.ts'
import type { Client } from '../../src/shared/connection.ts'
import { readResult } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { openDataset, rowPaths } from '../../src/main/engine/data/open.ts'
import { createEngine, type Engine } from '../../src/main/engine/engine.ts'
import { ExploredNetwork } from '../../src/main/engine/explore/network.ts'
import { inputTensor } from '../../src/main/engine/network/inputs.ts'
import { variantOf } from '../../src/main/engine/variants/index.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { writeShapesFolder } from '../fixtures/shapesFolder.ts'

/** The programs that an export shows, run as they are shown; and what they give beside the workbench's own codes. */

const folder = mkdtempSync(join(tmpdir(), 'snippets-'))
const images = join(folder, 'digits'),
  count = 1000
let engine: Engine, call: Client
let files = 0
const waiting = new Set<(event: EngineEvent) => void>()

/** Resolves when a task or a run has ended well; to the task's result. */
function ended(id: string): Promise<string> {
  return new Promise((done, fail) => {
    const look = (event: EngineEvent) => {
      if (event.type === 'task' && event.task.id === id && event.task.state !== 'running')
        event.task.state === 'done' ? done(event.task.result!) : fail(new Error(event.task.error?.message))
      else if (event.type === 'run' && event.run.id === id && event.run.state === 'completed') done(id)
      else if (event.type === 'run' && event.run.id === id && event.run.error) fail(new Error(event.run.error.message))
      else return
      waiting.delete(look)
    }
    waiting.add(look)
  })
}
async function imported(name: string, path: string): Promise<void> {
  const { task } = await call('datasets.import', { name, path })
  await ended(task.id)
}
async function trained(dataset: string, settings: Settings): Promise<Run> {
  const { run } = await call('runs.create', {
    dataset,
    variant: 'classical',
    settings: { 'network.layers': [24], 'training.epochs': 1, ...settings },
  })
  await ended(run.id)
  return (await call('runs.show', { run: run.id })).run
}
async function exported(
  run: Run,
  part: Export['part'],
  input: Export['input'] = 'pixels',
): Promise<{ python: string; node: string }> {
  const { task } = await call('exports.create', {
    run: run.id,
    part,
    input,
    out: join(folder, `${run.id}-${part}-${input}-${files++}.onnx`),
  })
  const snippets = await call('exports.snippets', { export: await ended(task.id) })
  const place = mkdtempSync(join(folder, 'snippet-'))
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(place, 'node_modules'), 'junction')
  writeFileSync(join(place, 'snippet.py'), snippets.python)
  writeFileSync(join(place, 'snippet.mjs'), snippets.node)
  return { python: join(place, 'snippet.py'), node: join(place, 'snippet.mjs') }
}
const runNode = (snippet: string, ...args: string[]): string =>
  execFileSync(process.execPath, [snippet, ...args], { cwd: resolve(snippet, '..'), encoding: 'utf8' })
/** The numbers that console.log shows of one row. */
const numbersIn = (output: string): number[] =>
  [
    ...output
      .slice(output.indexOf('Float32Array'))
      .replace(/Float32Array\(\d+\)/, '')
      .matchAll(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g),
  ].map(Number)

const python = process.env['WORKBENCH_PYTHON'] ?? 'python3'
const found = spawnSync(python, ['-c', 'import numpy, onnxruntime, PIL, safetensors'], { encoding: 'utf8' })
const missing =
  found.status === 0
    ? false
    : `${python} has no numpy, onnxruntime, Pillow and safetensors; set WORKBENCH_PYTHON to an interpreter that has them`

let digits: Run
before(async () => {
  writeDigitFolder(images, count)
  engine = createEngine({ home: join(folder, 'home') })
  call = engine.handle as Client
  engine.subscribe((event) => {
    for (const look of [...waiting]) look(event)
  })
  await imported('digits', images)
  digits = await trained('digits', { 'network.layers': [64, 24] })
})
after(async () => {
  await engine.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Codes [count, Z] as the network itself gives them, in the order of the dataset's rows, and the rows' files. */
function ownCodes(run: Run): { codes: Float32Array; paths: string[]; size: number } {
  const { variant, config, inputShape, state } = readResult(engine.home.run(run.id))
  const dataset = openDataset(engine.home.dataset(run.datasetId))
  const network = new ExploredNetwork(variantOf(variant), config, inputShape, 0, state)
  const rows = Uint32Array.from({ length: dataset.count }, (_, row) => row)
  const inputs = inputTensor(dataset, rows),
    codes = network.encode(inputs)
  return {
    codes: codes.dataSync() as Float32Array,
    paths: rowPaths(engine.home.dataset(run.datasetId), rows),
    size: network.codeSize,
  }
}

/** The codes that a Python program computes, run as it is shown; what it computed is looked at afterwards. */
function pythonCodes(snippet: string, out: string, ...args: string[]): Float32Array {
  const look =
    'import runpy, sys; script, out = sys.argv[1:3]; sys.argv = [script, *sys.argv[3:]]; runpy.run_path(script)["code"].tofile(out)'
  execFileSync(python, ['-c', look, snippet, out, ...args])
  const bytes = readFileSync(out)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

test("the Python program gives the workbench's own codes of 1,000 images", { skip: missing }, async () => {
  const { codes, paths, size } = ownCodes(digits)
  assert.equal(paths.length, count)
  const out = join(folder, 'codes.bin')
  for (const input of ['raw', 'pixels'] as const) {
    const theirs = pythonCodes((await exported(digits, 'encoder', input)).python, out, ...paths.map((path) => join(images, path)))
    assert.equal(theirs.length, count * size)
    const largest = theirs.reduce((most, value, index) => Math.max(most, Math.abs(value - codes[index]!)), 0)
    assert.ok(largest <= 1e-5, `${input}: they differ by ${largest}`)
  }

  // What the workbench embeds is the same.
  const { task } = await call('embeddings.create', {
    encoder: { run: digits.id },
    data: { folder: images },
    out: join(folder, 'codes.npz'),
  })
  await ended(task.id)
  const compare =
    'import numpy, sys; a = numpy.load(sys.argv[1]); b = numpy.fromfile(sys.argv[2], ' +
    '"float32").reshape(a["codes"].shape); order = {p: i for i, p in enumerate(sys.argv[3:])}; ' +
    'print(abs(a["codes"] - b[[order[p] for p in a["paths"]]]).max(), (a["classes"][a["labels"]] == [p[0] for p in a["paths"]]).all())'
  const [difference, labels] = execFileSync(python, ['-c', compare, join(folder, 'codes.npz'), out, ...paths], { encoding: 'utf8' })
    .trim()
    .split(' ')
  assert.ok(Number(difference) <= 1e-5 && labels === 'True', `${difference} ${labels}`)
})

test('the Node program gives the same code', async () => {
  const { codes, paths, size } = ownCodes(digits)
  for (const input of ['pixels', 'raw'] as const) {
    const printed = runNode((await exported(digits, 'encoder', input)).node, join(images, paths[3]!))
    assert.match(printed, new RegExp(`^\\[ 1, ${size} \\]`))
    const values = numbersIn(printed)
    assert.equal(values.length, size)
    values.forEach((value, unit) =>
      assert.ok(
        Math.abs(value - codes[3 * size + unit]!) <= 1e-5,
        `${input}, unit ${unit}: ${value} instead of ${codes[3 * size + unit]}`,
      ),
    )
  }
})

test('the loader in PyTorch gives the same codes, of the checkpoint where it lies', { skip: missing }, async () => {
  const { codes, size } = ownCodes(digits)
  const { torch, file } = await call('exports.loader', { run: digits.name })
  assert.ok(torch.includes(file) && existsSync(file))
  const place = mkdtempSync(join(folder, 'loader-'))
  const program = join(place, 'network.py'),
    inputs = join(place, 'inputs'),
    manifest = join(place, 'manifest.json')
  const dataset = openDataset(engine.home.dataset(digits.datasetId))
  const x = inputTensor(
    dataset,
    Uint32Array.from({ length: count }, (_, row) => row),
  )
  writeFileSync(program, torch)
  writeFileSync(inputs, x.dataSync())
  writeFileSync(manifest, JSON.stringify([{ file: program, inputs, shape: [count, 28, 28, 1], fields: ['encoder'] }]))
  execFileSync(python, [resolve(import.meta.dirname, '../fixtures/torchLoaders.py'), manifest])
  const bytes = readFileSync(`${program}.encoder`)
  const theirs = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  assert.equal(theirs.length, count * size)
  const largest = theirs.reduce((most, value, index) => Math.max(most, Math.abs(value - codes[index]!)), 0)
  assert.ok(largest <= 1e-5, `they differ by ${largest}`)
})

test('programs for rows that are no images take them from a table', async () => {
  const { task } = await call('datasets.import', { name: 'moons', path: 'moons' })
  await ended(task.id)
  const run = await trained('moons', { 'network.layers': [8, 2], 'training.batchSize': 32 })
  const { variant, config, inputShape, state } = readResult(engine.home.run(run.id))
  const dataset = openDataset(engine.home.dataset(run.datasetId))
  const values = new Float32Array(5 * 2)
  dataset.gather(Uint32Array.of(0, 1, 2, 3, 4), values)
  const codes = new ExploredNetwork(variantOf(variant), config, inputShape, 0, state)
    .encode(inputTensor(dataset, Uint32Array.of(0, 1, 2, 3, 4)))
    .dataSync()
  const rows = join(folder, 'rows.csv')
  writeFileSync(rows, Array.from({ length: 5 }, (_, row) => `${values[2 * row]},${values[2 * row + 1]}\n`).join(''))
  const snippet = await exported(run, 'encoder')
  const near = (found: ArrayLike<number>, where: string) => {
    assert.equal(found.length, 10, where)
    codes.forEach((value, index) =>
      assert.ok(Math.abs(value - found[index]!) <= 1e-5, `${where}, ${index}: ${found[index]} instead of ${value}`),
    )
  }
  near(numbersIn(runNode(snippet.node, rows)), 'Node')
  if (!missing) near(pythonCodes(snippet.python, join(folder, 'rows.bin'), rows), 'Python')
})

test("every other part's programs run as shown", async () => {
  const path = join(images, ownCodes(digits).paths[0]!)
  const autoencoder = await exported(digits, 'autoencoder'),
    decoder = await exported(digits, 'decoder')
  const codes = join(folder, 'codes.json')
  writeFileSync(codes, JSON.stringify([Array(24).fill(0.5), Array(24).fill(-0.5)]))
  for (const [snippet, argument] of [
    [autoencoder.node, path],
    [decoder.node, codes],
  ] as const) {
    assert.match(runNode(snippet, argument), /784 \]/)
    assert.equal((await sharp(join(resolve(snippet, '..'), 'reconstruction.png')).metadata()).width, 28)
  }
  const classifying = await trained('digits', {
    'fineTuning.kind': 'classification',
    'pretraining.kind': 'greedy',
    'pretraining.epochs': 1,
  })
  const classifier = await exported(classifying, 'classifier')
  const inNode = runNode(classifier.node, path)
  assert.match(inNode, /^\d 0\.\d+\n$/)
  if (missing) return
  const runPython = (snippet: string, ...args: string[]) =>
    execFileSync(python, [snippet, ...args], { cwd: resolve(snippet, '..'), encoding: 'utf8' })
  const [digit, probability] = runPython(classifier.python, path).trim().split(' ')
  assert.equal(digit, inNode[0])
  assert.ok(Math.abs(Number(probability) - Number(inNode.slice(2))) < 1e-5)
  rmSync(join(resolve(autoencoder.python, '..'), 'reconstruction.png'))
  assert.match(runPython(autoencoder.python, path), /\(1, 28, 28\)/)
  assert.equal((await sharp(join(resolve(autoencoder.python, '..'), 'reconstruction.png')).metadata()).width, 28)
  execFileSync(python, ['-c', 'import numpy; numpy.save("codes.npy", numpy.full((2, 24), 0.5))'], { cwd: folder })
  assert.match(runPython(decoder.python, join(folder, 'codes.npy')), /\(2, 28, 28\)/)
})

test("a convolutional network's programs and embeddings give its own codes; images that it cannot read are refused", async () => {
  const photos = join(folder, 'photos'),
    turned = join(folder, 'turned')
  for (const [place, width, height] of [
    [photos, 15, 11],
    [turned, 11, 15],
  ] as const) {
    mkdirSync(place)
    for (let image = 0; image < 48; image++) {
      const pixels = Buffer.from(
        Array.from({ length: width * height * 3 }, (_, at) => 128 + 120 * Math.sin((at % (7 + image)) + image * (at % 3))),
      )
      await sharp(pixels, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(join(place, `${image}.png`))
    }
  }
  await imported('photos', photos)
  await imported('turned', turned)
  const convolutions = { 'network.convolutions': '8x4s2,12x3', 'network.layers': [6], 'training.batchSize': 8 }
  const run = await trained('photos', convolutions)
  const { codes, paths, size } = ownCodes(run)
  const files = paths.map((path) => join(photos, path))
  for (const input of ['pixels', 'raw'] as const) {
    const { node, python: snippet } = await exported(run, 'encoder', input)
    const near = (theirs: ArrayLike<number>, from: number, where: string) =>
      Array.from(theirs).forEach((value, at) =>
        assert.ok(Math.abs(value - codes[from + at]!) <= 2e-5, `${where} ${input}: ${value} instead of ${codes[from + at]}`),
      )
    near(numbersIn(runNode(node, files[3]!)), 3 * size, 'Node')
    if (missing) continue
    const theirs = pythonCodes(snippet, join(folder, 'convolved.bin'), ...files)
    assert.equal(theirs.length, codes.length)
    near(theirs, 0, 'Python')
  }
  for (const part of ['autoencoder', 'decoder'] as const) {
    const { node } = await exported(run, part)
    const given = join(folder, 'code.json')
    writeFileSync(given, JSON.stringify([Array.from(codes.subarray(0, size))]))
    assert.match(runNode(node, part === 'decoder' ? given : files[0]!), /495 \]/)
    const { width, height } = await sharp(join(resolve(node, '..'), 'reconstruction.png')).metadata()
    assert.deepEqual([width, height], [15, 11])
  }

  const embedded = async (encoder: { run: string } | { model: string }, data: { folder: string } | { dataset: string }) => {
    const { task } = await call('embeddings.create', {
      encoder,
      data,
      out: join(folder, `convolved-${files.length}.csv`),
      force: true,
    })
    await ended(task.id)
    const [, ...lines] = readFileSync(join(folder, `convolved-${files.length}.csv`), 'utf8')
      .trim()
      .split('\n')
    return new Map(lines.map((line) => [line.split(',')[0], line.split(',').slice(-size).map(Number)]))
  }
  for (const data of [{ folder: photos }, { dataset: 'photos' }]) {
    const found = await embedded({ run: run.id }, data)
    paths.forEach((path, row) =>
      found
        .get(path)!
        .forEach((value, unit) => assert.ok(Math.abs(value - codes[row * size + unit]!) <= 2e-5, `${path}, unit ${unit}`)),
    )
  }
  // As many values, but other images: to convolutions that is not the same.
  const sentence =
    /^The encoder takes images of 15 × 11 with 3 channels, and the dataset has images of 11 × 15 with 3 channels; import/
  await assert.rejects(embedded({ run: run.id }, { dataset: 'turned' }), { message: sentence })
  const raw = join(folder, 'convolved-raw.onnx')
  const { task } = await call('exports.create', { run: run.id, part: 'encoder', input: 'raw', out: raw })
  await ended(task.id)
  await assert.rejects(embedded({ model: raw }, { dataset: 'turned' }), { message: sentence })
  assert.deepEqual((await call('encoders.datasets', { run: run.id })).datasets.length, 1)
  // Of a folder each image is made as large as those of the import were.
  assert.equal((await embedded({ model: raw }, { folder: turned })).size, 48)
})

test(
  'images of other sizes, in colour, transparent and turned, come to the codes that the import would give',
  { skip: missing },
  async () => {
    const shapes = join(folder, 'shapes'),
      colour = join(folder, 'colour')
    await writeShapesFolder(shapes, 60)
    mkdirSync(colour)
    const pixels = Buffer.from(Array.from({ length: 30 * 20 * 4 }, (_, index) => (index * 37) % 256))
    await sharp(pixels, { raw: { width: 30, height: 20, channels: 4 } })
      .png()
      .toFile(join(colour, 'transparent.png'))
    await sharp(pixels, { raw: { width: 30, height: 20, channels: 4 } })
      .removeAlpha()
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toFile(join(colour, 'turned.jpg'))
    await imported('shapes', shapes)
    const run = await trained('shapes', { 'network.layers': [12], 'training.batchSize': 8 })
    const snippet = await exported(run, 'encoder')
    const { task } = await call('embeddings.create', {
      encoder: { run: run.id },
      data: { folder: colour },
      out: join(folder, 'colour.npz'),
    })
    await ended(task.id)
    const compare =
      'import numpy, runpy, sys; script, npz, folder = sys.argv[1:4]; a = ' +
      'numpy.load(npz); sys.argv = [script, *(folder + "/" + p for p in a["paths"])]; ' +
      'b = runpy.run_path(script)["code"]; print("relative", abs(a["codes"] - b).max() / a["codes"].std(), len(a["paths"]))'
    const [, relative, seen] = /relative ([\d.e-]+) (\d)/.exec(
      execFileSync(python, ['-c', compare, snippet.python, join(folder, 'colour.npz'), colour], { encoding: 'utf8' }),
    )!
    // Decoders and resizers agree within a level or two of 255.
    assert.equal(seen, '2')
    assert.ok(Number(relative) < 0.05, `the codes differ by ${relative} of their spread`)
  },
)
