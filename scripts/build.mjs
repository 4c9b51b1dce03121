// Builds the shell, the preload and the page into out/, when their sources changed since the last build. `npm run build` builds
// in any case.
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureSetUp } from './setup.mjs'
import { run } from './setup/files.mjs'
import { alone } from './setup/lock.mjs'
import { keyOf, node24Path, packageFolder, root } from './setup/places.mjs'
import { fail, SetupError, waiting } from './setup/report.mjs'

/** What the build reads. The engine is not built, but the shell names its files. */
const sources = [
  'src/main/index.ts',
  'src/main/app',
  'src/preload',
  'src/renderer',
  'src/shared',
  'electron.vite.config.ts',
  'package-lock.json',
]
const results = ['out/main/index.cjs', 'out/preload/index.cjs', 'out/renderer/index.html']
const out = join(root, 'out')
const stampFile = join(out, '.built')

/** A key of the sources by name, size and time: reading them all would take longer than some builds. */
async function sourcesKey() {
  const facts = []
  for (const source of sources) {
    const place = join(root, source)
    const about = await stat(place).catch(() => null)
    if (!about) continue
    const names = about.isDirectory()
      ? (await readdir(place, { recursive: true })).sort().map((name) => join(place, name))
      : [place]
    for (const name of names) {
      const { size, mtimeMs } = await stat(name)
      facts.push(`${name} ${size} ${mtimeMs}`)
    }
  }
  return keyOf(...facts)
}

async function isBuilt(key) {
  return results.every((each) => existsSync(join(root, each))) && (await readFile(stampFile, 'utf8').catch(() => '')) === key
}

/** Puts what was built in the place of the last build, part by part: a window that opens meanwhile finds the one or the other. */
async function putInPlace(fresh) {
  for (const part of await readdir(fresh)) {
    const place = join(out, part),
      old = join(out, `.old-${part}`)
    await rm(old, { recursive: true, force: true })
    await rename(place, old).catch((error) => {
      if (error.code !== 'ENOENT') throw error
    })
    await rename(join(fresh, part), place)
    await rm(old, { recursive: true, force: true })
  }
  await rm(fresh, { recursive: true, force: true })
}

/**
 * Builds when the sources changed, or in any case when `always`.
 * @returns {Promise<boolean>} whether it built
 * @throws {SetupError} with what the build says
 */
export async function ensureBuilt({ always = false } = {}) {
  await ensureSetUp()
  const key = await sourcesKey()
  if (!always && (await isBuilt(key))) return false
  return alone(async () => {
    if (!always && (await isBuilt(key))) return false
    const shown = waiting('Building the workbench')
    const fresh = join(out, '.new')
    await rm(fresh, { recursive: true, force: true })
    const script = join(packageFolder('electron-vite'), 'bin', 'electron-vite.js')
    const { code, output } = await run(node24Path(), [script, 'build', '--logLevel', 'warn'], {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', WORKBENCH_BUILD_FOLDER: fresh },
    })
    shown.done()
    if (code !== 0) throw new SetupError(`The workbench could not be built:\n${output.trim()}`)
    await rm(stampFile, { force: true })
    await putInPlace(fresh)
    await writeFile(stampFile, key)
    return true
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureBuilt({ always: true }).catch(fail)
