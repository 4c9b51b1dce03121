// A reporter for node:test: one line a file and every failure in full on standard output, and the exact counts in the file that
// WORKBENCH_TEST_RESULT names. A file that crashes, or that holds no test, counts as a failure.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { inspect } from 'node:util'

const seconds = ms => `${(ms / 1000).toFixed(1)} s`

function reasonOf(value) {
  return typeof value === 'string' && value !== '' ? value : 'no reason given'
}

/** What went wrong, without the runner's own frames. */
function describe(error) {
  const cause = error?.cause ?? error
  const text = cause instanceof Error ? cause.stack ?? cause.message : typeof cause === 'string' ? cause : inspect(cause)
  const extra = cause?.code === 'ERR_ASSERTION' && cause.diff === undefined && !text.includes('actual') && typeof cause.actual !== 'object'
    ? `\nactual: ${inspect(cause.actual)}\nexpected: ${inspect(cause.expected)}` : ''
  return (text + extra).split('\n').filter(line => !/node:internal/.test(line)).slice(0, 40).join('\n')
}

export default async function* report(events) {
  const files = new Map()
  const skips = []
  const failures = []
  const fileOf = data => {
    const name = data.file ?? data.name
    if (!files.has(name)) files.set(name, { passed: 0, failed: 0, skipped: 0, ms: 0, output: '' })
    return files.get(name)
  }
  for await (const { type, data } of events) {
    if (type === 'test:stderr' || type === 'test:stdout') {
      const file = fileOf(data)
      file.output = (file.output + data.message).slice(-8000)
      continue
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue
    // The runner reports a file as a test of its own when it holds none, or when it ended badly for another reason than a failed test.
    const isFile = data.nesting === 0 && (data.file === undefined || data.name === data.file || data.file.endsWith(data.name)) && /\.test\.[cm]?[jt]s$/.test(data.name)
    const file = fileOf(isFile ? { file: data.file ?? data.name } : data)
    if (data.nesting === 0) file.ms += data.details?.duration_ms ?? 0
    const place = relative(process.cwd(), data.file ?? data.name)
    const suite = data.details?.type === 'suite'
    const error = data.details?.error
    if (isFile && type === 'test:pass') {
      file.failed++
      failures.push(`${place}: holds no test`)
    } else if (type === 'test:fail' && data.todo === undefined) {
      // A suite or a test that failed only because of what is inside it is counted there.
      if (error?.failureType === 'subtestsFailed') continue
      file.failed++
      const said = isFile && file.output ? `\n${file.output.trim()}` : ''
      failures.push(`${place}: ${isFile ? 'ended badly' : data.name}\n${describe(error)}${said}`)
    } else if (data.skip !== undefined || data.todo !== undefined) {
      file.skipped++
      skips.push({ name: `${place}: ${data.name}`, reason: data.todo !== undefined ? `to do: ${reasonOf(data.todo)}` : reasonOf(data.skip) })
    } else if (!suite) {
      file.passed++
    }
  }
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const [name, { passed, failed, skipped, ms, output }] of files) {
    if (passed + failed + skipped === 0) continue
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
    const parts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(Boolean)
    yield `  ${failed ? 'FAILED' : 'ok    '} ${relative(process.cwd(), name)} (${parts.join(', ')}, ${seconds(ms)})\n`
    if (failed && output && !failures.some(each => each.includes(output.trim()))) failures.push(`${relative(process.cwd(), name)}: what it wrote\n${output.trim()}`)
  }
  for (const failure of failures) yield `\n  ${failure.replaceAll('\n', '\n    ')}\n`
  if (process.env.WORKBENCH_TEST_RESULT) writeFileSync(process.env.WORKBENCH_TEST_RESULT, JSON.stringify({ ...total, skips }))
}
