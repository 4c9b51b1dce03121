// A reporter for node:test that writes down, after every event, what happened in one test file: exact counts, reasons of skips, and
// failures in full, into the file that WORKBENCH_TEST_RESULT names. A file that crashes, or that holds no test, counts as a failure.
import { writeFileSync } from 'node:fs'
import { inspect } from 'node:util'

const reasonOf = (value) => (typeof value === 'string' && value !== '' ? value : 'no reason given')

/** What went wrong, without the runner's own frames. */
function describe(error) {
  const cause = error?.cause ?? error
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause === 'string' ? cause : inspect(cause)
  return text
    .split('\n')
    .filter((line) => !/node:internal/.test(line))
    .slice(0, 40)
    .join('\n')
}

export default async function* report(events) {
  const result = { passed: 0, failed: 0, skipped: 0, skips: [], failures: [], output: '' }
  const save = () => writeFileSync(process.env.WORKBENCH_TEST_RESULT, JSON.stringify(result))
  const failed = (name, text) => {
    result.failed++
    result.failures.push({ name, text })
  }
  for await (const { type, data } of events) {
    if (type === 'test:stderr' || type === 'test:stdout') result.output = (result.output + data.message).slice(-8000)
    if (type === 'test:diagnostic' && !/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message))
      result.output += `${data.message}\n`
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const { error, type: kind } = data.details ?? {}
    // The runner reports a file as a test of its own when it holds none, or when it ended badly for another reason than a failed test.
    const isFile = data.nesting === 0 && data.line === 1 && data.column === 1 && /\.test\.[cm]?[jt]s$/.test(data.name)
    if (isFile && type === 'test:pass') failed('the file', 'It holds no test.')
    else if (type === 'test:fail' && data.todo === undefined) {
      // A suite or a test that failed only because of what is inside it is counted there.
      if (error?.failureType !== 'subtestsFailed')
        failed(
          isFile ? 'the file' : data.name,
          isFile ? `It ended badly (${error?.signal ?? `exit code ${error?.exitCode}`}).` : describe(error),
        )
    } else if (data.todo !== undefined || data.skip !== undefined) {
      result.skipped++
      result.skips.push({
        name: data.name,
        reason: data.todo !== undefined ? `to do: ${reasonOf(data.todo)}` : reasonOf(data.skip),
      })
    } else if (kind !== 'suite') result.passed++
    save()
  }
  save()
  yield ''
}
