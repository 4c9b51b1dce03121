import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs, { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { mock, test, type TestContext } from 'node:test'
import type { CallInput } from '../../src/shared/calls.ts'
import type { Embedding } from '../../src/shared/embeddings.ts'
import { WorkbenchError, type ErrorCode } from '../../src/shared/errors.ts'
import { checkIntegrity } from '../../src/main/engine/doctor/integrity.ts'
import { embed } from '../../src/main/engine/jobs/embed.ts'
import { readKept, writeSum } from '../../src/main/engine/embed/keptCodes.ts'
import { CodesFile } from '../../src/main/engine/embed/codesFile.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import type { EmbedJob } from '../../src/main/engine/jobs/embed.ts'
import type { FromWorker } from '../../src/main/engine/jobs/messages.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { failure } from '../fixtures/exports.ts'
import { over, temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { linearEncoder, onnxFile } from '../fixtures/onnxFiles.ts'
import { importRows, smallDigits } from '../fixtures/tinyDataset.ts'
import { portTo } from '../fixtures/trainHere.ts'

/** Embedding where things go wrong: a code and a sentence, and nothing half-written anywhere. */

const worker = new URL('../../src/main/engine/jobs/worker.ts', import.meta.url).pathname

function prepared(t: TestContext, count = 60) {
  const folder = temporaryFolder(t)
  const images = join(folder, 'images'),
    model = join(folder, 'encoder.onnx'),
    out = join(folder, 'out'),
    home = join(folder, 'home')
  writeDigitFolder(images, count)
  writeFileSync(model, onnxFile(linearEncoder({ name: 'image', type: 2, shape: ['N', 28, 28, 1] }, 784)))
  mkdirSync(out)
  return { folder, images, model, out, home }
}

function engineOn(t: TestContext, home: string) {
  const { call, next, engine } = testEngine(t, home, { workerScript: worker })
  const embedded = async (input: CallInput<'embeddings.create'>): Promise<Embedding> => {
    const ended = await over({ next }, await call('embeddings.create', input))
    if (ended.error) throw WorkbenchError.from(ended.error)
    return (await call('embeddings.list', {})).embeddings.find(({ id }) => id === ended.result)!
  }
  const leftovers = () => readdirSync(join(engine.home.folder, 'embeddings'))
  return { call, next, embedded, leftovers }
}

test('what is wrong with the target, the images or the encoder', async (t) => {
  const { folder, images, model, out, home } = prepared(t)
  const { call, embedded, leftovers } = engineOn(t, home)
  const refused = (input: Partial<CallInput<'embeddings.create'>>, code: ErrorCode, says: RegExp) =>
    assert.rejects(
      embedded({ encoder: { model }, data: { folder: images }, out: join(out, 'codes.npz'), ...input }),
      failure(code, says),
    )

  mkdirSync(join(out, 'folder.npz'))
  await refused({ out: join(out, 'folder.npz'), force: true }, 'EXPORT_UNWRITABLE', /is a folder/)
  await refused({ out: join(out, 'none', 'codes.npz') }, 'EXPORT_UNWRITABLE', /folder does not exist/)
  writeFileSync(join(out, 'mine.csv'), 'mine')
  await refused({ out: join(out, 'mine.csv') }, 'EXPORT_EXISTS', /exists already/)
  assert.equal(readFileSync(join(out, 'mine.csv'), 'utf8'), 'mine')
  await refused({ out: join(out, 'codes.txt') }, 'CALL_INVALID', /end its name with .npz, .csv or .parquet/)
  await refused({ out: 'codes.npz' }, 'CALL_INVALID', /not an absolute path/)
  await refused({ out: undefined }, 'CALL_INVALID', /Say where the codes/)

  await refused({ data: { folder: join(folder, 'gone') } }, 'PATH_MISSING', /There is nothing at/)
  await refused({ data: { folder: model } }, 'FILE_UNSUPPORTED', /is not a folder; choose a folder of images, or import the file/)
  mkdirSync(join(folder, 'empty'))
  await refused({ data: { folder: join(folder, 'empty') } }, 'DATASET_EMPTY', /There is nothing in/)
  mkdirSync(join(folder, 'texts'))
  writeFileSync(join(folder, 'texts', 'a.png'), 'no image')
  await refused({ data: { folder: join(folder, 'texts') } }, 'DATASET_EMPTY', /1 file was looked at \(a\.png: not an image/)
  await refused({ data: { dataset: 'unknown' } }, 'DATASET_UNKNOWN', /no dataset “unknown”/)
  await refused({ encoder: { run: 'unknown' } }, 'RUN_UNKNOWN', /unknown/)

  const vectors = join(folder, 'vectors.onnx')
  writeFileSync(vectors, onnxFile(linearEncoder({ name: 'x', shape: ['N', 12] }, 12)))
  await refused({ encoder: { model: vectors } }, 'FILE_UNSUPPORTED', /takes rows of 12 values that are not images/)
  writeFileSync(join(folder, 'broken.onnx'), 'broken')
  await refused({ encoder: { model: join(folder, 'broken.onnx') } }, 'FILE_DAMAGED', /is not an ONNX file/)
  await assert.rejects(
    call('encoders.inspect', { model: join(folder, 'broken.onnx') }),
    failure('FILE_DAMAGED', /is not an ONNX file/),
  )
  await assert.rejects(call('encoders.inspect', { model: join(folder, 'none.onnx') }), failure('PATH_MISSING', /There is nothing/))

  assert.deepEqual(readdirSync(out).sort(), ['folder.npz', 'mine.csv'])
  assert.deepEqual(leftovers(), [])
  assert.deepEqual((await call('embeddings.list', {})).embeddings, [])
  // With force the file is another one.
  const { bytes } = await embedded({ encoder: { model }, data: { folder: images }, out: join(out, 'mine.csv'), force: true })
  assert.equal(readFileSync(join(out, 'mine.csv')).length, bytes)
})

test(
  'images that do not fit: of another size they are fitted, unreadable ' +
    'ones skipped and named; a dataset of another size is refused',
  async (t) => {
    const { folder, images, out, home, model } = prepared(t)
    writeFileSync(join(images, '3', 'bad.png'), 'no image')
    writeFileSync(join(images, '3', 'cut.png'), readFileSync(join(images, '5', '00000.png')).subarray(0, 90))
    const { call, embedded, next } = engineOn(t, home)
    const made = await embedded({ encoder: { model }, data: { folder: images }, out: join(out, 'codes.csv') })
    assert.equal(made.count, 60)
    assert.deepEqual(
      made.skipped.map(({ path }) => path),
      ['3/bad.png', '3/cut.png'],
    )
    const lines = readFileSync(join(out, 'codes.csv'), 'utf8').trim().split('\r\n')
    assert.deepEqual([lines.length, lines[0]], [61, 'path,label,code_0,code_1'])
    assert.ok(
      lines.slice(1).every((line) => /^(\d)\/\d{5}\.png,\1,-?[\d.e+]+,-?[\d.e+]+$/.test(line)),
      lines.find((line, index) => index > 0 && !/^(\d)\//.test(line)),
    )

    const small = join(folder, 'small.onnx')
    writeFileSync(small, onnxFile(linearEncoder({ name: 'image', shape: ['N', 3, 8, 8] }, 192)))
    assert.equal(
      (await embedded({ encoder: { model: small, fit: 'stretch' }, data: { folder: images }, out: join(out, 'small.csv') })).count,
      60,
    )

    const { task } = await call('datasets.import', { path: images, name: 'digits' })
    await next((event) => (event.type === 'task' && event.task.id === task.id && event.task.state === 'done' ? true : undefined))
    await assert.rejects(
      embedded({ encoder: { model: small }, data: { dataset: 'digits' } }),
      failure(
        'IMAGE_SIZE',
        /takes images of 8 × 8 with 3 channels, and the dataset has images of 28 × 28 with 1 channel; import the images with 8 × 8/,
      ),
    )
  },
)

test('a cancelled embedding leaves nothing', async (t) => {
  const { images, out, home, model } = prepared(t)
  const { call, next, leftovers } = engineOn(t, home)
  const { task } = await call('embeddings.create', { encoder: { model }, data: { folder: images }, out: join(out, 'codes.npz') })
  await call('tasks.cancel', { task: task.id })
  const state = await next((event) =>
    event.type === 'task' && event.task.id === task.id && event.task.state !== 'running' ? event.task.state : undefined,
  )
  assert.equal(state, 'cancelled')
  assert.deepEqual([readdirSync(out), leftovers(), (await call('embeddings.list', {})).embeddings], [[], [], []])
})

/** The job as a worker does it, in this process, where the disk can be made to fail. */
function jobHere(t: TestContext, format: string, act: (message: FromWorker) => boolean | void = () => {}) {
  const { folder, images, model, out } = prepared(t)
  const work = join(folder, 'work')
  mkdirSync(work)
  const job: EmbedJob = {
    kind: 'embed',
    encoder: { file: { model } },
    data: { folder: images },
    work,
    out: { file: join(out, `codes.${format}`), force: false },
    measure: false,
    about: {},
  }
  return { job, out, work, images, run: () => embed(job, portTo([], act)) }
}

for (const format of ['npz', 'csv', 'parquet']) {
  for (const stage of ['Encoding', 'Writing']) {
    test(`cancelled while ${stage.toLowerCase()}, ${format}: nothing remains under the name`, async (t) => {
      const { out, run } = jobHere(t, format, (message) => message.type === 'progress' && message.progress.stage === stage)
      await assert.rejects(run(), failure('CANCELLED', /nothing was kept/))
      assert.deepEqual(readdirSync(out), [])
    })
  }

  test(`a disk that is full half-way, ${format}: nothing remains under the name`, async (t) => {
    const { out, run } = jobHere(t, format)
    const full = () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    }
    // What is written beside the target fails; what is on its way elsewhere does not.
    const handle = await fs.promises.open(import.meta.filename)
    await handle.close()
    const prototype = Object.getPrototypeOf(handle) as { write: unknown; appendFile: unknown }
    if (format === 'npz') mock.method(prototype as never, 'write' as never, full as never)
    if (format === 'csv') mock.method(prototype as never, 'appendFile' as never, full as never)
    if (format === 'parquet') {
      const write = fs.writeFileSync
      mock.method(fs, 'writeFileSync', ((file: string, ...rest: [string]) =>
        file.includes('workbench-export') ? full() : write(file, ...rest)) as never)
      syncBuiltinESMExports()
    }
    t.after(() => {
      mock.restoreAll()
      syncBuiltinESMExports()
    })
    await assert.rejects(run(), failure('DISK_FULL', /The disk is full, so .* was not written; free some space and try again/))
    assert.deepEqual(readdirSync(out), [])
  })
}

test('a target folder that vanishes while the codes are computed', async (t) => {
  const { job, out, run } = jobHere(t, 'npz', (message) => {
    if (message.type === 'progress' && message.progress.stage === 'Encoding') rmSync(out, { recursive: true, force: true })
  })
  await assert.rejects(run(), failure('EXPORT_UNWRITABLE', /folder does not exist/))
  assert.ok(!existsSync(job.out!.file))
})

test('a real disk that is full', async (t) => {
  const { out, run } = jobHere(t, 'npz')
  if (process.platform !== 'linux' || spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', out]).status !== 0)
    return t.skip('a small disk can only be made by root on Linux')
  try {
    writeFileSync(join(out, 'mine'), Buffer.alloc(16_384))
    await assert.rejects(run(), failure('DISK_FULL', /The disk is full/))
    assert.deepEqual(readdirSync(out), ['mine'])
  } finally {
    assert.equal(spawnSync('umount', [out]).status, 0)
  }
})

test(
  'kept codes carry a checksum: a flipped bit, a cut and a loss are noticed by whoever reads them ' +
    'and by doctor, with a remedy',
  async (t) => {
    const folder = temporaryFolder(t),
      home = homeAt(join(folder, 'home')),
      at = home.embedding('codes000')
    mkdirSync(at, { recursive: true })
    const codes = new CodesFile(join(at, 'codes.npy')),
      values = Float32Array.from({ length: 60 }, (_, index) => index / 7)
    codes.append(values.subarray(0, 20), 5)
    codes.append(values.subarray(20), 10)
    codes.finish()
    writeSum(at, codes)
    // As zlib of another language computes it, over the values alone.
    const file = readFileSync(join(at, 'codes.npy'))
    assert.deepEqual(JSON.parse(readFileSync(join(at, 'checksums.json'), 'utf8')), {
      version: 1,
      count: 15,
      codeSize: 4,
      crc32: crcByHand(file.subarray(128)),
    })
    assert.deepEqual(await readKept(at, 4, 15, 'x'), values)
    const known = {
      runs: [],
      datasets: [],
      embeddings: [
        {
          id: 'codes000',
          name: 'mine',
          run: null,
          model: '/my models/a.onnx',
          datasetId: 'd',
          dataset: 'digits',
          count: 15,
          codeSize: 4,
        },
      ] as never,
    }
    assert.deepEqual(await checkIntegrity(home, known), {
      findings: [],
      looked: { checkpoints: 0, datasets: 0, codes: 1, withoutChecksum: 0 },
    })
    const named = async (what: RegExp) => {
      const {
        findings: [found, ...more],
      } = await checkIntegrity(home, known)
      assert.deepEqual([found?.kind, found?.name, found?.file, more.length], ['codes', 'mine', at, 0])
      assert.match(found!.problem, what)
      assert.match(found!.remedy, /aebench embed "\/my models\/a\.onnx" --dataset digits”; “aebench embeddings remove codes000”/)
      await assert.rejects(readKept(at, 4, 15, 'Embed again.'), failure('FILE_DAMAGED', /are damaged: .*\. Embed again\.$/))
    }
    for (let bit = 0; bit < file.length * 8; bit += 37) {
      const rotten = Buffer.from(file)
      rotten[bit >> 3] = rotten[bit >> 3]! ^ (1 << (bit & 7))
      writeFileSync(join(at, 'codes.npy'), rotten)
      await named(/the checksum of|header/)
    }
    for (const length of [0, 127, 128, 200, file.length - 1]) {
      writeFileSync(join(at, 'codes.npy'), file.subarray(0, length))
      await named(/another length|header/)
    }
    rmSync(join(at, 'codes.npy'))
    await named(/codes\.npy is missing/)
    writeFileSync(join(at, 'codes.npy'), file)
    writeFileSync(join(at, 'checksums.json'), '{"version":1,"count":15')
    await named(/checksums\.json is damaged/)
    // Those of earlier versions have none, and are read as ever.
    rmSync(join(at, 'checksums.json'))
    assert.deepEqual(await readKept(at, 4, 15, 'x'), values)
    assert.equal((await checkIntegrity(home, known)).looked.withoutChecksum, 1)
    writeFileSync(join(at, 'codes.npy'), file.subarray(0, 300))
    await named(/another length/)
  },
)

/** CRC-32 (IEEE 802.3), bit by bit. */
function crcByHand(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

test("a dataset's codes are those of its rows, whatever the format of the pixels", async (t) => {
  const folder = temporaryFolder(t)
  const datasetFolder = await importRows(folder, 'digits', [50, 4, 4], smallDigits(50))
  const model = join(folder, 'encoder.onnx'),
    work = join(folder, 'work')
  writeFileSync(model, onnxFile(linearEncoder({ name: 'x', shape: ['N', 16] }, 16)))
  mkdirSync(work)
  const job: EmbedJob = {
    kind: 'embed',
    encoder: { file: { model } },
    data: { datasetFolder, binarise: false },
    work,
    out: null,
    measure: true,
    about: {},
  }
  const { count, codeSize, linearProbeAccuracy } = await embed(job, portTo([]))
  assert.deepEqual([count, codeSize, linearProbeAccuracy], [50, 2, null])
  const codes = readFileSync(join(work, 'codes.npy')).subarray(128)
  const pixels = smallDigits(50)
  for (let row = 0; row < 50; row++) {
    const expected = Array.from(pixels.subarray(row * 16, (row + 1) * 16)).reduce(
      (sum, byte, place) => sum + ((place + 1) * byte) / 255,
      0,
    )
    assert.ok(Math.abs(codes.readFloatLE(row * 8) - expected) < 1e-3 && Math.abs(codes.readFloatLE(row * 8 + 4) + expected) < 1e-3)
  }
})
