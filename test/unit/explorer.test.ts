import assert from 'node:assert/strict'
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WorkbenchError } from '../../src/shared/errors.ts'
import { type Result } from '../../src/shared/answers.ts'
import { questionSchema, type QuestionInput } from '../../src/shared/questions.ts'
import { createCache } from '../../src/main/engine/explore/cache.ts'
import { createExplorer, type ExplorerOptions } from '../../src/main/engine/explore/explorer.ts'
import type { Asked } from '../../src/main/engine/explore/messages.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

const script = fileURLToPath(new URL('../fixtures/fakeExplorer.ts', import.meta.url))
const asked = (run: string, question: QuestionInput = { kind: 'histograms' }, more: Partial<Asked['target']> = {}): Asked => ({
  target: {
    key: run,
    runName: run,
    runFolder: run,
    checkpoint: 'result',
    collapsed: null,
    dataset: { name: 'd', kind: 'image', count: 9, width: 2, height: 2, channels: 1, classes: [], fit: 'crop', folder: 'd' },
    ...more,
  },
  question: questionSchema.parse(question),
  side: undefined,
  other: null,
})

function explorer(t: TestContext, options: Partial<ExplorerOptions> = {}) {
  const lines: string[] = []
  const made = createExplorer({ script, threads: 1, log: (text) => void lines.push(text), ...options })
  t.after(() => made.close())
  const ask = (
    run: string,
    how = 'answer',
    signal = new AbortController().signal,
    onProgress: (share: number) => void = () => {},
  ) => made.ask(asked(run, { kind: 'copying', dataset: how }), { signal, onProgress })
  const who = async (run: string, how?: string) => ((await ask(run, how)) as Extract<Result, { kind: 'histograms' }>).units
  return { made, ask, who, lines }
}
const isGone = (pid: number): boolean => {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

test('two processes at most: a run stays with its own, a third run goes to the one that was used longest ago', async (t) => {
  const { made, who } = explorer(t)
  const first = await who('a'),
    second = await who('b')
  assert.notEqual(first, second)
  assert.deepEqual([await who('a'), await who('b'), await who('a')], [first, second, first])
  assert.equal(await who('c'), second)
  assert.equal(await who('b'), second)
  assert.equal(made.alive, 2)
  made.close()
  assert.equal(made.alive, 0)
  await until(() => isGone(first) && isGone(second))
  await assert.rejects(who('a'), { code: 'CANCELLED' })
})

test('a process that dies fails what it was asked with a sentence, and nothing else; the next question starts another', async (t) => {
  const { made, ask, who, lines } = explorer(t)
  const first = await who('a'),
    other = await who('b')
  const beside = ask('a', 'slow'),
    died = ask('a', 'dies')
  await assert.rejects(died, { code: 'EXPLORER_LOST', message: /ended unexpectedly \(SIGKILL\); ask again/ })
  await assert.rejects(beside, { code: 'EXPLORER_LOST' })
  assert.match(lines.join(), /ended with SIGKILL/)
  assert.equal(await who('b'), other)
  const next = await who('a')
  assert.ok(next !== first && made.alive === 2)
})

test('a question that is not wanted any more ends at once; a process that goes on nevertheless is ended', async (t) => {
  const { made, ask, who } = explorer(t, { grace: 50 })
  const controller = new AbortController(),
    shares: number[] = []
  const first = await who('a')
  const slow = ask('a', 'slow', controller.signal, (share) => shares.push(share))
  await until(() => shares.length > 0)
  controller.abort(new WorkbenchError('CANCELLED', 'Something newer was asked in its place.'))
  await assert.rejects(slow, { code: 'CANCELLED', message: /newer/ })
  assert.equal(await who('a'), first, 'the process that stopped is the one that answers')
  await assert.rejects(ask('a', 'answer', controller.signal), { code: 'CANCELLED' })

  const stop = new AbortController()
  let began = false
  const stuck = ask('a', 'stuck', stop.signal, () => {
    began = true
  })
  await until(() => began)
  stop.abort(new WorkbenchError('CANCELLED', 'It was cancelled.'))
  await assert.rejects(stuck, { code: 'CANCELLED' })
  await until(() => isGone(first))
  await until(() => made.alive === 0)
  assert.notEqual(await who('a'), first)
})

test('idle and oversized processes end; a failure is passed on as it is', async (t) => {
  const { made, who, ask } = explorer(t, { idleAfter: 30, mostBytes: 1e9 })
  const first = await who('a')
  await until(() => made.alive === 0 && isGone(first))
  const large = await who('a', 'grows')
  await until(() => isGone(large))
  assert.equal(made.alive, 0)
  await assert.rejects(ask('a', 'fails'), { code: 'FILE_DAMAGED', message: 'The dataset is damaged.' })
})

test('answers are kept by network and question, the slow ones on disk; damaged ones are not found, places are never kept', (t) => {
  const folder = temporaryFolder(t)
  const result: Result = {
    kind: 'histograms',
    units: 1,
    images: 2,
    edges: Float32Array.of(0, 1),
    counts: Int32Array.of(2),
    total: Int32Array.of(2),
  }
  const inRun = (key = 'a', bins = 9, more: Partial<Asked['target']> = {}) =>
    asked(key, { kind: 'histograms', bins }, { runFolder: folder, ...more })
  const cache = createCache()
  assert.equal(cache.find(inRun()), null)
  cache.keep(inRun(), result, 10)
  assert.deepEqual(cache.find(inRun()), result)
  for (const other of [inRun('b'), inRun('a', 10), inRun('a', 9, { collapsed: [1] }), { ...inRun(), side: 5 }])
    assert.equal(cache.find(other), null)
  // The quick one is in memory only.
  assert.equal(createCache().find(inRun()), null)
  cache.keep(inRun('a', 10), result, 1000)
  assert.deepEqual(createCache().find(inRun('a', 10)), result)

  const [name] = readdirSync(join(folder, 'answers'))
  writeFileSync(join(folder, 'answers', name!), 'damaged')
  assert.equal(createCache().find(inRun('a', 10)), null)

  for (const question of [
    { kind: 'neighbours', image: { file: '/x.png' } },
    { kind: 'decode', coordinates: Float32Array.of(1) },
  ] as const) {
    const about = asked('a', question, { runFolder: folder })
    cache.keep(about, result, 1000)
    assert.equal(cache.find(about), null)
  }
  assert.equal(readdirSync(join(folder, 'answers')).length, 1)

  // Beyond their room the oldest go.
  const large: Result = { ...result, counts: new Int32Array(5 * 2 ** 20) }
  for (let bins = 20; bins < 26; bins++) {
    cache.keep(inRun('a', bins), large, 1000)
    for (const file of readdirSync(join(folder, 'answers'))) {
      const path = join(folder, 'answers', file),
        { mtimeMs } = statSync(path)
      utimesSync(path, mtimeMs / 1000 - 10, mtimeMs / 1000 - 10)
    }
  }
  const bytes = readdirSync(join(folder, 'answers')).reduce((sum, file) => sum + statSync(join(folder, 'answers', file)).size, 0)
  assert.ok(bytes <= 96 * 2 ** 20 && bytes > 60 * 2 ** 20, `${bytes}`)
  assert.equal(createCache().find(inRun('a', 20)), null)
  assert.notEqual(createCache().find(inRun('a', 25)), null)
})
