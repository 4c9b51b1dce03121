import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { CallOutput } from '../../shared/calls.ts'
import { toErrorInfo } from '../../shared/errors.ts'
import { prepareHome, type Home } from './home.ts'
import { checkDatabase, sqliteVersion, tryLock } from './store/database.ts'

export type Check = CallOutput<'engine.doctor'>['checks'][number]

const require = createRequire(import.meta.url)
const gigabyte = 1e9
const least = 1 * gigabyte

/**
 * Everything that the workbench needs of this machine, one check each. Native modules that may abort are loaded in processes of
 * their own. `holdsLock`: asked by the engine that has the home folder.
 */
export async function runDoctor(home: Home, { holdsLock }: { holdsLock: boolean }): Promise<Check[]> {
  const [tensorflow, onnxruntime, sharp] = await Promise.all([
    loads('TensorFlow (tfjs-node)', "import('./trace/tensorflow.ts').then(({ tf }) => console.log('tfjs ' + tf.version_core + ', TensorFlow ' + (tf.backend().binding?.TF_Version ?? '')))", 'npm run setup installs it'),
    loads('ONNX Runtime', "console.log(require('onnxruntime-node').env?.versions?.node ?? 'loads')", 'npm run setup installs it'),
    loads('sharp', "console.log(require('sharp').versions.sharp)", 'npm run setup installs it'),
  ])
  return [
    { name: 'Node', ok: Number(process.versions.node.split('.')[0]) >= 24, detail: `${process.version} (${process.execPath})` },
    attempt('SQLite (better-sqlite3)', () => `SQLite ${sqliteVersion()}`),
    tensorflow, onnxruntime, sharp,
    attempt('Home folder', () => {
      prepareHome(home)
      return home.folder
    }),
    attempt('Disk space', () => freeSpace(home)),
    attempt('Lock', () => lockState(home, holdsLock)),
    attempt('Database', () => databaseState(home)),
    desktop(),
    browser(),
  ]
}

function attempt(name: string, check: () => string): Check {
  try {
    return { name, ok: true, detail: check() }
  } catch (thrown) {
    return { name, ok: false, detail: thrown instanceof Error && !('code' in thrown) ? thrown.message : toErrorInfo(thrown).message }
  }
}

/** Runs a few words of JavaScript in a process of its own; its last line is the detail. */
function loads(name: string, code: string, remedy: string): Promise<Check> {
  const source = `const require = (await import('node:module')).createRequire(${JSON.stringify(import.meta.url)});\nawait (${code.startsWith('import(') ? code.replace("import('./", `import('${new URL('.', import.meta.url).href}`) : code})`
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000, windowsHide: true })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text })
    child.on('error', (error) => resolve({ name, ok: false, detail: error.message }))
    child.on('close', (code_, signal) => {
      const words = output.trim().split('\n').at(-1) ?? ''
      const reason = errors.split('\n').find((line) => /error/i.test(line))?.trim() ?? signal ?? `exit code ${code_}`
      resolve(code_ === 0 ? { name, ok: true, detail: words } : { name, ok: false, detail: `does not load (${reason}); ${remedy}` })
    })
  })
}

function freeSpace(home: Home): string {
  const { bavail, bsize } = statfsSync(existsSync(home.folder) ? home.folder : dirname(home.folder))
  const free = bavail * bsize
  const text = `${(free / gigabyte).toFixed(1)} GB free`
  if (free < least) throw new Error(`${text} in ${home.folder}; free some space`)
  return text
}

function lockState(home: Home, holdsLock: boolean): string {
  if (holdsLock) return 'held by the engine that answers'
  const lock = tryLock(home.lock)
  if (lock === null) return 'held by a running engine'
  lock.release()
  return 'free'
}

function databaseState(home: Home): string {
  if (!existsSync(home.database)) return 'none yet'
  const wrong = checkDatabase(home.database)
  if (wrong !== null) throw new Error(`${home.database} is damaged (${wrong}); put the newest backup in its place, or move it away`)
  return 'sound'
}

/** Absence of one of the two hosts is no fault: the other one is used. */
function desktop(): Check {
  try {
    const folder = dirname(require.resolve('electron/package.json'))
    const named = join(folder, 'path.txt')
    const overridden = process.env['ELECTRON_OVERRIDE_DIST_PATH']
    const present = overridden !== undefined ? existsSync(overridden) : existsSync(named)
    return { name: 'Electron', ok: true, detail: present ? `installed (${overridden ?? folder})` : 'not installed; the browser mode is used' }
  } catch {
    return { name: 'Electron', ok: true, detail: 'not installed; the browser mode is used' }
  }
}

function browser(): Check {
  const names = process.platform === 'win32' || process.platform === 'darwin' ? [] : ['xdg-open', 'chromium', 'google-chrome', 'firefox']
  const found = names.flatMap((name) => (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, name))).find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  const detail = names.length === 0 ? "the system's own" : found ?? 'none found here; open the printed address in one'
  return { name: 'Browser', ok: true, detail }
}

