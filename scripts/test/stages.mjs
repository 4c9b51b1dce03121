// The stages of `npm test`, in their order. Each gives its counts; the checks that are no node:test files count as one test each.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureBuilt } from '../build.mjs'
import { node24Path, packageFolder, root } from '../setup/places.mjs'
import { runFiles } from './files.mjs'

/** @typedef {import('./files.mjs').Counts} Counts */

const one = (good) => ({ passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0, skips: [] })

/** Runs a checking tool and gives its exit code; its colours only where somebody sees them. */
function onNode24(args) {
  return new Promise((resolve) => {
    const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' }
    const child = spawn(node24Path(), args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env })
    child.on('error', () => resolve(1))
    child.on('close', (code) => resolve(code ?? 1))
  })
}

const bin = (name, ...path) => join(packageFolder(name), ...path)
const layerFile = join(root, 'test', 'unit', 'layers.test.ts')

/** The test files of a folder below test/. */
async function testFiles(folder) {
  const place = join(root, 'test', folder)
  if (!existsSync(place)) return []
  return (await readdir(place, { recursive: true }))
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => join(place, name))
}

async function builtFirst(work) {
  try {
    await ensureBuilt()
  } catch (error) {
    console.log(`  ${error.message}`)
    return one(false)
  }
  return work()
}

const folderStage = (folder, options) => ({
  name: folder,
  files: async () => (await testFiles(folder)).filter((file) => file !== layerFile),
  run: (files) => runFiles(files, options),
})

const formatted = ['src', 'test', 'scripts', 'bench', 'electron.vite.config.ts', 'knip.js']

/** @type {{name: string, files?: () => Promise<string[]>, run: (files: string[]) => Promise<Counts>}[]} */
export const stages = [
  { name: 'types', run: async () => one((await onNode24([bin('typescript', 'bin', 'tsc'), '-p', '.'])) === 0) },
  {
    name: 'svelte-check',
    run: async () =>
      one(
        (await onNode24([
          bin('svelte-check', 'bin', 'svelte-check'),
          '--tsconfig',
          'src/renderer/tsconfig.json',
          '--output',
          'human',
          '--fail-on-warnings',
        ])) === 0,
      ),
  },
  {
    name: 'lint',
    run: async () => one((await onNode24([bin('oxlint', 'bin', 'oxlint'), '--deny-warnings', '--format=unix'])) === 0),
  },
  {
    name: 'unused',
    // The whole project, then the product by itself: nothing of it is there for tests alone.
    run: async () => {
      const knip = [bin('knip', 'bin', 'knip.js'), '--no-progress']
      const whole = await onNode24([...knip, '--treat-config-hints-as-errors'])
      return one((await onNode24([...knip, '--production'])) === 0 && whole === 0)
    },
  },
  {
    name: 'format',
    run: async () => {
      const cache = ['--cache', '--cache-location', join(root, 'node_modules', '.cache', 'prettier-check')]
      return one(
        (await onNode24([bin('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', ...cache, ...formatted])) === 0,
      )
    },
  },
  { name: 'layers', files: async () => [layerFile], run: (files) => runFiles(files, { concurrency: 1, limit: 60_000 }) },
  folderStage('unit', { concurrency: 2, limit: 120_000 }),
  folderStage('numeric', { concurrency: 2, limit: 240_000 }),
  // Two files at a time here, too: much of their time is waiting, for signals and grace periods, windows and starts.
  folderStage('fault', { concurrency: 2, limit: 240_000 }),
  {
    name: 'e2e',
    files: () => testFiles('e2e'),
    run: (files) => builtFirst(() => runFiles(files, { concurrency: 2, limit: 300_000 })),
  },
]
