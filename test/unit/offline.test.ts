import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkOffline, checkQuiet, left, promised } from '../../src/main/engine/doctor/offline.ts'
import { telemetryLeftovers } from '../../src/main/engine/doctor/leftovers.ts'
import { nodeSnippet } from '../../src/main/engine/export/snippets/node.ts'
import { pythonSnippet } from '../../src/main/engine/export/snippets/python.ts'
import type { SnippetSubject } from '../../src/main/engine/export/snippets/subject.ts'
import { quietLibraries } from '../../src/shared/quietLibraries.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

/** What `doctor` says of the promise that nothing leaves this machine; that it is kept is for test/e2e/offline.test.ts. */

test('doctor states the promise, what other settings have to do with it, and what would break it', async () => {
  const checks = await checkOffline()
  assert.deepEqual(
    checks.map(({ name, ok }) => [name, ok]),
    [
      ['Offline', true],
      ['ONNX Runtime telemetry', true],
      ['Left by earlier versions', true],
    ],
  )
  assert.match(checks[1]!.detail, /ORT_DISABLE_TELEMETRY=1.*left no trace/)
  assert.match(promised({}, []).detail, /127\.0\.0\.1.*no name looked up.*Only the set-up downloads.*strace/)
  for (const option of ['--inspect=0.0.0.0:9229', '--inspect-brk=192.0.2.1', '--inspect-port=[::]:0', '--inspect=host.example']) {
    for (const check of [promised({ NODE_OPTIONS: `--no-warnings ${option}` }, []), promised({}, [option])]) {
      assert.ok(!check.ok && check.detail.includes(option), JSON.stringify(check))
    }
  }
  for (const option of [
    '--inspect',
    '--inspect=9229',
    '--inspect=127.0.0.1:9229',
    '--inspect-brk=[::1]:0',
    '--inspect=localhost:1',
    '--max-old-space-size=4096',
  ]) {
    assert.deepEqual(promised({ NODE_OPTIONS: option }, []), promised({}, []))
  }
  assert.match(promised({ NODE_OPTIONS: '--require ./own.cjs' }, []).detail, /loads other code.*nothing can be promised/)
  assert.match(promised({ https_proxy: 'http://proxy.example:3128' }, []).detail, /A proxy is set here; it is asked nothing/)
})

test('doctor tries a model and names what a library writes beside it', async (t) => {
  const script = join(temporaryFolder(t), 'writes.mjs')
  // As this library does, which is silent where CI or its own variable is set.
  writeFileSync(
    script,
    `import { mkdirSync, writeFileSync } from 'node:fs'
    if (process.env.CI || process.env.ORT_DISABLE_TELEMETRY) process.exit(0)
    mkdirSync(process.env.XDG_CACHE_HOME + '/library', { recursive: true })
    writeFileSync(process.env.XDG_CACHE_HOME + '/library/deviceid', 'me')`,
  )
  const check = await checkQuiet(script)
  assert.ok(!check.ok && /wrote cache.library.deviceid/.test(check.detail), JSON.stringify(check))
  writeFileSync(script, 'throw new Error("it is missing")')
  assert.match((await checkQuiet(script)).detail, /could not be tried \(.*it is missing/)
})

test('what earlier versions left is named, with what removes it, and stays', (t) => {
  const user = temporaryFolder(t),
    temporary = temporaryFolder(t)
  const find = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}) => left(telemetryLeftovers(platform, env, user, temporary))
  assert.deepEqual(find('linux'), { name: 'Left by earlier versions', ok: true, detail: 'nothing', files: [] })
  const inCache = join('Microsoft', 'DeveloperTools', '.onnxruntime')
  const places = [
    join(user, '.cache', inCache),
    join(user, "it's elsewhere", inCache),
    join(user, 'Library', 'Application Support', inCache),
  ]
  for (const place of places) {
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'deviceid'), 'me')
  }
  const logs = ['.ses', ...[1, 2, 3, 4].map((id) => `mat-debug-${id}.log`)].map((name) => join(temporary, name))
  for (const log of [...logs, join(temporary, 'mat-debug-mine.txt')]) writeFileSync(log, '')
  const check = find('linux')
  assert.deepEqual([check.ok, check.files], [true, [places[0], ...logs]])
  assert.ok(check.detail.includes(`rm -r ${places[0]} ${logs[0]} ${temporary}/mat-debug-*.log`), check.detail)
  assert.match(check.detail, /device id, events .*Nothing is deleted unasked/)
  assert.deepEqual(find('linux', { XDG_CACHE_HOME: join(user, "it's elsewhere") }).files![0], places[1])
  assert.ok(find('linux', { XDG_CACHE_HOME: join(user, "it's elsewhere") }).detail.includes("it'\\''s elsewhere"))
  assert.deepEqual(find('darwin').files![0], places[2])
  assert.equal(find('win32').detail, 'nothing')
  for (const file of [...places, ...logs]) assert.ok(existsSync(file))
})

test('programs that are shown silence the library before they load it, and say why', () => {
  const subject: SnippetSubject = {
    file: 'encoder.onnx',
    part: 'encoder',
    inputs: [{ name: 'image', type: 'uint8', shape: ['N', 4, 4, 1] }],
    outputs: [],
    dataset: { kind: 'image', width: 4, height: 4, channels: 1, fit: 'crop', classes: [] },
  }
  for (const [name, value] of Object.entries(quietLibraries)) {
    const python = pythonSnippet(subject),
      node = nodeSnippet(subject)
    assert.match(python, new RegExp(`# .*telemetry.*\\nos\\.environ\\['${name}'\\] = '${value}'\\n(.*\\n)*import onnxruntime`))
    assert.match(
      node,
      new RegExp(`// .*telemetry.*\\nprocess\\.env\\.${name} = '${value}'\\n(.*\\n)*.*await import\\('onnxruntime-node'\\)`),
    )
    assert.doesNotMatch(node, /^import .*onnxruntime/m)
  }
})
