import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { drawBalanced } from '../../src/main/engine/data/balanced-groups.ts'
import { drawUnits } from '../../src/main/engine/data/groups.ts'
import { random } from '../../src/main/engine/data/random.ts'
import { invalidInput } from '../../src/main/engine/invalid.ts'
import { inWindow, optionTitles } from '../../src/renderer/optionTitles.ts'
import { calls } from '../../src/shared/calls.ts'
import { WorkbenchError } from '../../src/shared/errors.ts'
import { npy } from '../fixtures/npz.ts'
import { pictures } from '../fixtures/sources.ts'

const work = mkdtempSync(join(tmpdir(), 'import-words-'))
after(() => rmSync(work, { recursive: true, force: true }))

test('a window says the fields of its form where notes and errors name options of the command line', () => {
  const said: [string, string][] = [
    ['give it as --group to keep what belongs together', 'give it as “Groups” to keep what belongs together'],
    [
      'so the images are dark; --range dataset, or --range A..B, scales them.',
      'so the images are dark; “Range of values: dataset”, or “Range of values: A..B”, scales them.',
    ],
    ['(--range A..B or p1..p99 takes another)', '(“Range of values: A..B” or p1..p99 takes another)'],
    ['--channels gray stores them in a third of the space', '“Channels: Gray” stores them in a third of the space'],
    ['counted from 0, as in --channels 0,1,2', 'counted from 0, as in “Taken from the source: 0,1,2”'],
    ['choose others with --channels', 'choose others with “Taken from the source”'],
    ['--pages all takes each as an image.', '“Pages and frames: All, each as an image” takes each as an image.'],
    ['give it as --labels to use them.', 'give it as “Table of labels” to use them.'],
    ['give --labels names if these are labels.', 'give “Labels: From the files” if these are labels.'],
    [
      'give --shape, as in --shape 32x32x3 --planes (or without it).',
      'give “Shape of a row”, as in “Shape of a row: 32x32x3” with “Each channel by itself” (or without it).',
    ],
    ['choose one with --set, as in --set letters, or import', 'choose one with “Set”, as in “Set: letters”, or import'],
    ['leave --split-seed out', 'leave “Seed of the split” out'],
    ['choose another folder with --home.', 'choose another folder with --home.'],
  ]
  for (const [option, field] of said) {
    assert.equal(inWindow(option), field)
    assert.equal(inWindow(field), field, 'what is in words of the window already stays')
  }
  for (const path of ['/data/cats--test', 'C:\\cats---seed', '/data/--split/a.png', 'cats--test'])
    assert.equal(inWindow(`“${path}” is gone.`), `“${path}” is gone.`, 'a path is as it is')
  // Whatever the import may say: every option that it names is a field of the form.
  const folder = new URL('../../src/main/engine/data/', import.meta.url),
    named = new Set<string>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue
    const code = readFileSync(new URL(name, folder), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|execArgv.*$/gm, '')
    for (const [, option] of code.matchAll(/(?<![\w)-])--([a-z]+(?:-[a-z]+)*)\b(?! ===)/g)) named.add(option!)
  }
  assert.ok(named.size > 8)
  assert.deepEqual(
    [...named].filter((option) => !(option in optionTitles)),
    [],
  )
})

test('what has another form is answered with the right one, in a sentence', () => {
  const answer = (input: object) => {
    const whole = { path: work, ...input },
      { error } = calls['datasets.import'].input.safeParse(whole)
    assert.ok(error)
    return invalidInput('datasets.import', whole, error).message
  }
  for (const split of ['0.7,0.3', '70%', 'half', '7'.repeat(40)]) assert.match(answer({ split }), /^Shares .*70\/15\/15.*80\/20\.$/)
  assert.match(answer({ range: '5..1' }), /^That is not a range of values; write dataset, .*\.$/)
  assert.match(answer({ pick: [0, 1] }), /^Take one channel .*\.$/)
})

test('images of classes that training lacks are told once', async () => {
  const bottle = join(work, 'bottle')
  await pictures(bottle, { 'train/good': 4, 'test/good': 2, 'test/broken': 3, 'ground_truth/broken': 3 })
  const { notes } = await inspectImport({ path: bottle, fit: 'crop' })
  assert.deepEqual(
    notes.map(({ code }) => code).filter((code) => code === 'untrainedClasses' || code === 'withoutLabels'),
    ['untrainedClasses'],
  )
})

test('where a range makes images equal, it is named as the reason that there are too few', async () => {
  const path = join(work, 'faint.npy')
  writeFileSync(
    path,
    npy(
      '<u2',
      [6, 2, 2],
      Uint16Array.from({ length: 6 * 4 }, (_, at) => Math.floor(at / 4)),
    ),
  )
  const refused = async (request: object) => {
    const thrown = await importDataset({ id: 'a', name: 'a', folder: join(work, 'a'), path, fit: 'crop', ...request }).catch(
      (error: unknown) => error,
    )
    assert.ok(thrown instanceof WorkbenchError)
    return thrown
  }
  const given = await refused({ range: '0..60000' })
  assert.deepEqual([given.code, given.field], ['DATASET_TOO_SMALL', 'range'])
  assert.match(
    given.message,
    /^Of 6 images 5 are copies of others, as they are stored \(values from 0 to 60000 as 0 to 255\), .*--range/,
  )
})

test(
  'a pipe with the name of a file that belongs to others is not waited for',
  { skip: process.platform === 'win32' },
  async () => {
    const idx = join(work, 'pipes')
    mkdirSync(idx)
    const images = join(idx, 'train-images-idx3-ubyte')
    writeFileSync(
      images,
      Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2]), Buffer.from([...Array(16).keys()])]),
    )
    const cifar = join(work, 'cifar-pipes')
    mkdirSync(cifar)
    writeFileSync(
      join(cifar, 'data_batch_1.bin'),
      Buffer.from(Array.from({ length: 4 * 3073 }, (_, at) => (at % 3073 === 0 ? 1 : at % 251))),
    )
    const pipes = [
      join(idx, 'train-labels-idx1-ubyte'),
      join(idx, 't10k-images-idx3-ubyte.gz'),
      join(cifar, 'batches.meta.txt'),
      join(work, 'lonely-labels.npy'),
    ]
    for (const pipe of pipes) execFileSync('mkfifo', [pipe])
    const array = join(work, 'lonely.npy')
    writeFileSync(
      array,
      npy(
        '|u1',
        [4, 2, 2],
        Uint8Array.from({ length: 4 * 4 }, (_, at) => at * 9),
      ),
    )
    assert.equal((await inspectImport({ path: images, fit: 'crop' })).count, 4)
    assert.equal((await inspectImport({ path: cifar, fit: 'crop' })).count, 4)
    const beside = await inspectImport({ path: array, fit: 'crop' }).catch((error: unknown) => error)
    assert.ok(beside instanceof WorkbenchError ? beside.code.startsWith('FILE_') : (beside as { count: number }).count === 4)
  },
)

/** Groups of unequal sizes, each mostly of one class, and one class that only three of them have. */
function grouped(seed: number) {
  const numbers = random('groups of a test', seed),
    units: number[] = [],
    labels: number[] = []
  for (let group = 0; group < 60; group++) {
    const size = 1 + numbers.below(30),
      main = group < 3 ? 3 : group % 3
    for (let i = 0; i < size; i++) {
      units.push(group)
      labels.push(numbers.below(10) < 8 ? main : group % 3)
    }
  }
  return { units: Int32Array.from(units), labels: Int32Array.from(labels), rows: Uint32Array.from(units.keys()) }
}

test('groups are drawn so that classes come near to their shares, the same for the same seed, and none is divided', () => {
  const deviations = { before: 0, now: 0 }
  for (let seed = 1; seed <= 20; seed++) {
    const { units, labels, rows } = grouped(seed)
    for (const share of [0.15, 0.3]) {
      const { drawn, rest } = drawBalanced(rows, units, labels, share, random('test', seed))
      assert.deepEqual(drawBalanced(rows, units, labels, share, random('test', seed)).drawn, drawn)
      assert.deepEqual(
        [...drawn, ...rest].sort((a, b) => a - b),
        [...rows],
      )
      const [inside, outside] = [drawn, rest].map((side) => new Set(Array.from(side, (row) => units[row]!)))
      assert.ok([...inside!].every((group) => !outside!.has(group)))
      for (let label = 0; label < 4; label++) {
        const of = (side: Uint32Array) => side.filter((row) => labels[row] === label).length
        assert.ok(of(drawn) > 0 && of(rest) > 0, `seed ${seed}: class ${label} is on one side only`)
        // Of the frequent classes there are groups enough.
        if (label === 3) continue
        assert.ok(Math.abs(of(drawn) / of(rows) - share) < 0.06, `seed ${seed}: class ${label} has ${of(drawn)} of ${of(rows)}`)
        const before = drawUnits(rows, units, labels, share, random('test', seed)).drawn
        deviations.now += Math.abs(of(drawn) / of(rows) - share)
        deviations.before += Math.abs(of(before) / of(rows) - share)
      }
    }
  }
  assert.ok(deviations.now < deviations.before / 2, `${deviations.now} against ${deviations.before}`)
})
