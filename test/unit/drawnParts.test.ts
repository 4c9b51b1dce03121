import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import type { Dataset } from '../../src/shared/domain.ts'
import { drawBalanced } from '../../src/main/engine/data/balanced-groups.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { readIndex } from '../../src/main/engine/data/open.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { hashRows } from '../../src/main/engine/data/row-hash.ts'
import { splitRows } from '../../src/main/engine/data/test-split.ts'
import { homeAt } from '../../src/main/engine/home.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { temporaryFolder, testEngine } from '../fixtures/homes.ts'

/** The split of rows whose pictures are named by numbers. */
function splitOf(pictures: readonly number[], more: { groups?: number[]; parts?: number[]; labels?: number[] }, split?: string) {
  const count = pictures.length,
    hashes = new Uint8Array(count * 16)
  hashRows(new Uint8Array(Uint32Array.from(pictures).buffer), 4, count, hashes, 0)
  const { groups, parts, labels } = more
  const rows = {
    count,
    labels: labels ? Int32Array.from(labels) : null,
    parts: parts ? Uint8Array.from(parts) : null,
    groups: groups ? Int32Array.from(groups) : null,
  }
  return splitRows(rows, hashes, { groupDraw: 'balanced', ...(split !== undefined && { split }) })
}
const each = <T>(count: number, of: (row: number) => T) => Array.from({ length: count }, (_, row) => of(row))

test('a validation part that was asked for is drawn, or the import says why it cannot be', () => {
  // Three patients, two of whom share a picture.
  const groups = [0, 0, 0, 1, 1, 1, 2, 2, 2],
    pictures = [0, 1, 2, 2, 4, 5, 6, 7, 8]
  assert.throws(() => splitOf(pictures, { groups }, '70/15/15'), {
    code: 'DATASET_TOO_SMALL',
    field: 'group',
    message: /^No validation part can be drawn of the 6 images left for training, since groups that share identical images stay/,
  })
  assert.equal(splitOf(pictures, { groups }, '80/20').test.length, 3)
  assert.equal(splitOf(each(9, Number), { groups }, '70/15/15').validation.length, 3)
  // All patients are tied together: there is nothing to test with.
  const tied = { code: 'DATASET_TOO_SMALL', field: 'group', message: /groups that share identical images count as one/ }
  assert.throws(() => splitOf([0, 1, 2, 2, 4, 5, 5, 7, 0], { groups }, '70/15/15'), tied)
  // Copies without groups.
  assert.throws(() => splitOf([...each(8, () => 1), 2, 3], {}, '70/15/15'), {
    code: 'DATASET_TOO_SMALL',
    message: /since identical images stay together; add images that differ\.$/,
  })
})

test('what a validation part of the data has, too, is left out of the draw, which still comes to its share', () => {
  // Twenty patients of ten images; of the first six one image each is for validation.
  const count = 200,
    groups = each(count, (row) => Math.floor(row / 10)),
    parts = each(count, (row) => (row < 60 && row % 10 === 0 ? 1 : 0)),
    labels = each(count, (row) => row % 2)
  const training = parts.filter((part) => part === 0).length
  const { test: drawn, movedToOneSide } = splitOf(each(count, Number), { groups, parts, labels })
  assert.ok(drawn.every((row) => row >= 60))
  assert.ok(Math.abs(drawn.length - 0.15 * training) <= 5, `${drawn.length} of ${training}`)
  assert.equal(movedToOneSide, 0, 'there are no copies')
  // The same of copies: of the first sixty images for training each is in the validation part as well.
  const copied = splitOf(
    each(260, (row) => row % 200),
    { parts: each(260, (row) => (row < 200 ? 0 : 1)) },
  )
  assert.ok(copied.test.every((row) => row >= 60 && row < 200))
  assert.deepEqual([copied.test.length, copied.movedToOneSide], [30, 0])
})

test('many classes in each of many groups are drawn, too, whole', () => {
  const rows = Uint32Array.from(each(200_000, Number)),
    units = Int32Array.from(rows, (row) => row % 2000),
    labels = Int32Array.from(rows, (row) => Math.floor(row / 2000))
  const { drawn } = drawBalanced(rows, units, labels, 0.15, random('test'))
  assert.equal(drawn.length, 30_000)
  assert.equal(new Set(Array.from(drawn, (row) => units[row]!)).size, 300)
})

test('an import keeps how it drew, and a dataset of before is repaired as it was drawn', async (t) => {
  const folder = temporaryFolder(t),
    path = join(folder, 'images'),
    home = join(folder, 'home')
  mkdirSync(path)
  mkdirSync(join(home, 'datasets'), { recursive: true })
  const draw = random('pictures')
  const picture = (i: number) =>
    sharp(Buffer.from([i, ...each(15, () => 250)]), { raw: { width: 4, height: 4, channels: 1 } })
      .png()
      .toBuffer()
  for (let i = 0; i < 90; i++) {
    const group = i % 17
    writeFileSync(join(path, `${'abc'[(group + (draw.below(3) === 0 ? 1 : 0)) % 3]}_p${group}_${i}.png`), await picture(i))
  }
  const asked = { path, fit: 'crop' as const, group: '_(p\\d+)_', labelPattern: '{label}_*' }
  const place = homeAt(home),
    before = await importDataset({ ...asked, id: 'before', name: 'before', folder: place.dataset('before') })
  const store = openStore(place.database),
    { skipped, ...old } = before
  store.datasets.insert(old, skipped)
  store.close()

  const { call, next } = testEngine(t, home)
  const over = ({ task: { id } }: { task: { id: string } }) =>
    next((event) => (event.type === 'task' && event.task.id === id && event.task.state !== 'running' ? event.task : undefined))
  assert.equal((await over(await call('datasets.import', { ...asked, name: 'now' }))).state, 'done')
  const { datasets } = await call('datasets.list', {}),
    now = datasets.find(({ name }: Dataset) => name === 'now')!
  const drawnBy = (id: string) => readIndex(place.dataset(id)).options!['groupDraw']
  assert.deepEqual([drawnBy('before'), drawnBy(now.id)], [undefined, 'balanced'])
  assert.notEqual(now.sha256, old.sha256, 'the draws differ')
  for (const { id, sha256 } of [now, old]) {
    const way = drawnBy(id)
    assert.equal((await over(await call('datasets.repair', { dataset: id }))).state, 'done')
    assert.deepEqual([readIndex(place.dataset(id)).sha256, drawnBy(id)], [sha256, way])
  }
  // Where another comes out, that may be because of the version only where another one imported it.
  writeFileSync(join(path, 'd_p3_more.png'), await picture(200))
  const saidOf = async (dataset: string) => (await over(await call('datasets.repair', { dataset }))).error!
  const said = { now: await saidOf(now.id), before: await saidOf('before') }
  assert.deepEqual([said.now.code, said.before.code], ['DATASET_DIFFERS', 'DATASET_DIFFERS'])
  assert.match(said.before.message, /an earlier version may have read or divided it otherwise; then import it as a new dataset\.$/)
  assert.doesNotMatch(said.now.message, /version/)
})
