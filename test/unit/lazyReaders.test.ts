import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

/**
 * Which files of the engine a process loads. Each costs milliseconds at every start of a command or a decoder, so that what
 * few imports need waits for the first of these.
 */
const data = new URL('../../src/main/engine/data/', import.meta.url).href

/** Runs a piece of a module. @returns the files below `data/` that were loaded */
function loadedBy(code: string): string[] {
  const hooks = `import { registerHooks } from 'node:module'
const seen = []
registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) })
process.on('exit', () => console.log(JSON.stringify(seen)))`
  const program = `${hooks}\nconst at = (name) => import(${JSON.stringify(data)} + name)\n${code}\nprocess.exit(0)`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const urls = JSON.parse(stdout.trim().split('\n').at(-1)!) as string[]
  return urls.filter((url) => url.startsWith(data)).map((url) => url.slice(data.length))
}

const rare =
  /^(tiff|patches|formats\/(?!folders|format)|hdf5|parquet|containers\/(?!shards|inside))\/?|^(bmp|pnm|jpeg2000|foreign|synthetic|arrays|npz)/

test('what decodes ordinary PNGs loads no reader of other formats, and those of others load when they are met', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazy-readers-'))
  try {
    const png = join(folder, 'a.png'),
      tiff = join(folder, 'b.tif'),
      pnm = join(folder, 'c.pgm'),
      text = join(folder, 'd.txt')
    const picture = sharp({ create: { width: 4, height: 4, channels: 3, background: '#306090' } })
    await picture.clone().png().toFile(png)
    await picture.clone().tiff({ compression: 'lzw' }).toFile(tiff)
    writeFileSync(pnm, 'P2 2 1 255 7 9')
    writeFileSync(text, 'nothing that is an image')
    const decoding = (...paths: string[]) =>
      loadedBy(`const { decodeFile } = await at('decode-file.ts')
for (const path of ${JSON.stringify(paths)}) await decodeFile(path)`)
    const usual = decoding(png)
    assert.deepEqual(
      usual.filter((file) => rare.test(file)),
      [],
    )
    assert.ok(usual.includes('png.ts') && usual.length <= 10, usual.join(' '))
    for (const [path, reader] of [
      [tiff, 'tiff/read.ts'],
      [pnm, 'pnm.ts'],
      [text, 'foreign.ts'],
    ] as const) {
      assert.ok(decoding(png, path).includes(reader), `${path} without ${reader}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('an import, and a decoder, begin without what few imports need', () => {
  for (const file of ['import.ts', 'decoder.ts']) {
    const loaded = loadedBy(`await at('${file}')`)
    assert.ok(loaded.includes(file))
    assert.deepEqual(
      loaded.filter((each) => rare.test(each)),
      [],
      file,
    )
  }
})

test('what is required at once is never imported besides, which Node refuses while that import is under way', () => {
  const engine = fileURLToPath(new URL('../', data))
  const named = (file: string, way: RegExp) =>
    [...readFileSync(file, 'utf8').matchAll(way)].map(([, path]) => resolve(dirname(file), path!))
  const required = named(join(engine, 'data/header.ts'), /\brequire\('(\..+?)'\)/g)
  assert.ok(required.length >= 4)
  for (const name of globSync('**/*.ts', { cwd: engine })) {
    const imported = named(join(engine, name), /(?<!typeof )\bimport\('(\..+?)'\)/g)
    assert.deepEqual(
      imported.filter((path) => required.includes(path)),
      [],
      name,
    )
  }
})
