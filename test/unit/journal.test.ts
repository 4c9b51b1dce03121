import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeCheckpoints } from '../../src/main/engine/remote/checkpointsFile.ts'
import { fromTheBeginning, readJournal, readWholeJournal, understand } from '../../src/main/engine/remote/journal.ts'
import { JournalWriter, TakenOver } from '../../src/main/engine/remote/journalWriter.ts'
import type { Entry, Said } from '../../src/main/engine/remote/said.ts'
import { temporaryFolder } from '../fixtures/homes.ts'
import { somePreview } from '../fixtures/storedRows.ts'

const about = { run: 'r', host: 'h', job: null, startedAt: 5, processor: 'p', threads: 2, version: '0.1.0' }
const point = (step: number, value = step / 3) => ({ key: 'train/loss', step, epoch: step / 4, seconds: 1, value })
const said = (from: number, to: number): Said[] => [
  { type: 'begun', steps: 9, epochs: 3, stages: [], parameters: 7, threads: 2, step: from, epoch: from / 4, seconds: 1 },
  ...Array.from({ length: to - from }, (_, at): Said => ({ type: 'points', points: [point(from + at + 1)], flush: at % 2 === 0 })),
]
/** The numbers that nothing else may stand for. */
const odd: Said = {
  type: 'points',
  points: [NaN, Infinity, -Infinity, 1e-320, 0.1 + 0.2].map((value, step) => point(step, value)),
  flush: true,
}

/** A journal of two writers, of which the second has taken the run over; what each says, and the bytes. */
function twoLeases(folder: string) {
  const file = join(folder, 'a.journal')
  const first = [...said(0, 6), odd, { type: 'preview', preview: somePreview } as Said],
    second = [...said(4, 9), { type: 'done', result: { step: 9, epoch: 3, seconds: 2, stepsPerSecond: null } } as Said]
  for (const messages of [first, second]) {
    const writer = new JournalWriter(file, about)
    messages.forEach((each) => writer.say(each))
    writer.commit()
    writer.close()
  }
  return { file, bytes: readFileSync(file), messages: [first, second] }
}
const withoutLeases = (entries: readonly Entry[]): Said[] => entries.map((each) => each.said).filter(({ type }) => type !== 'lease')
const read = (bytes: Buffer) => understand(bytes, fromTheBeginning)

test('a journal says what was written into it, value for value', (t) => {
  const { file, messages } = twoLeases(temporaryFolder(t))
  const { entries, damage } = readWholeJournal(file)
  assert.equal(damage, null)
  assert.deepEqual(withoutLeases(entries), messages.flat())
})

test('a message of a hundred thousand points can be read, and takes a fifth of what they would take one by one', (t) => {
  const file = join(temporaryFolder(t), 'a.journal')
  const points = Array.from({ length: 100_000 }, (_, at) => ({
    ...point(at + 1, at % 7 === 0 ? NaN : at / 3),
    key: `series ${at % 40}`,
  }))
  const writer = new JournalWriter(file, about)
  writer.say({ type: 'points', points, flush: true })
  writer.say({ type: 'died', how: 'x' })
  writer.close()
  const { entries, damage } = readWholeJournal(file)
  assert.equal(damage, null)
  assert.deepEqual(withoutLeases(entries), [
    { type: 'points', points, flush: true },
    { type: 'died', how: 'x' },
  ])
  assert.ok(statSync(file).size < 40 * points.length)
})

test('cut off at any byte it is a beginning of itself, and goes on from there as if nothing had been', (t) => {
  const folder = temporaryFolder(t)
  const { bytes } = twoLeases(folder)
  const all = read(bytes).entries
  const file = join(folder, 'cut.journal')
  let most = 0
  for (let length = 0; length <= bytes.length; length++) {
    const cut = read(bytes.subarray(0, length))
    assert.equal(cut.damage, null, `cut at ${length}`)
    assert.ok(cut.entries.length >= most && cut.reading.offset <= length)
    most = cut.entries.length
    const rest = understand(bytes.subarray(cut.reading.offset), cut.reading)
    if (length % 7 === 0) assert.deepEqual([...cut.entries, ...rest.entries], all)
    else assert.equal(cut.entries.length + rest.entries.length, all.length)
  }
  assert.equal(most, all.length)

  // A writer that begins behind a torn tail is heard.
  for (let length = 0; length < bytes.length; length += 97) {
    writeFileSync(file, bytes)
    truncateSync(file, length)
    const writer = new JournalWriter(file, about)
    writer.say(odd)
    writer.close()
    const { entries, damage } = readWholeJournal(file)
    assert.equal(damage, null)
    assert.deepEqual(withoutLeases(entries).at(-1), odd)
    assert.equal(entries.length, read(bytes.subarray(0, length)).entries.length + 2)
  }
})

test('said twice it changes nothing: duplicated, or copies of its beginning behind it', (t) => {
  const { bytes } = twoLeases(temporaryFolder(t))
  const all = read(bytes)
  for (const copies of [[bytes], [bytes, bytes], [bytes.subarray(0, bytes.length / 3)]]) {
    const { entries, damage } = read(Buffer.concat([bytes, ...copies]))
    assert.equal(damage, null)
    assert.deepEqual(entries, all.entries)
  }
  assert.deepEqual(understand(bytes, all.reading, 0).entries, [], 'read again after it was read')
})

test('of two that write, the later one has the run: the other notices, and is not heard', (t) => {
  const file = join(temporaryFolder(t), 'a.journal')
  const first = new JournalWriter(file, about)
  said(0, 3).forEach((each) => first.say(each))
  const second = new JournalWriter(file, { ...about, host: 'other' })
  assert.throws(() => first.say(odd), TakenOver)
  assert.throws(() => first.commit(), TakenOver)
  assert.throws(() => first.requireOurs(), TakenOver)
  // What a shared disk lets through all the same.
  const late = readFileSync(file).subarray(0)
  const third = join(temporaryFolder(t), 'b.journal')
  const stray = new JournalWriter(third, about)
  stray.say(odd)
  const strayBytes = readFileSync(third)
  const strayLease = read(strayBytes).reading.lease
  const lastFrame = strayBytes.subarray(read(strayBytes.subarray(0, strayBytes.length - 1)).reading.offset)
  const mixed = Buffer.concat([strayBytes, late, lastFrame])
  const { entries, reading, damage } = read(mixed)
  assert.equal(damage, null)
  assert.notEqual(reading.lease, strayLease)
  assert.equal(entries.filter((each) => each.lease === strayLease).length, 2, 'what it said before, and no more')
  second.say(odd)
  second.commit()
  assert.equal(readWholeJournal(file).reading.lease, second.id)
})

test('a take-over in the very moment of writing is noticed too, and what was taken over writes no checkpoints', (t) => {
  const folder = temporaryFolder(t),
    file = join(folder, 'a.journal')
  const first = new JournalWriter(file, about)
  let second: JournalWriter | null = null
  // It has looked, and writes: in between, somebody else begins.
  first.say({
    type: 'points',
    flush: true,
    get points() {
      second ??= new JournalWriter(file, about)
      return [point(1)]
    },
  })
  assert.ok(second !== null)
  assert.throws(() => first.requireOurs(), TakenOver)
  assert.throws(() => first.commit(), TakenOver)
  assert.throws(() => first.say({ type: 'died', how: 'x' }), TakenOver)
  const results = join(folder, 'results'),
    weights = join(folder, 'r', 'checkpoints')
  for (const each of [results, weights]) mkdirSync(each, { recursive: true })
  writeFileSync(join(weights, 'last.safetensors'), 'weights')
  const write = () => writeCheckpoints(join(results, 'r.checkpoints'), 'r', join(folder, 'r'), null, () => first.requireOurs())
  assert.throws(write, TakenOver)
  assert.deepEqual(readdirSync(results), [])
  ;(second as JournalWriter).say({ type: 'died', how: 'y' })
  assert.deepEqual(withoutLeases(readWholeJournal(file).entries).at(-1), { type: 'died', how: 'y' })
})

test('what lacks messages, or cannot be read in its middle, is not read beyond that, and says so', (t) => {
  const folder = temporaryFolder(t)
  const { file, bytes } = twoLeases(folder)
  const { offset } = read(bytes.subarray(0, 700)).reading
  const hurt = Buffer.from(bytes)
  hurt[offset + 20]! ^= 1
  // Nor are those behind it heard: what it goes on from would lack them.
  assert.match(read(hurt).damage!, /byte/)
  const second = bytes.indexOf(Buffer.from(read(bytes).reading.lease!))
  const alone = Buffer.from(bytes.subarray(0, second - 30))
  alone[offset + 20]! ^= 1
  assert.match(read(alone).damage!, /byte/)
  assert.equal(read(alone).reading.offset, offset)
  // A shared disk that shows one part late.
  alone[offset + 20]! ^= 1
  assert.equal(read(alone).damage, null)
  writeFileSync(file, bytes.subarray(0, 300))
  const before = readJournal(file)
  writeFileSync(file, bytes.subarray(0, 100))
  assert.deepEqual(readJournal(file, before.reading).entries, [], 'shown shorter than before')
})
