// Makes a fresh clone ready to run: npm packages, Node 24, TensorFlow, Electron. Idempotent, and quick when nothing is to be done.
// `node scripts/setup.mjs [--electron]`; the other scripts call `ensureSetUp`. Needs nothing but Node 20.
import { fileURLToPath } from 'node:url'
import { fail, say, SetupError } from './setup/report.mjs'
import { isSetUp, setupKey, writeStamp } from './setup/stamp.mjs'

async function setUp() {
  const began = Date.now()
  say('Setting up the workbench (once; downloads about 600 MB, keeps about 2 GB)')
  const { installPackages, linkNode } = await import('./setup/packages.mjs')
  const { installTensorflow } = await import('./setup/tensorflow.mjs')
  const { requireNatives } = await import('./setup/natives.mjs')
  await installPackages()
  await linkNode()
  await installTensorflow()
  await requireNatives()
  writeStamp({ key: setupKey() })
  say(`Set up in ${Math.round((Date.now() - began) / 1000)} s`)
}

/**
 * Does what is missing of the set-up; silent and quick when that is nothing.
 * @throws {SetupError} with one plain sentence, when something cannot be had
 */
export async function ensureSetUp() {
  const [major] = process.versions.node.split('.').map(Number)
  if (major < 20)
    throw new SetupError(`Node ${process.versions.node} is too old: install Node.js 20 or newer, then run the command again.`)
  if (isSetUp()) return
  const { alone } = await import('./setup/lock.mjs')
  await alone(async () => {
    if (!isSetUp()) await setUp()
  })
}

async function main(args) {
  const unknown = args.find((each) => each !== '--electron')
  if (unknown)
    throw new SetupError(`"${unknown}" is not an option: the set-up knows only --electron (try again to get Electron's binary).`)
  await ensureSetUp()
  const { electronPath, hasDisplay, installElectron } = await import('./setup/electron.mjs')
  const asked = args.includes('--electron')
  const reason = asked || hasDisplay() ? await installElectron({ again: asked }) : null
  if (reason) say(`No Electron window (${reason}): the workbench opens in the browser. Try again with: npm run setup -- --electron`)
  else if (asked) say(`Electron is ready: ${electronPath()}`)
  say('The workbench is set up: npm start opens it')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2)).catch(fail)
