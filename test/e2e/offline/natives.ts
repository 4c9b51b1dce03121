import assert from 'node:assert/strict'
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { root, workplace } from './workplace.ts'

/**
 * Each native library of the product by itself under the trap: loaded as the product loads it, used, and left alone for longer
 * than the one that is known to phone home waits (ONNX Runtime looks for its collector after 9 seconds). What is native is
 * found, not listed: a package with machine code of which no trial maps anything fails.
 */
const patience = 14_000

/** JavaScript of each trial, by what it is of. */
const trials: Record<string, string> = {
  node:
    `await fetch('data:,here').then((answer) => answer.text()); ` +
    `require('node:zlib').gzipSync('text'); require('node:crypto').randomUUID()`,
  'better-sqlite3':
    `const it = new (require('better-sqlite3'))('trial.sqlite'); it.exec('create ` +
    `table a(b)'); it.prepare('insert into a values (?)').run(1); it.close()`,
  '@tensorflow/tfjs-node':
    "const { tf } = await import('ROOT/src/main/engine/trace/tensorflow.ts'); tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dataSync()",
  'onnxruntime-node': "await import('ROOT/src/main/engine/doctor/quietTrial.ts')",
  sharp:
    `const sharp = require('sharp'); const png = await sharp({ create: { width: ` +
    `9, height: 9, channels: 3, background: 'red' } }).png().toBuffer()\n` +
    'await sharp(png).resize(5).webp().toBuffer()',
  msgpackr:
    "const it = new (require('msgpackr').Packr)(); it.unpack(it.pack(Array.from({ length: 999 }, (_, i) => 'text number ' + i)))",
}

const magic = Buffer.alloc(4)
/** Whether a file is machine code for Linux. */
function isNative(file: string): boolean {
  if (!lstatSync(file).isFile()) return false
  const opened = openSync(file, 'r')
  try {
    return readSync(opened, magic, 0, 4, 0) === 4 && magic.toString('latin1') === '\x7fELF'
  } finally {
    closeSync(opened)
  }
}

/** The installed packages of the product (no tools for its development) that hold machine code, as folders from the root. */
function nativePackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  const filesOf = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((each) => {
      if (each.name === 'node_modules') return []
      return each.isDirectory() ? filesOf(join(folder, each.name)) : [join(folder, each.name)]
    })
  return Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path]) => path)
    .filter(
      (path) => lstatSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() && filesOf(join(root, path)).some(isNative),
    )
}

test('every native library, used and then left alone, keeps to this machine', { timeout: 120_000 }, async (t) => {
  const place = workplace(t)
  const before = `import { createRequire } from 'node:module'\nconst require = createRequire('${root}/package.json')`
  const mapped =
    "console.log(JSON.stringify(require('node:fs').readFileSync('/proc/self/maps', 'utf8').match(/\\/.*node_modules.*$/gm)))"
  const files = await Promise.all(
    Object.entries(trials).map(async ([name, code]) => {
      const source = `${before}\n${code.replaceAll('ROOT', root)}\n${mapped}\nsetTimeout(() => {}, ${patience})`
      const { code: exit, out, errors } = await place.start(name, [process.execPath, '--input-type=module', '-e', source]).ended
      assert.equal(exit, 0, `${name}: ${errors}`)
      const paths = JSON.parse(out.trimEnd().split('\n').at(-1)!) as string[]
      return paths.map((path) => relative(root, path))
    }),
  )
  const packages = nativePackages()
  assert.ok(packages.length >= 6, packages.join(', '))
  const untried = packages.filter((path) => !files.flat().some((file) => file.startsWith(`${path}/`)))
  assert.deepEqual(untried, [], 'native packages of which no trial loads anything: add one')
  place.judge()
})
