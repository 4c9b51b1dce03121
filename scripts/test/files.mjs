// Test files of node:test, each in a runner of its own on Node 24, so that one which crashes or never ends costs itself only.
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { node24Path, root } from '../setup/places.mjs'

/** @typedef {{passed: number, failed: number, skipped: number, skips: {name: string, reason: string}[]}} Counts */

const ongoing = new Set()

function endAll() {
  for (const child of ongoing) end(child)
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    endAll()
    process.exit(1)
  })
}

/** Ends a runner with all that it started: they are one process group, where there are such. */
function end(child) {
  try {
    if (process.platform === 'win32') spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'])
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/**
 * Runs one file. A file that has not ended after twice the limit of a test (it left something open) is ended, and failed.
 * @param {string} file
 * @param {number} limit in ms, for each test
 */
async function runFile(file, limit) {
  const folder = await mkdtemp(join(tmpdir(), 'workbench-test-'))
  const record = join(folder, 'result.json')
  const name = relative(root, file)
  const began = Date.now()
  try {
    let late = false
    const { code, output } = await new Promise((resolve) => {
      const child = spawn(
        node24Path(),
        [
          '--test',
          `--test-timeout=${limit}`,
          '--test-reporter=./scripts/test/reporter.mjs',
          '--test-reporter-destination=stdout',
          name,
        ],
        {
          cwd: root,
          stdio: ['ignore', 'pipe', 'pipe'],
          detached: process.platform !== 'win32',
          env: { ...process.env, WORKBENCH_TEST_RESULT: record },
        },
      )
      ongoing.add(child)
      let text = ''
      const timer = setTimeout(() => {
        late = true
        end(child)
      }, 2 * limit)
      child.stdout.on('data', (part) => (text += part))
      child.stderr.on('data', (part) => (text += part))
      child.on('error', (error) => resolve({ code: 1, output: error.message }))
      child.on('close', (exit) => {
        clearTimeout(timer)
        ongoing.delete(child)
        // What a test left running would disturb the next one.
        end(child)
        resolve({ code: exit ?? 1, output: text })
      })
    })
    const result = JSON.parse(await readFile(record, 'utf8').catch(() => 'null')) ?? {
      passed: 0,
      failed: 0,
      skipped: 0,
      skips: [],
      failures: [],
      output,
    }
    const alas = late
      ? `It had not ended after ${(2 * limit) / 1000} s: something that it opened was not closed.`
      : code !== 0 && result.failed === 0
        ? `It ended with code ${code}.\n${output.trim()}`
        : null
    if (alas) {
      result.failed++
      result.failures.push({ name: 'the file', text: alas })
    }
    show(name, result, Date.now() - began)
    return { ...result, skips: result.skips.map((skip) => ({ ...skip, name: `${name}: ${skip.name}` })) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function show(name, { passed, failed, skipped, failures, output }, ms) {
  const parts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`, `${(ms / 1000).toFixed(1)} s`]
  const lines = [`${failed ? 'FAILED' : 'ok    '} ${name} (${parts.filter(Boolean).join(', ')})`]
  for (const failure of failures)
    lines.push('', ...[failure.name, ...failure.text.split('\n')].map((line, i) => `${i ? '    ' : '  '}${line}`))
  if (failed && output.trim())
    lines.push(
      '',
      '  what it wrote',
      ...output
        .trim()
        .split('\n')
        .map((line) => `    ${line}`),
    )
  if (failed) lines.push('')
  console.log(lines.map((line) => line && `  ${line}`).join('\n'))
}

/**
 * Runs node:test files, several at once, and counts exactly what happened in them.
 * @param {string[]} files
 * @param {{concurrency: number, limit: number}} options `limit` in ms, for each test
 * @returns {Promise<Counts>}
 */
export async function runFiles(files, { concurrency, limit }) {
  const total = { passed: 0, failed: 0, skipped: 0, skips: [] }
  const waiting = [...files]
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { passed, failed, skipped, skips } = await runFile(file, limit)
      total.passed += passed
      total.failed += failed
      total.skipped += skipped
      total.skips.push(...skips)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return total
}
