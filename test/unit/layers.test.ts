import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'

/**
 * The layer rules of the design, read from the import statements of the sources. Each rule has a counterpart below that shows it a
 * small wrong tree, so that a rule which no longer sees anything is noticed.
 */

const root = resolve(import.meta.dirname, '../..')

interface Import {
  /** What stands in the statement. */
  name: string
  /** The imported file's path from the root, with forward slashes; null for a package. */
  file: string | null
  /** Whether it vanishes when types are stripped. */
  typeOnly: boolean
}
type Sources = ReadonlyMap<string, string>
type Imports = ReadonlyMap<string, readonly Import[]>

const slashes = (path: string): string => path.replaceAll('\\', '/')

function readSources(folder: string): Sources {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|svelte|js|mjs|cjs|css|html)$/.test(name),
  )
  return new Map(names.map((name) => [slashes(join(folder, name)), readFileSync(join(root, folder, name), 'utf8')]))
}

/** The code without comments, and every string's text moved into `strings`: what a string says is no import. */
function tokens(text: string): { code: string; strings: string[] } {
  const strings: string[] = []
  const code = text.replace(
    /"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`|\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(,])\/\/.*$/gm,
    (all, double, single, template) => (all.startsWith('/') ? ' ' : `"${strings.push(double ?? single ?? template) - 1}"`),
  )
  return { code, strings }
}

/** Whether every name between the braces is a type, as in `import { type A, type B } from`. */
const onlyTypes = (names: string): boolean =>
  /^\s*\{[^}]*\}\s*$/.test(names) &&
  names
    .replace(/[{}]/g, '')
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
    .every((each) => each.startsWith('type '))

function importsOf(path: string, text: string): Import[] {
  const { code, strings } = tokens(
    path.endsWith('.svelte')
      ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((script) => script[1]).join('\n')
      : text,
  )
  const found: Import[] = []
  const add = (index: string, typeOnly: boolean): void => {
    const name = strings[Number(index)]!
    const bare = name.replace(/[?#].*$/, '')
    found.push({ name, file: bare.startsWith('.') ? slashes(relative('/', resolve('/', dirname(path), bare))) : null, typeOnly })
  }
  for (const [, kind, type, names, index] of code.matchAll(
    /(?:^|[\s;}])(import|export)\s+(type\s+)?([^'"`;]*?)\s*\bfrom\s*"(\d+)"/g,
  )) {
    add(index!, type !== undefined || (kind === 'import' && onlyTypes(names!)))
  }
  for (const [, index] of code.matchAll(/(?:^|[\s;}])import\s*"(\d+)"/g)) add(index!, false)
  for (const [, index] of code.matchAll(/\b(?:import|require(?:\.resolve)?)\s*\(\s*"(\d+)"\s*\)/g)) add(index!, false)
  return found
}

const readImports = (sources: Sources): Imports =>
  new Map(
    [...sources].filter(([path]) => /\.(ts|svelte|js|mjs|cjs)$/.test(path)).map(([path, text]) => [path, importsOf(path, text)]),
  )

/** Reading a package's own description loads nothing of it. */
const isPackage = (name: string, wanted: string): boolean =>
  name === wanted || (!name.endsWith('/package.json') && name.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`))

/** Packages behind one door: only imports that remain when types are stripped count. */
const doors: { package: string; door: RegExp; what: string }[] = [
  { package: 'electron', door: /^src\/(main\/index\.ts|main\/app\/|preload\/)/, what: 'the shell and the preload' },
  { package: '@tensorflow/', door: /^src\/main\/engine\/trace\/tensorflow\.ts$/, what: 'trace/tensorflow.ts' },
  { package: 'better-sqlite3', door: /^src\/main\/engine\/store\/sqlite\.ts$/, what: 'store/sqlite.ts' },
  { package: 'onnxruntime-node', door: /^src\/main\/engine\/export\/onnxruntime\.ts$/, what: 'export/onnxruntime.ts' },
  { package: 'h5wasm', door: /^src\/main\/engine\/data\/hdf5\/reader\.ts$/, what: 'data/hdf5/reader.ts' },
  { package: 'chart.js', door: /^src\/renderer\/charts\//, what: 'the charts folder' },
  { package: 'hyparquet', door: /^src\/main\/engine\/data\/parquet\/(footer|pages)\.ts$/, what: 'data/parquet/' },
  {
    package: 'hyparquet-compressors',
    door: /^src\/main\/engine\/data\/parquet\/pages\.ts$/,
    what: 'data/parquet/pages.ts',
  },
  { package: '@cornerstonejs/codec-openjpeg', door: /^src\/main\/engine\/data\/jpeg2000\.ts$/, what: 'data/jpeg2000.ts' },
]

function doorProblems(imports: Imports): string[] {
  const problems: string[] = []
  const throughSharp = new Set<string>()
  for (const [path, found] of imports) {
    for (const { name, typeOnly } of found) {
      if (typeOnly) continue
      for (const each of doors)
        if (isPackage(name, each.package) && !each.door.test(path)) problems.push(`${path} imports ${name}: only ${each.what} may`)
      if (isPackage(name, 'sharp')) {
        throughSharp.add(path)
        if (!path.startsWith('src/main/engine/data/')) problems.push(`${path} imports sharp: only one file of data/ may`)
      }
    }
  }
  if (throughSharp.size > 1) problems.push(`sharp has more than one door: ${[...throughSharp].join(', ')}`)
  return problems
}

const area = (path: string): string =>
  /^src\/(shared|preload|renderer|main\/engine)\//.exec(path)?.[1] ?? (path.startsWith('src/main/') ? 'shell' : path)

/** What each part may import of ours, besides itself. */
const mayImport: Record<string, readonly string[]> = {
  shared: [],
  preload: ['shared'],
  renderer: ['shared'],
  shell: ['shared'],
  'main/engine': ['shared'],
}

function layerProblems(imports: Imports): string[] {
  const problems: string[] = []
  for (const [path, found] of imports) {
    const from = area(path)
    for (const { name, file, typeOnly } of found) {
      if (file) {
        const to = area(file)
        if (to !== from && !mayImport[from]?.includes(to))
          problems.push(`${path} imports ${file}: ${from} may import ${['itself', ...(mayImport[from] ?? [])].join(' and ')} only`)
      } else if (from === 'renderer' && !typeOnly && name.startsWith('node:'))
        problems.push(`${path} imports ${name}: a page has no Node`)
      else if (from === 'shared' && !typeOnly && (name.startsWith('node:') || isPackage(name, 'svelte')))
        problems.push(`${path} imports ${name}: the contract runs in every process`)
    }
  }
  return problems
}

/** Folders and single files of the engine, from the ground up: each may import what stands before it, and nothing behind. */
const floors = [
  // What any part may need.
  ...[
    'callInput.ts',
    'children.ts',
    'ending.ts',
    'folderBytes.ts',
    'foreignJson.ts',
    'log.ts',
    'machine.ts',
    'processes.ts',
    'suggestion.ts',
  ],
  ...['invalid.ts', 'version.ts', 'files'],
  // Where everything is kept.
  ...['store', 'home.ts', 'privacy.ts', 'claims.ts', 'space'],
  // From a file to a trained network, and what is asked and made of it.
  ...['trace', 'data', 'network', 'variants', 'checkpoint', 'figures', 'evaluate', 'training'],
  ...['explore', 'export', 'embed', 'jobs', 'downloads'],
  // From stored rows to what a view shows.
  ...['compare', 'presets'],
  // What runs when, and what becomes of it.
  ...['queue', 'experiments', 'remote', 'places', 'recovery', 'tidy.ts', 'trash.ts', 'handlers', 'engine.ts'],
  // Who hosts the engine.
  ...['windows.ts', 'local.ts', 'child.ts', 'doctor', 'doctor.ts', 'browser', 'serve.ts', 'cli', 'cli.ts'],
]

const engine = 'src/main/engine/'
const partOf = (path: string): string => path.slice(engine.length).split('/')[0]!

/** Imports that lead up, and parts without a floor. Types count: they tie parts together as much. */
function floorProblems(imports: Imports): string[] {
  const inside = [...imports].filter(([path]) => path.startsWith(engine))
  const homeless = new Set(inside.map(([path]) => partOf(path)).filter((part) => !floors.includes(part)))
  const upwards = inside.flatMap(([path, found]) =>
    found
      .filter(({ file }) => file?.startsWith(engine) && floors.indexOf(partOf(file)) > floors.indexOf(partOf(path)))
      .map(({ file }) => `${path} imports ${file}: that leads up`),
  )
  return [...Array.from(homeless, (part) => `${part}: say in which order it stands among the floors`), ...upwards]
}

/** Cycles of imports; those of types alone do no harm at run time, but they tie files together as much, so they count. */
function cycles(imports: Imports): string[] {
  const done = new Set<string>()
  const problems: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at >= 0) {
      problems.push([...trail.slice(at), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const { file } of imports.get(path) ?? []) if (file !== null && imports.has(file)) visit(file, [...trail, path])
    done.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
  return problems
}

function nameAndSizeProblems(sources: Sources): string[] {
  const problems: string[] = []
  for (const [path, text] of sources) {
    const lines = text.trimEnd().split('\n').length
    if (lines > 400) problems.push(`${path} has ${lines} lines: split it (at most 400)`)
    const long = text.split('\n').findIndex((line) => line.length > 140) + 1
    if (long > 0) problems.push(`${path} has a line (${long}) of more than 140 characters`)
    if (path.split('/').some((part) => /^(utils?|helpers?)(\.|$)/i.test(part))) problems.push(`${path}: name it for what it does`)
  }
  return problems
}

/** Relative imports that lead to no file: they would make the rules above blind. */
function lostImports(sources: Sources, imports: Imports): string[] {
  return [...imports].flatMap(([path, found]) =>
    found
      .filter(
        ({ file }) =>
          file?.startsWith('src/') &&
          !/\.(png|svg|woff2?|json|wasm)$/.test(file) &&
          !sources.has(file) &&
          !sources.has(file.replace(/\.svelte$/, '.svelte.ts')),
      )
      .map(({ name }) => `${path} imports ${name}, which is not there`),
  )
}

const sources = readSources('src')
const imports = readImports(sources)

test('there are sources to look at, and every relative import leads to one', () => {
  assert.ok(sources.size > 50, `only ${sources.size} files found`)
  assert.deepEqual(lostImports(sources, imports), [])
})
test('packages with a door are imported behind it only', () => assert.deepEqual(doorProblems(imports), []))
test('layers import only what lies below them', () => assert.deepEqual(layerProblems(imports), []))
test('the folders of the engine build on each other in one order', () => assert.deepEqual(floorProblems(imports), []))
test('what CONTRIBUTING.md names is there', () => {
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
  const paths = [...text.matchAll(/`([\w.-]*\/[\w./-]*)`/g)].map(([, path]) => path!)
  assert.ok(paths.length > 40, `only ${paths.length} paths found`)
  assert.deepEqual(
    paths.filter((path) => !path.includes('NAME') && !existsSync(join(root, path))),
    [],
  )
})
test('no import goes in a circle', () => assert.deepEqual(cycles(imports), []))
test('files are short and named for what they do, and so are lines', () => assert.deepEqual(nameAndSizeProblems(sources), []))

/**
 * What pages may not call because the oldest browser that they run in (Chromium 108) lacks it, although the compiler's library
 * has it.
 */
const tooNew = new RegExp(
  String.raw`\.(toSorted|toReversed|toSpliced|isDisjointFrom|intersection|symmetricDifference)\(` +
    String.raw`|\b(Object|Map)\.groupBy\(|\bPromise\.(withResolvers|try)\(|\bArray\.fromAsync\(`,
)
const tooNewIn = (sources: Sources): string[] =>
  [...sources].filter(([file, text]) => /^src\/(renderer|shared|preload)\//.test(file) && tooNew.test(text)).map(([file]) => file)

test('what runs in a page calls nothing that Chromium 108 lacks', () => assert.deepEqual(tooNewIn(sources), []))

/** What one side alone needs stands on that side: shared/ is the contract, and what both sides say alike. */
const ofOneSide = (imports: Imports): string[] =>
  [...imports.keys()].filter((shared) => {
    const users = [...imports].filter(([, found]) => found.some(({ file }) => file === shared)).map(([path]) => area(path))
    return /^src\/shared\/.*(?<!\.d)\.ts$/.test(shared) && !users.includes('shared') && new Set(users).size < 2
  })

test('what stands in shared/ is used by more than one side', () => assert.deepEqual(ofOneSide(imports), []))

/** `toLocaleString` loads languages into every process of the engine; `thousands` of shared/words.ts writes numbers. */
const wordyIn = (sources: Sources): string[] =>
  [...sources].filter(([file, text]) => file.startsWith('src/main/') && text.includes('.toLocaleString(')).map(([file]) => file)

test('the engine writes numbers without tables of languages', () => assert.deepEqual(wordyIn(sources), []))

test('the rules see what they forbid', () => {
  const wrong: Sources = new Map([
    ['src/shared/a.ts', "import { b } from '../main/engine/b.ts'\n"],
    [
      'src/main/engine/b.ts',
      `import Database from "better-sqlite3"\nimport type { Tensor } from '@tensorflow/tfjs-node'\n// ` +
        `import 'electron'\nconst code = "require('electron')"\nexport { c } from './utils/c.ts'\n`,
    ],
    ['src/main/engine/utils/c.ts', "const tf = await import('@tensorflow/tfjs-node')\nimport { b } from '../b.ts'\n"],
    [
      'src/renderer/View.svelte',
      `<script lang="ts">\nimport { type A, b } from "../main/engine/b.ts"\nimport { ` +
        `Chart } from 'chart.js/auto'\n</script>\n<p>import x from 'electron'</p>\n`,
    ],
    [
      'src/preload/index.ts',
      `import { contextBridge } from 'electron'\nimport { lost } from './lost.ts'\n${'\n'.repeat(400)}export {}\n`,
    ],
    ['src/preload/long.ts', `\n// ${'a'.repeat(140)}\n`],
  ])
  const found = readImports(wrong)
  assert.deepEqual(
    tooNewIn(
      new Map([
        ['src/renderer/a.ts', 'list.toSorted()'],
        ['src/renderer/b.ts', 'list.sort()'],
        ['src/main/c.ts', 'list.toSorted()'],
      ]),
    ),
    ['src/renderer/a.ts'],
  )
  assert.deepEqual(ofOneSide(found), ['src/shared/a.ts'])
  assert.deepEqual(wordyIn(new Map([['src/main/a.ts', "n.toLocaleString('en')"]])), ['src/main/a.ts'])
  assert.deepEqual(
    doorProblems(found).map((each) => each.split(':')[0]),
    [
      'src/main/engine/b.ts imports better-sqlite3',
      'src/main/engine/utils/c.ts imports @tensorflow/tfjs-node',
      'src/renderer/View.svelte imports chart.js/auto',
    ],
  )
  assert.deepEqual(
    layerProblems(found).map((each) => each.split(':')[0]),
    ['src/shared/a.ts imports src/main/engine/b.ts', 'src/renderer/View.svelte imports src/main/engine/b.ts'],
  )
  assert.deepEqual(
    floorProblems(
      readImports(
        new Map([
          ['src/main/engine/data/a.ts', "import type { B } from '../training/b.ts'\nimport { c } from '../trace/c.ts'\n"],
          ['src/main/engine/attic/d.ts', "import { e } from './e.ts'\n"],
        ]),
      ),
    ).map((each) => each.split(':')[0]),
    ['attic', 'src/main/engine/data/a.ts imports src/main/engine/training/b.ts'],
  )
  assert.deepEqual(cycles(found), ['src/main/engine/b.ts -> src/main/engine/utils/c.ts -> src/main/engine/b.ts'])
  assert.deepEqual(
    nameAndSizeProblems(wrong).map((each) => each.split(':')[0]),
    [
      'src/main/engine/utils/c.ts',
      'src/preload/index.ts has 403 lines',
      'src/preload/long.ts has a line (2) of more than 140 characters',
    ],
  )
  assert.deepEqual(lostImports(wrong, found), ['src/preload/index.ts imports ./lost.ts, which is not there'])
})
