// The last look of the set-up: do the native packages load on the project's Node 24?
import { run } from './files.mjs'
import { node24Path, root } from './places.mjs'
import { SetupError } from './report.mjs'

const names = ['better-sqlite3', 'onnxruntime-node', 'sharp', 'msgpackr']

/** @throws {SetupError} naming the package that does not load, and what its loader says */
export async function requireNatives() {
  const script = `for (const name of ${JSON.stringify(names)}) try {
    const it = require(name); if (name === 'better-sqlite3') new it(':memory:').close() }
    catch (error) { console.log(name + ': ' + String(error.message).split('\\n')[0]); process.exit(1) }`
  // As src/shared/quietLibraries.ts says, which the Node of a set-up may be too old to read.
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' }
  const { code, output } = await run(node24Path(), ['-e', script], { cwd: root, limit: 60_000, env })
  if (code === 0) return
  throw new SetupError(
    `A package does not load on this system (${output.trim().split('\n')[0]}): ` +
      'delete the folder node_modules, then run the command again.',
  )
}
