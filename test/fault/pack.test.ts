import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { unzipSync, zipSync } from 'fflate'
import type { Task } from '../../src/shared/domain.ts'
import { readSafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { openDataset } from '../../src/main/engine/data/open.ts'
import { readZip } from '../../src/main/engine/data/zip.ts'
import { ZipWriter } from '../../src/main/engine/files/zipWriter.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { digitPng } from '../fixtures/digitFolder.ts'
import { digits } from '../fixtures/digits.ts'
import { made, over, temporaryFolder, testEngine, type TestEngine } from '../fixtures/homes.ts'

const everything = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(workbench\.sqlite|lock\.sqlite|engine\.log|reserve|trash$)/.test(name))
    .sort()

/** An experiment of six runs on 120 points, two of them removed or not ended well, packed. */
async function packed(t: TestContext, withDataset: boolean) {
  const folder = temporaryFolder(t),
    home = join(folder, 'home'),
    file = join(folder, 'experiment.zip')
  const engine = testEngine(t, home)
  await made(engine, await engine.call('datasets.import', { path: 'moons', name: 'my moons', count: 120, seed: 3 }))
  const { experiment } = await engine.call('experiments.create', {
    plan: {
      name: 'to pack',
      dataset: 'my moons',
      seeds: [1, 11, 3],
      settings: { 'network.layers': [4], 'training.epochs': 2, 'training.batchSize': 16 },
      variants: [{ variant: 'classical' }, { variant: 'denoising', title: 'Noisy' }],
    },
  })
  await engine.next((event) => (event.type === 'experiment' && event.ended ? true : undefined))
  await engine.call('runs.edit', { run: experiment.cells[0]!.runs[0]!.run!, tags: ['kept'], notes: 'A note.' })
  await engine.call('runs.remove', { run: experiment.cells[1]!.runs[1]!.run! })
  await made(engine, await engine.call('experiments.pack', { experiment: experiment.id, file, withDataset }))
  return { folder, home, file, engine, id: experiment.id }
}

/** What the experiment holds, without ids and without what is of one machine. */
async function contents({ call }: TestEngine, id: string) {
  const { experiment } = await call('experiments.show', { experiment: id })
  const cells = await Promise.all(
    experiment.cells.map(async ({ runs, ...cell }) => ({
      ...cell,
      runs: await Promise.all(
        runs.map(async ({ seed, run: reference }) => {
          if (reference === null) return { seed, run: null }
          const { run } = await call('runs.show', { run: reference })
          const { series } = await call('runs.series', { run: reference })
          const steps = [4, 8, 12].filter((step) => step <= run.step && run.state === 'completed')
          const previews = await Promise.all(steps.map((step) => call('runs.preview', { run: reference, step })))
          const { id: _, datasetId: __, experiment: own, bytes: ___, dataset: ____, ...rest } = run
          return { seed, run: rest, cell: own?.cell, series, previews }
        }),
      ),
    })),
  )
  const { plan, name, baseline, states } = experiment
  return { plan: { ...plan, dataset: '' }, name, baseline, states, cells }
}

test('an experiment unpacked on another machine is what was packed: plan, runs, curves, pictures, weights, images', async (t) => {
  const { folder, home, file, engine, id } = await packed(t, true)
  const other = testEngine(t, join(folder, 'elsewhere'))
  const task = await other.call('experiments.unpack', { file })
  assert.equal(task.task.kind, 'unpack')
  const unpacked = await made(other, task)
  assert.equal(unpacked, id, 'ids that are free are kept')
  assert.deepEqual(await contents(other, unpacked), await contents(engine, id))
  const files = (at: string) =>
    everything(join(at, 'runs'))
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => [name, readFileSync(join(at, 'runs', name), 'utf8')])
  assert.deepEqual(files(join(folder, 'elsewhere')), files(home))
  assert.deepEqual(everything(join(folder, 'elsewhere', 'runs')), everything(join(home, 'runs')), 'nothing else is left there')
  const [before, after] = [
    (await engine.call('datasets.list', {})).datasets[0]!,
    (await other.call('datasets.list', {})).datasets[0]!,
  ]
  assert.deepEqual({ ...after, id: '' }, { ...before, id: '' })
  assert.deepEqual(
    await other.call('datasets.points', { dataset: 'my moons', count: 50 }),
    await engine.call('datasets.points', { dataset: 'my moons', count: 50 }),
  )
  assert.deepEqual(
    other.events.flatMap((event) => (event.type === 'experiment' ? [event.ended] : [])),
    [false],
  )
  // It can be trained again there: what was removed is made anew.
  await other.call('experiments.retry', { experiment: unpacked })
  const end = await other.next((event) => (event.type === 'experiment' && event.ended ? event.experiment : undefined))
  assert.equal(end.states.completed, 4)
})

test('a dataset with groups, and one with a validation part of its own, come out of a packed experiment as they went in', async (t) => {
  const folder = temporaryFolder(t),
    engine = testEngine(t, join(folder, 'home')),
    other = testEngine(t, join(folder, 'elsewhere'))
  const grouped = join(folder, 'grouped'),
    parted = join(folder, 'parted'),
    pixels = digits(60)
  for (let at = 0; at < 60; at++) {
    const png = digitPng(pixels.subarray(at * 784, (at + 1) * 784)),
      part = at % 6 === 0 ? 'val' : at % 6 === 1 ? 'test' : 'train'
    for (const [place, name] of [
      [grouped, `p${at % 12}_${at}.png`],
      [join(parted, part), `${at}.png`],
    ] as const) {
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, name), png)
    }
  }
  for (const [name, request] of Object.entries({ grouped: { path: grouped, group: '^(p\\d+)' }, parted: { path: parted } })) {
    await made(engine, await engine.call('datasets.import', { name, ...request }))
    const { experiment } = await engine.call('experiments.create', {
      plan: {
        name,
        dataset: name,
        seeds: [1],
        variants: [{ variant: 'classical' }],
        settings: { 'network.layers': [4], 'training.epochs': 1 },
      },
    })
    await engine.next((event) =>
      event.type === 'experiment' && event.ended && event.experiment.id === experiment.id ? true : undefined,
    )
    const file = join(folder, `${name}.zip`)
    await made(engine, await engine.call('experiments.pack', { experiment: experiment.id, file, withDataset: true }))
    await made(other, await other.call('experiments.unpack', { file }))
    const of = async ({ call }: TestEngine) => (await call('datasets.list', {})).datasets.find((one) => one.name === name)!
    const [before, after] = [await of(engine), await of(other)]
    assert.deepEqual({ ...after, id: '' }, { ...before, id: '' })
    const opened = [join(folder, 'home', 'datasets', before.id), join(folder, 'elsewhere', 'datasets', after.id)].map((place) =>
      openDataset(place),
    )
    for (const { close } of opened) close()
    const [ours, theirs] = opened.map(({ groups, validation, test: testing }) => ({ groups, validation, testing }))
    assert.deepEqual(theirs, ours)
    assert.ok(name === 'grouped' ? ours!.groups : ours!.validation.length > 0)
  }
})

test('what an unpacking has stored already is not in the trash yet: emptying that meanwhile costs nothing of it', async (t) => {
  const { folder, file, engine, id } = await packed(t, true)
  const other = testEngine(t, join(folder, 'elsewhere'))
  const { task } = await other.call('experiments.unpack', { file })
  const ended = over(other, { task })
  let going = true,
    emptied = 0
  void ended.then(() => {
    going = false
  })
  while (going) {
    const { runs, experiments } = await other.call('storage.empty', {})
    emptied += runs + experiments + (await other.call('storage.show', {})).storage.removed.length
    await setImmediate()
  }
  assert.equal((await ended).state, 'done', (await ended).error?.message)
  assert.equal(emptied, 0)
  assert.deepEqual(await contents(other, id), await contents(engine, id))
  // Who removes it then empties it.
  await other.call('experiments.remove', { experiment: id, runs: true })
  assert.deepEqual(await other.call('storage.empty', {}).then(({ runs, experiments }) => ({ runs, experiments })), {
    runs: 5,
    experiments: 1,
  })
})

test('the same file again is another experiment, on the dataset that is there', async (t) => {
  const { file, engine, id } = await packed(t, true)
  const second = await made(engine, await engine.call('experiments.unpack', { file }))
  assert.notEqual(second, id)
  const [one, two] = [await contents(engine, id), await contents(engine, second)]
  assert.deepEqual({ ...two, name: one.name, plan: { ...two.plan, name: one.plan.name } }, one)
  assert.equal(two.name, 'to pack (2)')
  const ids = (await engine.call('runs.list', {})).runs.map((run) => run.id)
  assert.equal(new Set(ids).size, 10)
  assert.equal((await engine.call('datasets.list', {})).datasets.length, 1)
})

test('without its images the dataset is found by its fingerprint, or the file is refused with a sentence', async (t) => {
  const { folder, file, id } = await packed(t, false)
  const home = join(folder, 'elsewhere')
  const other = testEngine(t, home)
  const before = everything(home)
  const refused = await over(other, await other.call('experiments.unpack', { file }))
  assert.equal(refused.error?.code, 'PACK_DATASET')
  assert.match(refused.error!.message, /“my moons” \(120 rows from moons.*import the same data first/)
  assert.deepEqual(everything(home), before)
  await made(other, await other.call('datasets.import', { path: 'moons', name: 'called otherwise', count: 120, seed: 3 }))
  await made(other, await other.call('experiments.unpack', { file }))
  assert.equal((await other.call('experiments.show', { experiment: id })).experiment.dataset, 'called otherwise')
})

test('a damaged or truncated file is refused and leaves nothing; a flipped bit anywhere changes nothing that is stored', async (t) => {
  const { folder, file, engine, id } = await packed(t, true)
  const good = readFileSync(file),
    expected = await contents(engine, id)
  const home = join(folder, 'elsewhere'),
    bad = join(folder, 'bad.zip')
  const other = testEngine(t, home)
  const empty = everything(home)
  const tried = async (): Promise<Task> => over(other, await other.call('experiments.unpack', { file: bad }))
  const nothingLeft = async () => {
    assert.deepEqual(everything(home), empty)
    for (const [name, key] of [
      ['experiments.list', 'experiments'],
      ['runs.list', 'runs'],
      ['datasets.list', 'datasets'],
    ] as const)
      assert.deepEqual(((await other.call(name, {})) as Record<string, unknown>)[key], [])
    assert.deepEqual((await other.call('storage.show', {})).storage.removed, [])
  }
  for (const length of [0, 1, 21, 500, Math.floor(good.length / 2), good.length - 22, good.length - 1]) {
    writeFileSync(bad, good)
    truncateSync(bad, length)
    const task = await tried()
    assert.equal(task.error?.code, 'FILE_DAMAGED', `${length} bytes: ${task.error?.message}`)
    await nothingLeft()
  }
  const source = random('flips')
  let refused = 0
  for (let round = 0; round < 60; round++) {
    const at = source.next() % good.length
    const bytes = Buffer.from(good)
    bytes[at]! ^= 1 << (source.next() % 8)
    writeFileSync(bad, bytes)
    const task = await tried()
    if (task.state === 'failed') {
      assert.match(task.error!.code, /^(FILE_DAMAGED|FILE_UNSUPPORTED)$/, `byte ${at}: ${task.error!.message}`)
      refused += 1
      await nothingLeft()
      continue
    }
    // Dates and the like may be anything.
    assert.deepEqual(await contents(other, task.result!), expected)
    await other.call('experiments.remove', { experiment: task.result! })
    await other.call('storage.empty', {})
    await other.call('datasets.remove', { dataset: 'my moons' })
  }
  assert.ok(refused > 40, `${refused} of 60`)
})

test('a file that only looks like one of ours is refused: foreign, newer, with a way out of its folder, with parts that lie', async (t) => {
  const { folder, file } = await packed(t, true)
  const other = testEngine(t, join(folder, 'elsewhere')),
    bad = join(folder, 'bad.zip')
  const members = unzipSync(readFileSync(file))
  const manifest = () =>
    JSON.parse(Buffer.from(members['manifest.json']!).toString()) as {
      formatVersion: number
      parts: { name: string; bytes: number; sha256: string }[]
    } & Record<string, unknown>
  const refused = async (change: (parts: Record<string, Uint8Array>) => void, code: string, message: RegExp) => {
    const parts = { ...members }
    change(parts)
    writeFileSync(bad, zipSync(parts, { level: 0 }))
    const task = await over(other, await other.call('experiments.unpack', { file: bad }))
    assert.equal(task.error?.code, code, task.error?.message)
    assert.match(task.error!.message, message)
    assert.deepEqual(readdirSync(join(folder, 'elsewhere', 'runs')), [])
    assert.ok(!existsSync(join(folder, 'escaped')))
  }
  const put = (parts: Record<string, Uint8Array>, name: string, bytes: Uint8Array, as = name) => {
    const written = manifest()
    parts[name] = bytes
    written.parts = [
      ...written.parts.filter((part) => part.name !== as),
      { name: as, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
    ]
    parts['manifest.json'] = Buffer.from(JSON.stringify(written))
  }
  await refused(
    (parts) => {
      delete parts['manifest.json']
    },
    'FILE_UNSUPPORTED',
    /not a packed experiment/,
  )
  await refused(
    (parts) => {
      parts['manifest.json'] = Buffer.from('{')
    },
    'FILE_UNSUPPORTED',
    /not a packed experiment/,
  )
  await refused(
    (parts) => {
      parts['manifest.json'] = Buffer.from(JSON.stringify({ ...manifest(), formatVersion: 2 }))
    },
    'FILE_UNSUPPORTED',
    /newer version/,
  )
  await refused((parts) => put(parts, '../../escaped', Buffer.from('x')), 'FILE_UNSUPPORTED', /not a packed experiment/)
  await refused((parts) => put(parts, 'runs/..%2f/run.json', Buffer.from('x')), 'FILE_UNSUPPORTED', /not a packed experiment/)
  await refused(
    (parts) => {
      parts['more.txt'] = Buffer.from('x')
    },
    'FILE_DAMAGED',
    /does not list/,
  )
  await refused(
    (parts) => put(parts, 'runs/abcdefgh/checkpoints/last.safetensors', Buffer.from('x')),
    'FILE_DAMAGED',
    /belongs to nothing/,
  )
  await refused(
    (parts) => {
      delete parts['experiment.json']
    },
    'FILE_DAMAGED',
    /experiment\.json is missing/,
  )
  await refused(
    (parts) => put(parts, 'experiment.json', Buffer.from('{"experiment":{}}')),
    'FILE_DAMAGED',
    /does not hold what it should/,
  )
  const series = Object.keys(members).find((name) => name.endsWith('series.bin'))!
  await refused((parts) => put(parts, series, Buffer.from('no series')), 'FILE_DAMAGED', /does not hold what it should/)
  const pixels = Buffer.from(members['dataset/pixels.bin']!)
  pixels[5]! ^= 1
  await refused((parts) => put(parts, 'dataset/pixels.bin', pixels), 'FILE_DAMAGED', /images are others/)
  // What it says of its dataset is counted again, whether its images are here already or come with it.
  const lies = [
    { count: 60 },
    { testCount: 3 },
    { width: 3 },
    { channels: 3 },
    { bytes: 7 },
    { kind: 'image' },
    { classes: ['a', 'b', 'c'] },
    { classCounts: [1, 119] },
  ]
  const said = manifest()['dataset'] as Record<string, unknown>
  const lying = (lie: Record<string, unknown>) => (parts: Record<string, Uint8Array>) => {
    parts['manifest.json'] = Buffer.from(JSON.stringify({ ...manifest(), dataset: { ...said, ...lie } }))
  }
  const found = /it says that the .* of its dataset is|takes 2 values, and a row of the dataset has/
  for (const lie of lies) await refused(lying(lie), 'FILE_DAMAGED', found)
  await refused(lying({ sha256: '0'.repeat(64) }), 'FILE_DAMAGED', /images are others/)
  const sums = JSON.parse(Buffer.from(members['dataset/checksums.json']!).toString()) as { blocks: number[] }
  sums.blocks[0]! ^= 1
  const wrongSums = Buffer.from(JSON.stringify(sums))
  await refused(
    (parts) => put(parts, 'dataset/checksums.json', wrongSums),
    'FILE_DAMAGED',
    /of its dataset, the checksum of block 0/,
  )
  const labels = Buffer.from(members['dataset/labels.bin']!)
  labels[0]! ^= 1
  await refused(
    (parts) => put(parts, 'dataset/labels.bin', labels),
    'FILE_DAMAGED',
    /of its dataset, the checksum of labels\.bin is wrong\. Get the file again/,
  )
  // Weights are read, and are those of their run: none of these has a wrong checksum in the manifest.
  const [first, second] = Object.keys(members).filter((name) => name.endsWith('/last.safetensors')) as [string, string]
  const own = members[first]!,
    poisoned = join(folder, 'poisoned.safetensors')
  writeFileSync(poisoned, own)
  const whole = readSafetensors(poisoned)
  whole.tensors['encoder/0/bias']!.data[0] = Number.NaN
  writeSafetensors(poisoned, whole)
  await refused(
    (parts) => put(parts, first, readFileSync(poisoned)),
    'FILE_DAMAGED',
    /cannot be read: encoder\/0\/bias .*not finite/,
  )
  await refused((parts) => put(parts, first, own.subarray(0, own.length - 4)), 'FILE_DAMAGED', /cannot be read: .*cut off/)
  await refused((parts) => put(parts, first, Buffer.from('weights')), 'FILE_DAMAGED', /cannot be read: it is too short/)
  await refused((parts) => put(parts, first, members[second]!), 'FILE_DAMAGED', /is of .*, and not of “/)
  writeFileSync(bad, 'This is no archive at all, and yet it is a file.')
  assert.equal((await over(other, await other.call('experiments.unpack', { file: bad }))).error?.code, 'FILE_DAMAGED')
  assert.equal(
    (await over(other, await other.call('experiments.unpack', { file: join(folder, 'nowhere.zip') }))).error?.code,
    'PATH_MISSING',
  )
  const whatIs = async (path: string) => (await over(other, await other.call('experiments.unpack', { file: path }))).error
  assert.equal((await whatIs(folder))?.code, 'PATH_IS_FOLDER')
  assert.match((await whatIs(folder))!.message, /is a folder; choose the file/)
  assert.match((await whatIs('/dev/null'))!.message, /is a pipe or a device/)
  assert.equal((await whatIs(join(file, 'inside')))?.code, 'PATH_MISSING')
  symlinkSync('loop.zip', join(folder, 'loop.zip'))
  assert.equal((await whatIs(join(folder, 'loop.zip')))?.code, 'PATH_UNREADABLE')
  writeFileSync(bad, '')
  assert.match((await whatIs(bad))!.message, /is empty/)
  // Against the row of the equal dataset that is here.
  await made(other, await other.call('experiments.unpack', { file }))
  const parts = { ...members }
  lying({ count: 60 })(parts)
  writeFileSync(bad, zipSync(parts, { level: 0 }))
  assert.match((await whatIs(bad))!.message, /it says that the count of its dataset is 60, and it is 120/)
  await assert.rejects(other.call('experiments.unpack', { file: 'relative.zip' }), { code: 'CALL_INVALID', field: 'file' })
})

test('packing: never over a file unasked, not while its runs train; a cancelled one leaves nothing', async (t) => {
  const { folder, file, engine, id } = await packed(t, false)
  await assert.rejects(engine.call('experiments.pack', { experiment: id, file }), { code: 'EXPORT_EXISTS', field: 'file' })
  await assert.rejects(engine.call('experiments.pack', { experiment: id, file: 'here.zip' }), {
    code: 'CALL_INVALID',
    field: 'file',
  })
  await assert.rejects(engine.call('experiments.pack', { experiment: id, file: join(folder, 'missing', 'a.zip') }), {
    code: 'EXPORT_UNWRITABLE',
  })
  await made(engine, await engine.call('experiments.pack', { experiment: id, file, force: true }))
  const { experiment } = await engine.call('experiments.create', {
    plan: {
      name: 'going',
      dataset: 'my moons',
      seeds: [2],
      settings: { 'training.batchSize': 16 },
      variants: [{ variant: 'classical' }],
    },
  })
  await engine.until(experiment.cells[0]!.runs[0]!.run!, 'running')
  await assert.rejects(engine.call('experiments.pack', { experiment: 'going', file: join(folder, 'b.zip') }), {
    code: 'EXPERIMENT_STATE',
  })
  await engine.call('experiments.pause', { experiment: 'going' })
  await engine.until(experiment.cells[0]!.runs[0]!.run!, 'paused')
  const started = await engine.call('experiments.pack', { experiment: 'going', file: join(folder, 'b.zip') })
  await engine.call('tasks.cancel', { task: started.task.id })
  assert.equal((await over(engine, started)).state, 'cancelled')
  assert.deepEqual(readdirSync(folder).sort(), ['experiment.zip', 'home'])
  // What was paused is paused there, too.
  await made(engine, await engine.call('experiments.pack', { experiment: 'going', file: join(folder, 'b.zip') }))
  const again = await made(engine, await engine.call('experiments.unpack', { file: join(folder, 'b.zip') }))
  assert.deepEqual([(await engine.call('experiments.show', { experiment: again })).experiment.state], ['paused'])
})

test('the archive is one that others read, with sizes in 64 bits and more than 65,535 parts, too', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'in'))
  const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251))
  writeFileSync(join(folder, 'in', 'raw'), content)
  for (const wide of [undefined, 20]) {
    const file = join(folder, `${wide}.zip`)
    const zip = await ZipWriter.create(file, wide)
    const parts = [
      await zip.add('text.json', Buffer.from('{"a":1}')),
      await zip.addFile('raw/file', join(folder, 'in', 'raw'), () => {}),
      await zip.add('empty', new Uint8Array(0)),
    ]
    await zip.finish()
    await zip.close()
    const read = unzipSync(readFileSync(file))
    assert.deepEqual(Object.keys(read), ['text.json', 'raw/file', 'empty'])
    assert.ok(content.equals(read['raw/file']!))
    assert.deepEqual(
      parts.map(({ name, bytes }) => [name, bytes]),
      [
        ['text.json', 7],
        ['raw/file', 3_000_000],
        ['empty', 0],
      ],
    )
    for (const { name, sha256 } of parts) assert.equal(createHash('sha256').update(read[name]!).digest('hex'), sha256)
    for (const member of await readZip(file)) {
      const pieces: Buffer[] = []
      for await (const piece of member.pieces()) pieces.push(piece)
      assert.ok(Buffer.concat(pieces).equals(read[member.name]!))
    }
  }
  const many = await ZipWriter.create(join(folder, 'many.zip'))
  for (let index = 0; index < 66_000; index++) await many.add(`p${index}`, new Uint8Array([index % 256]))
  await many.finish()
  await many.close()
  const members = await readZip(join(folder, 'many.zip'))
  assert.equal(members.length, 66_000)
  const pieces: Buffer[] = []
  for await (const piece of members[65_999]!.pieces()) pieces.push(piece)
  assert.deepEqual([...Buffer.concat(pieces)], [65_999 % 256])
})
