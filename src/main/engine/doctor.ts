import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { toErrorInfo } from '../../shared/errors.ts'
import { prepareHome, type Home } from './home.ts'
import { checkDatabase, sqliteVersion, tryLock } from './store/database.ts'

/** One thing that was looked at; `detail`: what was found, or what is wrong and what to do. */
export interface Check { name: string; ok: boolean; detail: string }

const require = createRequire(import.meta.url)
const gigabyte = 1e9
const least = 1 * gigabyte

/**
 * Everything that the workbench needs of this machine, one check each. Native modules that may abort are loaded in processes of
 * their own.
 */
export async function runDoctor(home: Home): Promise<Check[]> {
  const [tensorflow, onnxruntime, sharp] = await Promise.all([
    loads('TensorFlow (tfjs-node)', tensorflowCode),
    loads('ONNX Runtime', "console.log(require('onnxruntime-node/package.json').version); require('onnxruntime-node')"),
    loads('sharp', "console.log(require('sharp').versions.sharp)"),
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
    attempt('Lock', () => lockState(home)),
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

const tensorflowCode = `
  const { tf } = await import(${JSON.stringify(new URL('./trace/tensorflow.ts', import.meta.url).href)})
  tf.add(1, 2).dataSync()
  console.log('TensorFlow ' + tf.backend().binding.TF_Version + ', tfjs ' + tf.version_core)`

/** Runs JavaScript that loads a native module in a process of its own; what it prints is the detail. */
function loads(name: string, code: string): Promise<Check> {
  const source = `import { createRequire } from 'node:module'\nconst require = createRequire(${JSON.stringify(import.meta.url)})\n${code}`
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000, windowsHide: true })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text })
    child.on('error', (error) => resolve({ name, ok: false, detail: error.message }))
    child.on('close', (exit, signal) => {
      if (exit === 0) return resolve({ name, ok: true, detail: output.trim() })
      const reason = errors.split('\n').find((line) => /error/i.test(line))?.trim() ?? signal ?? `exit code ${exit}`
      resolve({ name, ok: false, detail: `It does not load (${reason}); npm run setup installs it` })
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

function lockState(home: Home): string {
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
  const chosen = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  let folder: string | undefined
  try {
    folder = chosen ?? join(dirname(require.resolve('electron/package.json')), 'dist')
  } catch {
    // Not even its package is there.
  }
  return { name: 'Electron', ok: true, detail: folder !== undefined && existsSync(folder) ? folder : 'not installed; the browser mode is used' }
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

