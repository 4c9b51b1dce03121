import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { openSync, readdirSync, readFileSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { unzipSync } from 'fflate'
import { frame } from '../../src/shared/frames.ts'
import { readZip } from '../../src/main/engine/data/zip.ts'
import { readOnnx } from '../../src/main/engine/embed/onnxFile.ts'
import { ZipWriter } from '../../src/main/engine/files/zipWriter.ts'
import { startEngineChild, type EngineChild } from '../fixtures/engineChild.ts'
import { made, temporaryFolder, testEngine } from '../fixtures/homes.ts'
import { peakMemory } from '../fixtures/memory.ts'

/** Files and messages that ask for far more memory than they have bytes: each ended the engine once. */
const linux = { skip: process.platform !== 'linux' && 'looks into /proc' }
/** The engine's own and what may be read of one file at a time, in MB. */
const mostMemory = 1500

async function engineAt(t: TestContext, home: string): Promise<EngineChild> {
  const engine = await startEngineChild(home)
  t.after(() => engine.kill())
  return engine
}

/** The parts of a small packed experiment. */
async function packedParts(t: TestContext, folder: string): Promise<Record<string, Uint8Array>> {
  const engine = testEngine(t, join(folder, 'origin')),
    file = join(folder, 'good.zip')
  await made(engine, await engine.call('datasets.import', { path: 'moons', name: 'moons', count: 120, seed: 3 }))
  const { experiment } = await engine.call('experiments.create', {
    plan: {
      name: 'small',
      dataset: 'moons',
      seeds: [1],
      settings: { 'network.layers': [4], 'training.epochs': 1, 'training.batchSize': 16 },
      variants: [{ variant: 'classical' }],
    },
  })
  await engine.next((event) => (event.type === 'experiment' && event.ended ? true : undefined))
  await made(engine, await engine.call('experiments.pack', { experiment: experiment.id, file, withDataset: true }))
  return unzipSync(readFileSync(file))
}

type Manifest = { parts: { name: string; bytes: number; sha256: string }[] }
const text = (value: unknown) => Buffer.from(JSON.stringify(value))

test(
  'packed experiments that promise more than they can hold are refused, each with its reason, and end nothing',
  linux,
  async (t) => {
    const folder = temporaryFolder(t),
      home = join(folder, 'home')
    const good = await packedParts(t, folder)
    const engine = await engineAt(t, home)
    const refused = async (name: string, change: (parts: Record<string, Uint8Array>) => void, code: string, reason: RegExp) => {
      const parts = { ...good },
        manifest = JSON.parse(Buffer.from(good['manifest.json']!).toString()) as Manifest
      change(parts)
      if (parts['manifest.json'] === good['manifest.json']) {
        for (const part of manifest.parts)
          Object.assign(part, {
            bytes: parts[part.name]!.length,
            sha256: createHash('sha256').update(parts[part.name]!).digest('hex'),
          })
        parts['manifest.json'] = text(manifest)
      }
      const path = join(folder, `${name.replaceAll(' ', '-')}.zip`)
      const zip = await ZipWriter.create(path)
      for (const [part, bytes] of Object.entries(parts)) await zip.add(part, bytes)
      await zip.finish()
      await zip.close()
      const { error } = await engine.taskOver((await engine.call('experiments.unpack', { file: path })).task)
      assert.equal(error?.code, code, `${name}: ${error?.message}`)
      assert.match(error!.message, reason, name)
      assert.deepEqual(readdirSync(join(home, 'runs')), [], name)
      assert.ok(peakMemory(engine.pid) < mostMemory, `${name}: ${peakMemory(engine.pid)} MB`)
    }
    const manyLists = (count: number) => Buffer.concat([Buffer.from('[[]'), Buffer.alloc(3 * count, ',[]'), Buffer.from(']')])
    const run = Object.keys(good).find((name) => name.endsWith('run.json'))!,
      series = Object.keys(good).find((name) => name.endsWith('series.bin'))!
    await refused(
      'a manifest of 400 MB',
      (parts) => {
        parts['manifest.json'] = Buffer.alloc(400e6, ' ')
      },
      'FILE_DAMAGED',
      /larger than it can be/,
    )
    await refused(
      'a manifest of 40 million lists',
      (parts) => {
        parts['manifest.json'] = manyLists(40e6)
      },
      'FILE_DAMAGED',
      /more than [\d,]+ values/,
    )
    await refused(
      'parts of 2 million lists',
      (parts) => {
        parts['manifest.json'] = Buffer.concat([
          Buffer.from(`${Buffer.from(good['manifest.json']!).toString().split('"parts":')[0]}"parts":`),
          manyLists(1.9e6),
          Buffer.from('}'),
        ])
      },
      'FILE_UNSUPPORTED',
      /not a packed experiment/,
    )
    await refused(
      'a deep manifest',
      (parts) => {
        parts['manifest.json'] = Buffer.alloc(2e6, '[')
      },
      'FILE_DAMAGED',
      /levels/,
    )
    await refused(
      'members of 2 million lists',
      (parts) => {
        parts['experiment.json'] = Buffer.concat([
          Buffer.from(`${Buffer.from(good['experiment.json']!).toString().split('"members":')[0]}"members":`),
          manyLists(1.9e6),
          Buffer.from('}'),
        ])
      },
      'FILE_DAMAGED',
      /does not hold/,
    )
    await refused(
      'a run of 40 million lists',
      (parts) => {
        parts[run] = manyLists(40e6)
      },
      'FILE_DAMAGED',
      /larger|values/,
    )
    const length = Buffer.alloc(5)
    length.writeUInt8(0xdd)
    length.writeUInt32BE(40e6, 1)
    for (const [kind, byte] of [
      ['lists', 0x90],
      ['maps', 0x80],
      ['numbers', 1],
    ] as const)
      await refused(
        `curves of 40 million ${kind}`,
        (parts) => {
          parts[series] = Buffer.concat([length, Buffer.alloc(40e6, byte)])
        },
        'FILE_DAMAGED',
        /values/,
      )
    // A list of lists with one item each, as deep as there are bytes.
    await refused(
      'deep curves',
      (parts) => {
        parts[series] = Buffer.alloc(1e6, 0x91)
      },
      'FILE_DAMAGED',
      /levels/,
    )
    const skipped = 'dataset/skipped.json'
    assert.ok(good[skipped], Object.keys(good).join(' '))
    await refused(
      '40 million skipped files',
      (parts) => {
        parts[skipped] = manyLists(40e6)
      },
      'FILE_DAMAGED',
      /values|checksum/,
    )
    assert.ok((await engine.call('engine.status', {})).version)
  },
)

test('a zip archive whose parts share their bytes, or lie about their list, is refused by its list alone', async (t) => {
  const folder = temporaryFolder(t),
    file = join(folder, 'a.zip')
  const zip = await ZipWriter.create(file)
  for (let index = 0; index < 50; index++) await zip.add(`part${index}`, Buffer.alloc(1000, index))
  await zip.finish()
  await zip.close()
  const bytes = readFileSync(file)
  // Every part is said to be the first one.
  const shared = Buffer.from(bytes)
  for (let at = shared.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = shared.indexOf('PK\x01\x02', at + 1, 'latin1')) {
    shared.writeUInt32LE(0, at + 42)
    shared.writeUInt32LE(bytes.length - 100, at + 20)
  }
  writeFileSync(file, shared)
  await assert.rejects(readZip(file), { code: 'FILE_DAMAGED', message: /overlap/ })
  // A 64-bit list that lies where no file reaches.
  const locator = Buffer.alloc(20)
  locator.write('PK\x06\x07', 'latin1')
  locator.writeBigUInt64LE(2n ** 64n - 1n, 8)
  writeFileSync(file, Buffer.concat([bytes.subarray(0, -22), locator, bytes.subarray(-22)]))
  await assert.rejects(readZip(file), { code: 'FILE_DAMAGED' })
})

test('frames of millions of empty maps, lists and names are dropped, and the engine goes on', linux, async (t) => {
  const folder = temporaryFolder(t),
    home = join(folder, 'home')
  const engine = await engineAt(t, home)
  const beginning = connectFrame('engine.status')
  const million = 1e6
  const list = (count: number, byte: number) => Buffer.concat([Buffer.of(0xdd), number(count), Buffer.alloc(count, byte)])
  // Names of three letters each.
  const pair = Buffer.from(
    Array.from({ length: 26 ** 3 }, (_, index) => [
      0xa3,
      97 + (index % 26),
      97 + (Math.floor(index / 26) % 26),
      97 + Math.floor(index / 676),
      1,
    ]).flat(),
  )
  const names = Buffer.concat([Buffer.of(0xdf), number(300 * 26 ** 3), ...Array<Buffer>(300).fill(pair)])
  const payloads = [
    list(63 * million, 0x80),
    list(63 * million, 0x90),
    names,
    Buffer.alloc(20 * million, 0x91),
    Buffer.concat([Buffer.of(0xc6), number(60 * million), Buffer.alloc(60 * million)]),
  ]
  for (const [index, payload] of payloads.entries()) {
    for (const wrapped of [payload, Buffer.concat([beginning, payload])]) {
      const socket = connect(join(home, 'engine.sock'))
      await once(socket, 'connect')
      await new Promise<void>((done) => socket.write(frame(1, wrapped), () => done()))
      assert.ok((await engine.call('engine.status', {})).version)
      socket.destroy()
      assert.ok(peakMemory(engine.pid) < mostMemory, `frame ${index}: ${peakMemory(engine.pid)} MB`)
    }
  }
})

/** The bytes of a call up to its input. */
function connectFrame(name: string): Buffer {
  const word = (value: string) => Buffer.concat([Buffer.of(0xa0 + value.length), Buffer.from(value)])
  return Buffer.concat([
    Buffer.of(0x84),
    word('m'),
    word('call'),
    word('t'),
    word('q'),
    word('i'),
    word('x'),
    word('a'),
    Buffer.of(0x92),
    word(name),
  ])
}
function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

test('an ONNX file of millions of empty messages, or of messages within messages, is refused before it is read', async (t) => {
  const folder = temporaryFolder(t)
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))])
  const within = (field: number, bytes: Uint8Array) => Buffer.concat([Buffer.from([field * 8 + 2, ...varint(bytes.length)]), bytes])
  const written = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }
  const nodes = within(7, Buffer.alloc(80e6, Buffer.of(0x0a, 0)))
  await assert.rejects(readOnnx(written('nodes.onnx', nodes)), {
    code: 'FILE_UNSUPPORTED',
    message: /larger than an encoder can be \(it has more than 3,000,000 values\)/,
  })
  // Numbers packed into one field, and a field that the workbench does not know, again and again.
  await assert.rejects(readOnnx(written('ints.onnx', within(7, within(1, within(5, within(8, Buffer.alloc(40e6, 1))))))), {
    code: 'FILE_UNSUPPORTED',
  })
  await assert.rejects(readOnnx(written('unknown.onnx', Buffer.alloc(80e6, Buffer.of(0xf8, 1, 0).subarray(0, 3)))), {
    code: 'FILE_UNSUPPORTED',
  })
  let deep: Uint8Array = new Uint8Array(0)
  for (let level = 0; level < 3000; level++) deep = within(1, within(5, within(6, deep)))
  await assert.rejects(readOnnx(written('deep.onnx', within(7, deep))), { code: 'FILE_UNSUPPORTED', message: /levels/ })
})

test('plans, settings and indexes of many values or without an end are refused', async (t) => {
  const folder = temporaryFolder(t)
  const { call } = testEngine(t, join(folder, 'home'))
  const file = join(folder, 'plan.json')
  writeFileSync(file, Buffer.concat([Buffer.from('{"variants":[[]'), Buffer.alloc(18e6, ',[]'), Buffer.from(']}')]))
  await assert.rejects(call('experiments.read', { file }), { code: 'FILE_UNSUPPORTED', message: /values/ })
  writeFileSync(file, '['.repeat(1e6))
  await assert.rejects(call('experiments.read', { file }), { code: 'FILE_UNSUPPORTED', message: /levels/ })
  const sparse = openSync(file, 'w')
  writeSync(sparse, 'x', 5e9)
  closeSync(sparse)
  await assert.rejects(call('experiments.read', { file }), { code: 'FILE_UNSUPPORTED', message: /bytes/ })
  writeFileSync(join(folder, 'index.json'), Buffer.concat([Buffer.from('[[]'), Buffer.alloc(30e6, ',[]'), Buffer.from(']')]))
  await assert.rejects(call('exports.index', { folder }), { code: 'FILE_DAMAGED' })
})
