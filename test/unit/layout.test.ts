import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { importDataset, type ImportRequest } from '../../src/main/engine/data/import.ts'
import { groupedCounts } from '../../src/main/engine/data/grouped-counts.ts'
import { openDataset, rowPaths } from '../../src/main/engine/data/open.ts'
import { validationSplit } from '../../src/main/engine/data/split.ts'
import { partsOf } from '../../src/shared/split.ts'
import { codeOf, importsPlace } from '../fixtures/imports.ts'
import { npy, zip } from '../fixtures/npz.ts'

const { request, fresh } = importsPlace('layout')
let shade = 0
/** A gray picture unlike every other. */
const picture = (value = shade++) =>
  sharp(Buffer.from([value % 256, value >> 8, ...Array(14).fill(250)]), { raw: { width: 4, height: 4, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()

/** A folder of images by their paths, and of texts. */
async function tree(...files: (string | [string, string | Buffer])[]): Promise<string> {
  const root = fresh('tree')
  for (const file of files) {
    const [path, content] = typeof file === 'string' ? [file, await picture()] : file
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}
/** `x/0.png` and so on. */
const some = (folder: string, count = 6): string[] => Array.from({ length: count }, (_, i) => `${folder}/${i}.png`)

/** What an import makes of it: each image's path with part and class, the codes of its notes, and what was skipped. */
async function understood(root: string, more: Partial<ImportRequest> = {}) {
  const ask = request(root, more),
    dataset = await importDataset(ask)
  const { test: testing, validation, labels, classes, count, close } = openDataset(ask.folder)
  close()
  const images = new Map(
    rowPaths(ask.folder, [...Array(count).keys()]).map((path, row) => {
      const part = testing.includes(row) ? 'test' : validation.includes(row) ? 'validation' : 'train'
      return [path, `${part} ${labels === null || labels[row]! < 0 ? '-' : classes[labels[row]!]}`]
    }),
  )
  return {
    dataset,
    images,
    parts: partsOf(dataset),
    classes: dataset.classes,
    notes: dataset.notes.map(({ code }) => code),
    skipped: dataset.skipped.map(({ path }) => path),
    message: (code: string) => dataset.notes.find((note) => note.code === code)?.message ?? '',
  }
}

test("parts go by the names of folders, in any case, below an unpacked archive too; a validation part is every run's", async () => {
  const root = await tree(
    ...some('data/set/Training/a'),
    ...some('data/set/Training/b'),
    ...some('data/set/DEV/a', 2),
    ...some('data/set/eval/b', 3),
    ['data/__MACOSX/._a', 'x'],
    ['data/.DS_Store', 'x'],
    ['README.txt', 'about'],
  )
  const { images, parts, classes, notes, dataset } = await understood(root)
  assert.deepEqual([parts, classes, notes], [{ train: 12, validation: 2, test: 3 }, ['a', 'b'], ['partFolders']])
  assert.equal(images.get('data/set/DEV/a/1.png'), 'validation a')
  assert.equal(images.get('data/set/eval/b/0.png'), 'test b')
  assert.deepEqual([dataset.validationCount, dataset.testCount], [2, 3])
})

test('each combination of parts is understood, or refused with what to do', async () => {
  const a = [...some('train/a'), ...some('train/b')]
  const noTest = await understood(await tree(...a, ...some('valid/a', 2)))
  assert.deepEqual(
    [noTest.parts, noTest.images.get('valid/a/0.png')],
    [{ train: 10, validation: 2, test: 2 }, 'validation a'],
    'a test part is drawn of the training images',
  )
  assert.deepEqual((await understood(await tree(...a))).parts, { train: 10, validation: 0, test: 2 })
  const twice = await understood(await tree(...a, ...some('test/a', 1), ...some('testing/b', 1), ...some('val/a', 1)))
  assert.deepEqual(
    [twice.parts, twice.message('partFolders').includes('“test”, “testing” together are the test part')],
    [{ train: 12, validation: 1, test: 2 }, true],
  )
  const loose = await understood(await tree('1.png', '2.png', '3.png', '4.png', ...some('test', 2)))
  assert.deepEqual(
    [loose.parts, loose.classes, loose.images.get('test/0.png')],
    [{ train: 4, validation: 0, test: 2 }, [], 'test -'],
  )
  const classes = await understood(await tree(...some('cat'), ...some('dog'), ...some('test', 2)))
  assert.deepEqual([classes.parts, classes.classes], [{ train: 12, validation: 0, test: 2 }, ['cat', 'dog']])
  for (const parts of [['test'], ['val', 'test'], ['deep/down/test']]) {
    await assert.rejects(
      importDataset(request(await tree(...parts.flatMap((name) => some(`${name}/a`))))),
      (error: Error) =>
        codeOf('FILE_UNSUPPORTED')(error) &&
        /nothing to train with; add a folder called train, or import (that folder|one of these folders) itself/.test(error.message),
    )
  }
  // Names of parts that are names of classes.
  const vehicles = await understood(await tree(...some('train'), ...some('bus'), ...some('car')))
  assert.deepEqual([vehicles.classes, vehicles.notes], [['bus', 'car', 'train'], ['partAsClass']])
  assert.deepEqual((await understood(await tree(...some('valid'), ...some('invalid')))).classes, ['invalid', 'valid'])
  const beside = await understood(await tree(...a, ...some('test/a', 2), ...some('unlabeled'), '1.png'))
  assert.deepEqual(
    [beside.parts, beside.notes, beside.skipped],
    [{ train: 12, validation: 0, test: 2 }, ['besideParts', 'partFolders'], ['1.png', 'unlabeled']],
  )
})

test('each part decides for itself whether it has classes; those without training images are none', async () => {
  const flat = await understood(await tree(...some('train/cat'), ...some('train/dog'), ...some('test', 4)))
  assert.deepEqual(
    [flat.parts, flat.classes, flat.images.get('test/3.png'), flat.images.get('train/dog/0.png')],
    [{ train: 12, validation: 0, test: 4 }, ['cat', 'dog'], 'test -', 'train dog'],
  )
  assert.match(flat.message('withoutLabels'), /none of the 4 images for testing has one/)
  const reverse = await understood(await tree(...some('train', 7), ...some('test/cat', 2), ...some('test/dog', 1)))
  assert.deepEqual(
    [reverse.parts, reverse.classes, reverse.notes],
    [{ train: 7, validation: 0, test: 3 }, [], ['partFolders', 'unlabelledTraining']],
  )
  // A category of MVTec: one class to train with, masks that are no images.
  const category = await understood(
    await tree(
      ...some('train/good'),
      ...some('test/good', 2),
      ...some('test/broken_large', 3),
      ...some('ground_truth/broken_large', 3),
    ),
  )
  assert.deepEqual(
    [category.parts, category.classes, category.skipped],
    [{ train: 6, validation: 0, test: 5 }, ['good'], ['ground_truth']],
  )
  assert.deepEqual(
    [category.images.get('test/good/0.png'), category.images.get('test/broken_large/0.png')],
    ['test good', 'test -'],
  )
  assert.match(
    category.message('untrainedClasses'),
    /3 images of classes that no image for training has \(“broken_large”\) are kept without a label/,
  )
  assert.match(category.message('masks'), /“ground_truth”/)
})

test('parts within the folders of classes are parts, and masks no images', async () => {
  const files = ['bottle', 'cable'].flatMap((name) => [
    ...some(`${name}/train/good`),
    ...some(`${name}/test/broken`, 2),
    ...some(`${name}/ground_truth/broken`, 2),
  ])
  const { parts, classes, notes, images } = await understood(
    await tree(...files, 'bottle/extra/1.png', ...some('capsule', 2), ['license.txt', 'x']),
  )
  assert.deepEqual([parts, classes], [{ train: 14, validation: 0, test: 4 }, ['bottle', 'cable', 'capsule']])
  assert.deepEqual(notes, ['masks', 'partsInClasses'])
  assert.equal(images.get('cable/test/broken/1.png'), 'test cable')

  const pairs = await understood(await tree('a.png', 'a_mask.png', 'b (1).png', 'b (1)_mask_1.png', 'c.png', 'd.png', 'e_mask.png'))
  assert.deepEqual(
    [[...pairs.images.keys()], pairs.notes],
    [
      ['a.png', 'b (1).png', 'c.png', 'd.png', 'e_mask.png'],
      ['masks', 'maskNames'],
    ],
  )
  const folders = await understood(await tree(...some('images'), ...some('masks')))
  assert.deepEqual([[...folders.images.keys()], folders.classes, folders.notes], [some('images'), [], ['masks']])
  // People with and without one.
  assert.deepEqual((await understood(await tree(...some('mask'), ...some('no_mask')))).classes, ['mask', 'no_mask'])
  assert.deepEqual((await understood(await tree(...some('with_mask'), ...some('without_mask')))).classes, [
    'with_mask',
    'without_mask',
  ])
})

test('paths for validation and testing come before folders of such names, and are kept as they are', async () => {
  const root = await tree(...some('train/a'), ...some('train/b'), ...some('test/a', 4), ...some('val/b', 3))
  const val = await tree(...some('wrapped/a', 2)),
    given = await understood(root, { valPath: val, testPath: join(root, 'val') })
  assert.deepEqual([given.parts, given.skipped], [{ train: 12, validation: 2, test: 3 }, ['test']])
  // Within the imported folder, without folders of such names.
  const plain = await tree(...some('a'), ...some('b'), ...some('held-out/a', 3), ...some('held-out/b', 1))
  const within = await understood(plain, { testPath: join(plain, 'held-out') })
  assert.deepEqual([within.parts, within.classes], [{ train: 12, validation: 0, test: 4 }, ['a', 'b']])
  // Copies stay where they are.
  const copy = await picture(),
    train = await tree(['1.png', copy], '2.png', '3.png', '4.png'),
    test = await tree(['x.png', copy], 'y.png')
  const copies = await understood(train, { testPath: test })
  assert.deepEqual(
    [copies.parts, copies.message('testCopies')],
    [
      { train: 4, validation: 0, test: 2 },
      '1 of the 2 test images is also among those for training, as the source has them; it stays.',
    ],
  )
  for (const [more, field] of [
    [{ valPath: test, testPath: test }, 'testPath'],
    [{ testPath: dirname(train) }, 'testPath'],
    [{ valPath: root }, 'valPath'],
    [{ valPath: train }, 'valPath'],
  ] as const) {
    await assert.rejects(
      importDataset(request(train, more)),
      (error: Error & { field?: string }) => codeOf('FILE_UNSUPPORTED')(error) && error.field === field,
    )
  }
})

test('arrays take a file for validation too, and classes go by the training rows', async () => {
  const place = fresh('arrays'),
    write = (name: string, rows: number, labels: number[], from: number) => {
      const images = npy('|u1', [rows, 2, 2], Buffer.from(Array.from({ length: rows * 4 }, (_, i) => (from + i) % 256)))
      writeFileSync(join(place, name), zip({ 'x.npy': images, 'y.npy': npy('|u1', [rows], Buffer.from(labels)) }, false))
      return join(place, name)
    }
  const train = write('train.npz', 5, [0, 1, 0, 1, 0], 0),
    val = write('val.npz', 2, [1, 1], 100)
  const testing = write('test.npz', 3, [0, 7, 1], 150)
  const ask = request(train, { valPath: val, testPath: testing }),
    dataset = await importDataset(ask),
    opened = openDataset(ask.folder)
  opened.close()
  assert.deepEqual(
    [[...opened.validation], [...opened.test], [...opened.labels!], dataset.classes],
    [
      [5, 6],
      [7, 8, 9],
      [0, 1, 0, 1, 0, 1, 1, 0, -1, 1],
      ['0', '1'],
    ],
  )
  assert.deepEqual(
    dataset.notes.map(({ code }) => code),
    ['untrainedClasses'],
  )
})

test('what may be a mistake about classes is said: letters, copies, empty folders, files beside them', async () => {
  const copy = await picture()
  const { classes, notes, message, skipped } = await understood(
    await tree(
      ['cat/1.png', copy],
      ...some('cat').slice(2),
      ...some('Cat'),
      ['dog/1.png', copy],
      ...some('dog').slice(2),
      ...some('cafe\u0301', 2),
      ['bird/notes.txt', 'none'],
      'loose.png',
      ['README.md', 'about'],
    ),
  )
  assert.deepEqual(
    [classes, skipped],
    [
      ['Cat', 'caf\u00e9', 'cat', 'dog'],
      ['README.md', 'loose.png', 'bird/notes.txt'],
    ],
  )
  assert.deepEqual(notes, ['looseFiles', 'emptyClass', 'classesDifferInCase', 'sameUnderTwoLabels'])
  assert.match(message('looseFiles'), /^1 file beside the folders of the classes left out: “loose.png”/)
  assert.match(message('emptyClass'), /“bird”/)
  assert.match(message('classesDifferInCase'), /“Cat”, “cat”/)
  const root = await tree(...some('a'), ...some('b'))
  mkdirSync(join(root, 'empty'))
  assert.match((await understood(root)).message('emptyClass'), /No files lie in “empty”/)
  assert.deepEqual((await understood(await tree(...some('only')))).notes, ['singleClass'])
})

test('names that are not UTF-8 are read and told apart', async () => {
  const root = await tree(...some('a'))
  const foreign = (name: string) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')])
  mkdirSync(foreign('caf\xe9'))
  mkdirSync(foreign('caf\xe8'))
  for (const path of ['caf\xe9/\xfc.png', 'caf\xe9/2.png', 'caf\xe8/1.png', 'caf\xe8/2.png'])
    writeFileSync(foreign(path), await picture())
  const { classes, images, notes } = await understood(root)
  assert.deepEqual([classes, notes], [['a', 'caf\u00e8', 'caf\u00e9'], ['namesNotUtf8']])
  assert.match(images.get('caf\u00e9/\u00fc.png')!, /caf\u00e9$/)
  assert.equal(images.size, 10)
})

const flat = (...names: string[]) => tree(...names)
const table = (text: string | Buffer): string => {
  const path = join(fresh('table'), 'labels.csv')
  writeFileSync(path, text)
  return path
}
const eight = ['a1.png', 'a2.png', 'a3.png', 'b1.png', 'b2.png', 'b3.png', 'sub/c1.png', 'sub/c2.png']
const rowsOf = (delimiter: string, ending = '\n') =>
  eight.map((name, i) => [name, i < 4 ? 'Cat' : 'Dog'].join(delimiter)).join(ending)
const wanted = eight.map((name, i) => [name, i < 4 ? 'Cat' : 'Dog'])
const labelsIn = ({ images }: { images: Map<string, string> }) =>
  [...images].map(([path, said]) => [path, said.split(' ').slice(1).join(' ')]).sort()

test('labels come from a table, however it is written', async () => {
  const root = await flat(...eight)
  const texts: Record<string, string | Buffer> = {
    commas: `image,label\n${rowsOf(',')}\n`,
    semicolons: `\uFEFFfilename;class\r\n${rowsOf(';', '\r\n')}`,
    tabs: `path\tspecies\n${rowsOf('\t')}`,
    'no header': rowsOf(','),
    'without endings': `id,breed\n${rowsOf(',').replaceAll('.png', '')}`,
    'other folders': `file,x\n${eight.map((name, i) => `C:\\data\\${name.replace('/', '\\')},${i < 4 ? 'Cat' : 'Dog'}`).join('\n')}`,
    quotes:
      '"label","note, or ' +
      `""more""","file"\n${eight.map((name, i) => `"${i < 4 ? 'Cat' : 'Dog'}","x, ""y""\nz","${name}"`).join('\n')}`,
    'UTF-16': Buffer.from(`\uFEFFimage\tlabel\n${rowsOf('\t')}`, 'utf16le'),
    'several columns':
      `image,width,height,score,class\n` + `${eight.map((name, i) => `${name},4,4,0.${i}5,${i < 4 ? 'Cat' : 'Dog'}`).join('\n')}`,
    'one of a column each': `image,Cat,Dog\n${eight.map((name, i) => `${name},${i < 4 ? '1.0,0.0' : '0.0,1.0'}`).join('\n')}`,
  }
  for (const [name, text] of Object.entries(texts)) {
    const said = await understood(root, { labels: table(text) })
    assert.deepEqual([labelsIn(said), said.notes], [wanted, ['labelTable']], name)
  }
})

test('a table says what is missing, and columns are named or asked for', async () => {
  const root = await tree(...eight, ['labels.csv', 'image,label'])
  const some = table('image,what,where\na1.png,x,q\na2.png,y,q\na3.png,x,q\nb1.png,y,r\nb2.png,x,r\ngone.png,x,r\nb2.png,y,r\n')
  await assert.rejects(
    importDataset(request(root, { labels: some })),
    (error: Error & { field?: string }) =>
      codeOf('CALL_INVALID')(error) &&
      error.field === 'labelColumn' &&
      /“what”, “where”; say which with --label-column/.test(error.message),
  )
  const said = await understood(root, { labels: some, labelColumn: 'What' })
  assert.deepEqual(Object.fromEntries(labelsIn(said)), {
    'a1.png': 'x',
    'a2.png': 'y',
    'a3.png': 'x',
    'b1.png': 'y',
    'b2.png': '-',
    'b3.png': '-',
    'sub/c1.png': '-',
    'sub/c2.png': '-',
  })
  assert.deepEqual(said.notes, ['labelTable', 'notInTable', 'rowsWithoutFile', 'contradictoryRows', 'withoutLabels'])
  assert.match(said.message('notInTable'), /^3 images are/)
  assert.match(said.message('rowsWithoutFile'), /^1 row of 7 .*gone\.png/)
  assert.deepEqual((await understood(root, { labels: some, fileColumn: '1', labelColumn: '3' })).classes, ['q', 'r'])
  for (const [more, field] of [
    [{ labels: some, labelColumn: 'none' }, 'labelColumn'],
    [{ fileColumn: 'x' }, 'fileColumn'],
    [{ labels: table('a,b\n1,2\n') }, 'labels'],
    [{ labels: table('\0\0') }, 'labels'],
  ] as const) {
    await assert.rejects(importDataset(request(root, more)), (error: Error & { field?: string }) => error.field === field)
  }
  assert.match((await understood(root)).message('tableFound'), /“labels\.csv”/)
  // Several labels a row.
  for (const text of [
    'image,Finding Labels\na1.png,Mass|Edema\na2.png,Mass\na3.png,Edema\n',
    'image,young,smiling\na1.png,1,1\na2.png,-1,1\na3.png,1,-1\n',
  ]) {
    const many = await understood(root, { labels: table(text) })
    assert.deepEqual([many.classes, many.notes.includes('severalLabels')], [[], true])
  }
})

test('a table finds files whose names are the same in many folders', async () => {
  const paths = Array.from({ length: 10 }, (_, folder) => [`d${folder}/1.png`, `d${folder}/2.png`]).flat(),
    root = await flat(...paths)
  const text =
    `file,label\n` +
    `${paths.map((path, i) => `${i % 2 ? `/data/${path}` : path.replace('.png', '')},${i % 3}`).join('\n')}\n1.png,0\n`
  const said = await understood(root, { labels: table(text) })
  assert.deepEqual(labelsIn(said), paths.map((path, i) => [path, String(i % 3)]).sort())
  assert.ok(said.notes.includes('rowsOfSeveralFiles'))
})

test('a table may say the parts', async () => {
  const parts = ['train', 'train', 'train', 'train', 'train', 'valid', 'test', 'test']
  const text = `image,label,split\n${eight.map((name, i) => `${name},${i % 2},${parts[i]}`).join('\n')}`
  const said = await understood(await flat(...eight), { labels: table(text) })
  assert.deepEqual(
    [said.parts, said.images.get('b3.png'), said.images.get('sub/c2.png')],
    [{ train: 5, validation: 1, test: 2 }, 'validation 1', 'test 1'],
  )
  const numbers = `${eight.map((name, i) => `${name} ${[0, 0, 0, 0, 0, 1, 2, 2][i]}`).join('\n')}`
  assert.deepEqual((await understood(await flat(...eight), { labels: table(numbers), partColumn: '2' })).parts, {
    train: 5,
    validation: 1,
    test: 2,
  })
})

test('labels come from names, by what is before their number or by a pattern; without being asked it is mentioned', async () => {
  const names = ['cat.0.png', 'cat.1.png', 'cat.10.png', 'dog.0.png', 'dog.1.png', 'dog.2.png'],
    root = await flat(...names)
  assert.deepEqual([(await understood(root)).classes, (await understood(root)).notes], [[], ['labelsInNames']])
  assert.deepEqual(labelsIn(await understood(root, { labels: 'names' })), names.map((name) => [name, name.slice(0, 3)]).sort())
  const odd = await flat('p1_x_01.png', 'p1_y_02.png', 'p2_x_03.png', 'p2_y_04.png', 'p3_x_05.png', 'other.png')
  for (const labelPattern of ['p?_{label}_*.png', '^p\\d_(?<label>[xy])', '_([xy])_']) {
    const said = await understood(odd, { labelPattern })
    assert.deepEqual(
      [said.classes, said.images.get('p3_x_05.png')!.endsWith(' x'), said.notes.includes('namesWithoutLabel')],
      [['x', 'y'], true, true],
      labelPattern,
    )
  }
  for (const labelPattern of ['(', 'x', 'nowhere_{label}']) {
    await assert.rejects(importDataset(request(odd, { labelPattern })), { code: 'CALL_INVALID', field: 'labelPattern' })
  }
  const classes = await tree(...some('a'), ...some('b'), 'loose.png')
  assert.deepEqual(
    [(await understood(classes, { labels: 'none' })).classes, (await understood(classes, { labels: 'none' })).dataset.count],
    [[], 13],
  )
})

/** Patients of unequal numbers of images, each with both classes. */
const patients = Array.from({ length: 20 }, (_, patient) =>
  Array.from({ length: 2 + (patient % 5) }, (_, i) => `p${patient}_${i % 2}_${i}.png`),
).flat()
const patientOf = (name: string) => name.split('_')[0]!

test('a column that is called as parts are, and holds no words for them, is never passed over in silence', async () => {
  const root = await flat(...patients)
  for (const [name, value] of [
    ['split', (at: number) => at % 3],
    ['fold', (at: number) => `fold${at % 4}`],
    ['is_test', (at: number) => at % 2],
  ] as const) {
    const file = table(
      `image,${name},label\n${patients.map((path, at) => `${path},${value(at)},${path.split('_')[1]}`).join('\n')}`,
    )
    const found = await understood(root, { labels: file })
    assert.match(found.message('perhapsParts'), new RegExp(`“${name}”.*--part-column`))
    assert.ok(found.classes.length > 0 && found.classes.every((one) => !one.startsWith('fold')))
  }
})

test('a group lies on one side of every split: the drawn test part, and what each run keeps aside', async () => {
  const root = await flat(...patients)
  const byColumn = table(
    `image,label,patient_id\n${patients.map((name) => `${name},${name.split('_')[1]},${patientOf(name)}`).join('\n')}`,
  )
  assert.match((await understood(root, { labels: byColumn })).message('perhapsGroups'), /“patient_id”/)
  for (const more of [
    { labels: byColumn, group: 'patient_id' },
    { group: '{group}_*', labelPattern: '^p\\d+_(\\d)' },
    { group: '^(p\\d+)' },
  ]) {
    const ask = request(root, more),
      { testCount, count } = await importDataset(ask),
      dataset = openDataset(ask.folder)
    dataset.close()
    assert.ok(Math.abs(testCount - 0.15 * count) <= 3, `${testCount} of ${count}`)
    const names = rowPaths(ask.folder, [...Array(count).keys()])
    const groupsOf = (rows: Uint32Array) => new Set(Array.from(rows, (row) => patientOf(names[row]!)))
    const sizes = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) {
      const { train, validation } = validationSplit(dataset, seed),
        sides = [groupsOf(train), groupsOf(validation), groupsOf(dataset.test)]
      assert.equal(
        sides.reduce((sum, side) => sum + side.size, 0),
        20,
        'no patient is on two sides',
      )
      assert.equal(train.length + validation.length + testCount, count)
      assert.ok(validation.length > 0 && Math.abs(validation.length - 0.1 * dataset.train.length) <= 3)
      assert.deepEqual(groupedCounts(ask.folder, seed), { trainCount: train.length, validationCount: validation.length })
      sizes.add([...sides[1]!].sort().join())
    }
    assert.ok(sizes.size > 5, 'the seed chooses')
    if (dataset.labels) assert.ok(new Set(Array.from(dataset.test, (row) => dataset.labels![row])).size === 2)
  }
  // Copies tie patients together.
  const copy = await picture()
  const tied = await tree(['a_0.png', copy], 'a_1.png', ['b_0.png', copy], 'b_1.png', 'c_0.png', 'd_0.png', 'e_0.png')
  const { images } = await understood(tied, { group: '{group}_*' })
  assert.equal(new Set(['a_0.png', 'a_1.png', 'b_0.png', 'b_1.png'].map((name) => images.get(name)!.split(' ')[0])).size, 1)
  // Brought parts stay, and it is said.
  const brought = await understood(
    await tree('train/p1_1.png', 'train/p2_1.png', 'train/p3_1.png', 'test/p1_2.png', 'test/p4_1.png'),
    { group: '{group}_*' },
  )
  assert.match(brought.message('groupsInTwoParts'), /^1 of the 4 groups is in more than one part/)
  await assert.rejects(importDataset(request(root, { group: '(p)' })), { code: 'DATASET_TOO_SMALL', field: 'group' })
  await assert.rejects(importDataset(request(root, { group: '(nowhere)' })), { code: 'CALL_INVALID', field: 'group' })
})

test('shares are drawn as asked for, by a seed, and never in place of what the data bring', async () => {
  const root = await tree(...some('a', 60), ...some('b', 40))
  const { parts } = await understood(root, { split: '70/15/15' })
  assert.deepEqual(parts, { train: 70, validation: 15, test: 15 })
  assert.deepEqual((await understood(root, { split: '80/20' })).parts, { train: 80, validation: 0, test: 20 })
  const rows = async (splitSeed?: number, split?: string) => {
    const ask = request(root, { ...(splitSeed === undefined ? {} : { splitSeed }), ...(split ? { split } : {}) })
    await importDataset(ask)
    const dataset = openDataset(ask.folder)
    dataset.close()
    const classes = [0, 1].map((label) => dataset.test.filter((row) => dataset.labels![row] === label).length)
    return { test: [...dataset.test], validation: [...dataset.validation], classes }
  }
  assert.deepEqual(await rows(), await rows(undefined, '85/15'))
  const [one, again, other] = [await rows(7, '70/15/15'), await rows(7, '70/15/15'), await rows(8, '70/15/15')]
  assert.deepEqual(one, again)
  assert.notDeepEqual(one.test, other.test)
  assert.deepEqual(one.classes, [9, 6], 'each class by its share')
  const grouped = await understood(await flat(...patients), { split: '60/20/20', splitSeed: 3, group: '{group}_*' })
  const sides = new Map<string, Set<string>>()
  for (const [name, said] of grouped.images)
    sides.set(patientOf(name), (sides.get(patientOf(name)) ?? new Set()).add(said.split(' ')[0]!))
  assert.ok([...sides.values()].every(({ size }) => size === 1))
  for (const part of ['validation', 'test'] as const) assert.ok(Math.abs(grouped.parts[part] - 0.2 * grouped.images.size) <= 3)
  const brought = await tree(...some('train/a'), ...some('val/a', 2), ...some('test/a', 2))
  const alone = await tree(...some('train/a', 8), ...some('val/a', 2))
  for (const [at, more, field] of [
    [brought, { split: '80/20' }, 'split'],
    [brought, { splitSeed: 3 }, 'splitSeed'],
    [alone, { split: '70/15/15' }, 'split'],
    [root, { split: '70/20/20' }, 'split'],
  ] as const) {
    await assert.rejects(
      importDataset(request(at, more)),
      (error: Error & { field?: string }) => codeOf('CALL_INVALID')(error) && error.field === field,
    )
  }
  assert.deepEqual((await understood(alone, { split: '75/25' })).parts, { train: 6, validation: 2, test: 2 })
})
