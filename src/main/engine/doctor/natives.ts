import { spawn } from 'node:child_process'
import { sqliteVersion } from '../store/database.ts'
import { attempt, type Check } from './check.ts'

/** Whether each native module loads. Those that may abort are loaded in processes of their own. */
export async function checkNatives(): Promise<Check[]> {
  return [
    attempt('SQLite (better-sqlite3)', () => `SQLite ${sqliteVersion()}`),
    ...(await Promise.all([
      loads('TensorFlow (tfjs-node)', tensorflowCode),
      loads('ONNX Runtime', onnxRuntimeCode),
      loads('sharp', "console.log(require('sharp').versions.sharp)"),
    ])),
  ]
}

const tensorflowCode = `
  const { tf } = await import(${JSON.stringify(new URL('../trace/tensorflow.ts', import.meta.url).href)})
  tf.add(1, 2).dataSync()
  console.log('TensorFlow ' + tf.backend().binding.TF_Version + ', tfjs ' + tf.version_core)`

const onnxRuntimeCode = `
  const { runtimeVersion } = await import(${JSON.stringify(new URL('../export/onnxruntime.ts', import.meta.url).href)})
  console.log(runtimeVersion)`

/** Runs JavaScript that loads a native module in a process of its own; what it prints is the detail. */
function loads(name: string, code: string): Promise<Check> {
  const source = `import { createRequire } from 'node:module'\nconst require = createRequire(${JSON.stringify(import.meta.url)})\n${code}`
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
      windowsHide: true,
    })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    child.on('error', (error) => resolve({ name, ok: false, detail: error.message }))
    child.on('close', (exit, signal) => {
      if (exit === 0) return resolve({ name, ok: true, detail: output.trim() })
      const reason =
        errors
          .split('\n')
          .find((line) => /error/i.test(line))
          ?.trim() ??
        signal ??
        `exit code ${exit}`
      resolve({ name, ok: false, detail: `It does not load (${reason}); npm run setup installs it` })
    })
  })
}
