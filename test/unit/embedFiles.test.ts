import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
// The reader that the writer depends on.
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import type { Source } from '../../src/main/engine/embed/files/file.ts'
import { csvText } from '../../src/main/engine/files/csv.ts'
import { requireMarkable } from '../../src/main/engine/files/csv.ts'
import { writeEmbedding } from '../../src/main/engine/embed/files/write.ts'
import { CodesFile } from '../../src/main/engine/embed/codesFile.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

/**
 * What files of codes hold, read by other programs than those that wrote them: more rows than are written at once, and names
 * that need quoting.
 */

const count = 17_000,
  codeSize = 3
const names = ['0/plain.png', '1/with, comma.png', '0/"quoted".png', '1/größe 数.png', 'nobody’s.png']
const pathOf = (row: number): string => `${row}-${names[row % names.length]}`
const labelOf = (row: number): string | null => (row % 5 === 4 ? null : ['cats, and dogs', 'birds'][row % 2]!)
/** Among them values that only nine digits tell from their neighbours, and very small and large ones. */
const codes = Float32Array.from({ length: count * codeSize }, (_, index) =>
  index % 3 === 2 ? (-1) ** index * 10 ** ((index % 60) - 30) : Math.sin(index),
)

function source(folder: string): Source {
  const file = new CodesFile(join(folder, 'codes.npy'))
  for (let start = 0; start < count; start += 999) {
    const rows = Math.min(999, count - start)
    file.append(codes.slice(start * codeSize, (start + rows) * codeSize), rows)
  }
  file.finish()
  file.close()
  const labels = Int32Array.from({ length: count }, (_, row) => (labelOf(row) === null ? -1 : row % 2))
  return {
    count,
    codeSize,
    codes: join(folder, 'codes.npy'),
    pathAt: pathOf,
    labels,
    classes: ['cats, and dogs', 'birds'],
    about: { encoder: 'run r (größe)', output: 'code' },
  }
}

test('a Parquet file, by its reader', async (t) => {
  const folder = temporaryFolder(t),
    path = join(folder, 'codes.parquet')
  await writeEmbedding(path, false, source(folder), async () => {})
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const metadata = parquetMetadata(file)
  assert.deepEqual(
    [Number(metadata.num_rows), metadata.row_groups.length, metadata.key_value_metadata],
    [
      count,
      2,
      [
        { key: 'encoder', value: 'run r (größe)' },
        { key: 'output', value: 'code' },
      ],
    ],
  )
  const rows = await parquetReadObjects({ file })
  assert.deepEqual(Object.keys(rows[0]!), ['path', 'label', 'code_0', 'code_1', 'code_2'])
  for (let row = 0; row < count; row++) {
    const { path: name, label, code_0, code_1, code_2 } = rows[row]!
    assert.deepEqual(
      [name, label ?? null, code_0, code_1, code_2],
      [pathOf(row), labelOf(row), ...codes.subarray(row * codeSize, (row + 1) * codeSize)],
    )
  }
})

const python = process.env['WORKBENCH_PYTHON'] ?? 'python3'
const missing =
  spawnSync(python, ['-c', 'import numpy']).status === 0
    ? false
    : `${python} has no numpy; set WORKBENCH_PYTHON to an interpreter that has it`

test("CSV by Python's reader, and npz by NumPy: every value to its last bit", { skip: missing }, async (t) => {
  const folder = temporaryFolder(t)
  const written = source(folder)
  for (const format of ['csv', 'npz']) await writeEmbedding(join(folder, `codes.${format}`), false, written, async () => {})
  const program = `
import csv, json, numpy, sys
folder = sys.argv[1]
wanted = numpy.load(folder + '/codes.npy')
head, *rows = csv.reader(open(folder + '/codes.csv', encoding='utf-8', newline=''))
assert head == ['path', 'label', 'code_0', 'code_1', 'code_2'], head
table = numpy.array([row[2:] for row in rows], dtype=numpy.float32)
assert table.shape == wanted.shape == (${count}, ${codeSize}) and (table == wanted).all()
npz = numpy.load(folder + '/codes.npz')
assert npz['codes'].dtype == numpy.float32 and (npz['codes'] == wanted).all()
assert npz['paths'].tolist() == [row[0] for row in rows]
assert [npz['classes'][label] if label >= 0 else '' for label in npz['labels']] == [row[1] for row in rows]
assert (str(npz['encoder']), str(npz['output'])) == ('run r (größe)', 'code')
print(json.dumps([[row[0], row[1]] for row in rows]))
`
  const found = JSON.parse(
    execFileSync(python, ['-c', program, folder], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
    }),
  ) as [string, string][]
  assert.deepEqual(
    found,
    Array.from({ length: count }, (_, row) => [pathOf(row), labelOf(row) ?? '']),
  )
  const npy = readFileSync(join(folder, 'codes.npy'))
  assert.ok(npy.subarray(npy.length - codes.byteLength).equals(Buffer.from(codes.buffer)))
})

/** Names that spreadsheets, programs or the format itself could misread. */
const awkward = [
  "=cmd|' /C calc'!A0.png",
  '+1.png',
  '-1',
  '-0.5',
  '-1e5',
  '−5',
  '–',
  '',
  '-a.png',
  '@sum.png',
  '\ttab.png',
  '\rcr.png',
  '\nline.png',
  'in\r\nside.png',
  'a,b;c.png',
  '"quoted".png',
  '"',
  '""',
  "'",
  "''",
  "'apostrophe.png",
  "'=both.png",
  "'-0.5",
  '＝full.png',
  '＠x',
  '\u202e=turned.png',
  ' =space',
  ' leading and trailing ',
  '\u00a0-x',
  '\ufeffbom.png',
  'größe 数 😀.png',
  'e\u0301 and é',
  '\ufffd.png',
  'C:\\back\\slash.png',
  '007',
  '1e5',
  'TRUE',
  'a=b',
  'a\u0000b',
  '%2e',
  '# 1',
]

test(
  'CSV gives back every path and label as it is, by the documented rule, and nothing in it is run',
  { skip: missing },
  async (t) => {
    const folder = temporaryFolder(t)
    let state = 7
    const draw = (below: number): number => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % below
    const letters = ['=', '+', '-', '@', "'", '"', ',', '\t', '\r', '\n', ' ', '＋', '−', '–', '1', '.', 'e', 'ß', '😀', '\u200f']
    const all = [
      ...awkward,
      ...Array.from({ length: 3000 }, () => Array.from({ length: draw(6) }, () => letters[draw(letters.length)]!).join('')),
    ]
    const written = {
      ...source(folder),
      pathAt: (row: number) => all[row % all.length]!,
      labels: Int32Array.from({ length: count }, (_, row) => row % all.length),
      classes: all,
    }
    await writeEmbedding(join(folder, 'awkward.csv'), false, written, async () => {})
    const program = `
import csv, json, sys
rows = list(csv.reader(open(sys.argv[1], encoding='utf-8', newline='')))[1:]
assert all(len(row) == 5 for row in rows)
whole = lambda cell: cell[1:] if cell.startswith("'") else cell
print(json.dumps([[row[0], whole(row[0]), whole(row[1])] for row in rows[:${all.length}]]))
`
    const found = JSON.parse(
      execFileSync(python, ['-c', program, join(folder, 'awkward.csv')], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
      }),
    ) as [string, string, string][]
    found.forEach(([raw, path, label], row) => {
      assert.deepEqual([path, label], [all[row], all[row]])
      // Only what would be run, and what the rule itself could be taken for, is changed.
      if (raw !== path) assert.match(path, /^'|^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u)
      if (/^[=+\-@＝＋－＠\t\r]/.test(raw)) assert.match(raw, /^-\d+(\.\d+)?(e[-+]?\d+)?$/)
    })
    assert.deepEqual(['-0.5', '-12', '1e-7', '=1', "'x", 'plain'].map(csvText), ['-0.5', '-12', '1e-7', "'=1", "''x", 'plain'])
  },
)

test('no other file of the engine writes CSV by a rule of its own', () => {
  const engine = join(import.meta.dirname, '../../src/main/engine')
  const own = readdirSync(engine, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      name.endsWith('.ts') && name !== join('files', 'csv.ts') && /'""'|\[=\+\\-@/.test(readFileSync(join(engine, name), 'utf8')),
  )
  assert.deepEqual(own, [])
})

test('CSV may begin with a byte order mark, and what is no text may not', async (t) => {
  const folder = temporaryFolder(t)
  const written = source(folder)
  await writeEmbedding(join(folder, 'plain.csv'), false, written, async () => {})
  await writeEmbedding(join(folder, 'marked.csv'), false, { ...written, bom: true }, async () => {})
  const [plain, marked] = ['plain', 'marked'].map((name) => readFileSync(join(folder, `${name}.csv`)))
  assert.deepEqual(marked, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain!]))
  requireMarkable('csv', true)
  requireMarkable('npz', false)
  assert.throws(() => requireMarkable('npz', true), { code: 'CALL_INVALID', field: 'bom' })
})
