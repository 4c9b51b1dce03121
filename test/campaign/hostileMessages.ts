import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import type { CallName } from '../../src/shared/calls.ts'
import type { Task } from '../../src/shared/domain.ts'
import { connectToEngine, type Channel } from '../../src/shared/connection.ts'
import { errorCodes, WorkbenchError } from '../../src/shared/errors.ts'
import { closedFrame, frame, frameParser } from '../../src/shared/frames.ts'
import { random, type Random } from '../../src/main/engine/data/random.ts'
import { homeAt, prepareHome } from '../../src/main/engine/home.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { sampleDataset } from '../fixtures/homes.ts'
import { peakMemory } from '../fixtures/memory.ts'
import type { CampaignOptions } from './kills.ts'
import { names, noCalls, request, wrongInput } from './messageShapes.ts'
import { requireWhole } from './whole.ts'

export interface MessageCounts {
  messages: number
  noCalls: number
  wrongCalls: number
  refused: number
  carriedOut: number
  repeated: number
  brokenStreams: number
  peakMB: number
}

const entry = fileURLToPath(new URL('../fixtures/hostileEngine.ts', import.meta.url))
/** Messages after which the engine has to answer on every way, and its home is looked at. */
const batch = 25
/** What the engine may have resident at most, in MB: its own, a frame of the largest size, and what is made of it. */
const mostMemory = 1500

const plan = {
  name: 'plan',
  dataset: 'digits',
  seeds: [1],
  settings: { 'network.layers': [4] },
  variants: [{ variant: 'classical', sweep: { 'training.learningRate': [0.1, 0.2] } }],
}
const view = {
  columns: [{ key: 'seed', width: 80 }],
  sort: { key: 'seed', descending: true },
  text: '',
  filters: [],
  group: null,
  archived: false,
}
/** Inputs that a call takes, for those that take any; the others are given what their neighbours take. */
const inputs: Partial<Record<CallName, unknown>> = {
  'datasets.import': {
    path: 'moons',
    name: 'moons',
    count: 40,
    seed: 1,
  },
  'datasets.inspect': { path: 'moons' },
  'datasets.skipped': { dataset: 'digits' },
  'datasets.images': {
    dataset: 'digits',
    count: 4,
    offset: 0,
  },
  'datasets.points': { dataset: 'digits', count: 5 },
  'datasets.rename': { dataset: 'digits', name: 'digits' },
  'datasets.remove': { dataset: 'nowhere' },
  'paths.target': { folder: '/t', name: 'codes.csv' },
  'downloads.begin': { name: 'codes.csv', folder: true },
  'downloads.ready': { download: 'nowhere' },
  'downloads.end': { download: 'nowhere' },
  'paths.list': { folder: '/t', endings: ['.csv', ''] },
  'paths.complete': { prefix: '/t', endings: ['.onnx'] },
  'runs.check': { variant: 'classical', settings: { 'network.layers': [4] } },
  'runs.create': {
    dataset: 'digits',
    variant: 'classical',
    seed: 1,
    settings: { 'network.layers': [4] },
    name: 'run',
  },
  'runs.show': { run: 'nowhere' },
  'runs.several': { runs: ['nowhere', 'elsewhere'] },
  'runs.values': { columns: ['seed'], runs: ['nowhere'] },
  'runs.groups': {
    runs: ['nowhere'],
    by: 'seeds',
    columns: ['seed'],
  },
  'runs.edit': {
    run: 'nowhere',
    tags: ['a'],
    notes: 'b',
    colour: 2,
  },
  'datasets.augmented': { dataset: 'nowhere', augment: 'flip', seed: 1 },
  'runs.series': {
    run: 'nowhere',
    keys: ['train/loss'],
    afterStep: 3,
  },
  'runs.preview': { run: 'nowhere', step: 1 },
  compare: { runs: ['a', 'b'] },
  'compare.series': {
    runs: ['a'],
    keys: ['train/loss'],
    axis: 'step',
    smoothing: 0.5,
  },
  'compare.terms': { runs: ['a'], split: 'train' },
  'compare.parallel': { runs: ['a'], keys: ['seed'] },
  'compare.scatter': {
    runs: ['a'],
    x: 'seed',
    y: 'squaredError',
  },
  'compare.heatMap': {
    runs: ['a'],
    x: 'seed',
    y: 'seed',
    figure: 'squaredError',
  },
  'experiments.check': { plan },
  'experiments.create': { plan },
  'experiments.read': { file: '/nowhere/plan.json' },
  'experiments.show': { experiment: 'plan' },
  'experiments.rename': { experiment: 'nowhere', name: 'x' },
  'experiments.unpack': { file: '/nowhere/pack.zip' },
  'queue.move': { runs: ['nowhere'], before: null },
  'queue.settings': { trainers: 1, keepAwake: false },
  'tables.csv': {
    columns: [{ title: 'a', unit: '', numeric: true }],
    rows: [['1']],
  },
  'tables.save': {
    table: 'runs',
    current: view,
    views: [{ name: 'mine', view }],
  },
  explore: { run: 'nowhere', question: { kind: 'map', count: 50, seed: 1 } },
  'explore.cancel': { view: 'v' },
  'explore.file': {
    run: 'nowhere',
    question: { kind: 'histograms', bins: 5 },
    format: 'csv',
  },
  'exports.create': {
    run: 'nowhere',
    part: 'encoder',
    out: '/nowhere/x.onnx',
  },
  'exports.index': { folder: '/nowhere' },
  'weights.inspect': { weights: '/nowhere/x.safetensors' },
  'encoders.inspect': { model: '/nowhere/x.onnx' },
  'embeddings.create': { encoder: { model: '/nowhere/x.onnx' }, data: { folder: '/nowhere' } },
  objective: {
    variant: 'classical',
    settings: {},
    in: '/nowhere/in',
    out: '/nowhere/out',
  },
}

/** Three ways into one engine; each can be cut off and opened anew. */
async function startEngine(home: string) {
  const child = spawn(process.execPath, [entry, home], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  child.stdin!.on('error', () => {})
  const exited = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.setEncoding('utf8').once('data', (line: string) => resolve((JSON.parse(line) as { url: string }).url))
    void exited.then(() => reject(new Error(`the engine did not start: ${said}`)))
  })
  const ports = new Map<number, (payload: Uint8Array) => void>()
  const parse = frameParser((port, payload) => ports.get(port)?.(payload))
  ;(child.stdio[3] as Readable).on('data', (chunk: Buffer) => parse(chunk))
  const { host, searchParams } = new URL(url)

  /** A window of its own on the shell's pipe. */
  let port = 0
  const byPipe = async (): Promise<Way> => {
    const own = ++port
    return {
      post: (payload) => void child.stdin!.write(frame(own, payload)),
      listen: (listener) => void ports.set(own, listener),
      close: () => {
        ports.delete(own)
        child.stdin!.write(closedFrame(own))
      },
      rude: () => {},
    }
  }
  const bySocket = async (): Promise<Way> => {
    const socket: Socket = connect(join(home, 'engine.sock'))
    socket.on('error', () => {})
    await once(socket, 'connect')
    return {
      post: (payload) => void socket.write(frame(3, payload)),
      listen: (listener) =>
        void socket.on(
          'data',
          frameParser((_, payload) => listener(payload)),
        ),
      close: () => socket.destroy(),
      rude: (bytes) => void socket.write(bytes),
    }
  }
  const byBrowser = async (): Promise<Way> => {
    const socket = new WebSocket(`ws://${host}/engine?token=${searchParams.get('token')}`, { origin: `http://${host}` })
    socket.on('error', () => {})
    await once(socket, 'open')
    return {
      post: (payload) => socket.send(payload),
      listen: (listener) => void socket.on('message', (data) => listener(data as Buffer)),
      close: () => socket.terminate(),
      // The socket under it: bytes that are no frame of a WebSocket.
      rude: (bytes) => {
        ;(socket as unknown as { _socket: Socket })._socket.write(bytes)
      },
    }
  }
  return {
    pid: child.pid!,
    ways: [byPipe, bySocket, byBrowser],
    exited,
    said: () => said,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    end: () => {
      child.kill('SIGTERM')
      return exited
    },
    kill: () => child.kill('SIGKILL'),
  }
}
interface Way extends Channel {
  close(): void
  /** Bytes below the frames. */ rude(bytes: Uint8Array): void
}

/**
 * Sends the engine what no window would, by every way into it: bytes that are no call, calls with something wrong in them, the
 * same call again, streams that break off. Every call is answered, with a code where it is refused and never with INTERNAL; the
 * engine lives and answers others; its memory is bounded; and what it has is what it had, unless a call was carried out.
 * @param options.rounds messages
 */
export async function runHostileMessages({ seed, rounds, folder, log = () => {} }: CampaignOptions): Promise<MessageCounts> {
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  prepareHome(homeAt(home))
  const store = openStore(homeAt(home).database)
  store.datasets.insert(sampleDataset, [{ path: 'bad.png', reason: 'It is empty.' }])
  store.close()
  mkdirSync(homeAt(home).dataset(sampleDataset.id))
  writeFileSync(join(homeAt(home).dataset(sampleDataset.id), 'pixels.bin'), '')
  const draw = random('messages', seed)
  const counts: MessageCounts = {
    messages: 0,
    noCalls: 0,
    wrongCalls: 0,
    refused: 0,
    carriedOut: 0,
    repeated: 0,
    brokenStreams: 0,
    peakMB: 0,
  }
  const engine = await startEngine(home)
  const lost = engine.exited.then(() => {
    throw new Error(`the engine ended after ${counts.messages} messages (seed ${seed}): ${engine.said()}`)
  })
  lost.catch(() => {})
  const within = <T>(work: Promise<T>): Promise<T> => Promise.race([work, lost])
  const client = async (way: () => Promise<Way>) => {
    const channel = await within(way())
    return { channel, call: connectToEngine(channel, () => {}).call as (name: string, input: unknown) => Promise<unknown> }
  }
  try {
    const witness = await Promise.all(engine.ways.map(client))
    const state = async () => {
      const seen: Record<string, unknown> = {}
      for (const name of [
        'datasets.list',
        'runs.list',
        'experiments.list',
        'embeddings.list',
        'exports.list',
        'queue.settings',
        'tables.show',
      ] as const) {
        seen[name] = await within(witness[1]!.call(name, name === 'tables.show' ? { table: 'runs' } : {}))
      }
      // What a run occupies is counted some time after its end.
      for (const run of (seen['runs.list'] as { runs: { bytes?: number | null }[] }).runs) delete run.bytes
      return seen
    }
    let before = await state()
    while (counts.messages < rounds) {
      const carriedOut = counts.carriedOut
      const way = draw.below(3)
      const { channel, call } = await client(engine.ways[way]!)
      const waiting: Promise<void>[] = []
      const size = Math.min(batch, rounds - counts.messages)
      for (let index = 0; index < size; index++) {
        counts.messages++
        if (draw.below(2) === 0) {
          counts.noCalls++
          channel.post(noCall(draw, counts.messages))
        } else if (draw.below(12) === 0) {
          // The same bytes again and again: as many answers, of which nobody waits for any.
          counts.repeated++
          const again = request(pick(draw, ['engine.status', 'datasets.list', 'runs.list', 'queue.show']), {}, 'again')
          for (let times = 1 + draw.below(50); times > 0; times--) channel.post(again)
        } else {
          counts.wrongCalls++
          const name = pick(draw, names)
          const right =
            inputs[name] ?? pick(draw, [{}, { run: 'nowhere' }, { experiment: 'plan' }, { dataset: 'digits' }, { task: 'x' }])
          waiting.push(answered(name, call(name, draw.below(20) === 0 ? right : wrongInput(draw, right)), counts))
        }
      }
      await within(Promise.all(waiting))
      while (
        ((await within(witness[1]!.call('tasks.list', {}))) as { tasks: Task[] }).tasks.some((task) => task.state === 'running')
      )
        await pause(10)
      if (draw.below(3) === 0) {
        counts.brokenStreams++
        channel.rude(broken(draw))
      }
      channel.close()
      for (const each of witness) assert.ok(await within(each.call('engine.status', {})))
      counts.peakMB = Math.max(counts.peakMB, Math.round(peakMemory(engine.pid)))
      assert.ok(counts.peakMB < mostMemory, `${counts.peakMB} MB after ${counts.messages} messages (seed ${seed})`)
      // What a call has begun may go on; whatever nobody asked for is there to stay.
      if (counts.carriedOut === carriedOut && !isBusy(before))
        assert.deepEqual(await state(), before, `changed by messages up to ${counts.messages} (seed ${seed})`)
      before = await state()
      if (counts.messages % 1000 < batch) log(`messages: ${counts.messages}, ${counts.peakMB} MB`)
    }
    assert.ok(engine.isAlive())
    await engine.end()
    requireWhole(home)
  } finally {
    engine.kill()
  }
  return counts
}

const pick = <T>(draw: Random, values: readonly T[]): T => values[draw.below(values.length)]!
const kinds = Object.keys(noCalls)
/** The largest of them only now and then. */
const noCall = (draw: Random, count: number): Uint8Array => {
  const kind = pick(draw, kinds)
  return noCalls[kind === 'many' && count % 3 !== 0 ? 'random' : kind]!(draw)
}

/** Streams that say too much, too little, or nothing of the kind. */
function broken(draw: Random): Uint8Array {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(pick(draw, [0, 3, 4, 2 ** 31, 2 ** 32 - 1, 300_000_000, 1000]))
  header.writeUInt32LE(draw.next(), 4)
  return pick(draw, [
    header,
    header.subarray(0, 2),
    Buffer.concat([header, Buffer.alloc(100)]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(100_000, 0xff),
    Buffer.of(0x81, 0xfe, 0xff, 0xff, 1, 2, 3, 4),
  ])
}

async function answered(name: string, asked: Promise<unknown>, counts: MessageCounts): Promise<void> {
  try {
    await asked
    if (!isReading(name)) counts.carriedOut++
  } catch (thrown) {
    if (!(thrown instanceof WorkbenchError)) throw thrown
    assert.ok((errorCodes as readonly string[]).includes(thrown.code), thrown.code)
    // What a worker that only speaks the messages cannot do is no fault.
    assert.ok(thrown.code !== 'INTERNAL' || /There is no pretence/.test(thrown.message), `${name}: ${thrown.message}`)
    assert.ok(thrown.message.length < 10_000, `${name} gives back ${thrown.message.length} letters`)
    counts.refused++
  }
}

const isReading = (name: string): boolean =>
  new RegExp(
    String.raw`\.(list|show|check|inspect|images|points|skipped|complete|rows|several|columns|values|groups|series|moments|preview` +
      String.raw`|read|templates|suggest|suggestFolder|snippets|index|csv|status|outcome|beside|datasets|open|cancel)$|^compare`,
  ).test(name) &&
  name !== 'runs.cancel' &&
  name !== 'experiments.cancel'

/** Whether something trains or waits, whose rows change by themselves. */
const isBusy = (state: Record<string, unknown>): boolean =>
  (state['runs.list'] as { runs: { state: string }[] }).runs.some((run) => run.state === 'running' || run.state === 'queued')
