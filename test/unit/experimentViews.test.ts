import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { planSchema, type ExperimentSummary, type PlanInput } from '../../src/shared/experiments.ts'
import type { RunRow } from '../../src/shared/runTable.ts'
import { nameOf, sweptKeys, sweptText } from '../../src/renderer/components/experiments/cells.ts'
import { planCommand, planText, readPlan } from '../../src/renderer/components/experiments/planText.ts'
import { blocksOf, placeFor } from '../../src/renderer/components/experiments/queueBlocks.ts'
import { retried, statesText } from '../../src/renderer/components/experiments/states.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

const states = (some: Partial<ExperimentSummary['states']>): ExperimentSummary['states'] => ({
  queued: 0,
  submitted: 0,
  running: 0,
  paused: 0,
  interrupted: 0,
  unknown: 0,
  completed: 0,
  diverged: 0,
  failed: 0,
  cancelled: 0,
  removed: 0,
  ...some,
})

test('waiting runs of one experiment move through the queue together', () => {
  const owners: Record<string, string | null> = { a1: 'a', a2: 'a', b1: 'b', lone: null, alone: null, a3: 'a' }
  const row = (id: string): RunRow | undefined =>
    id in owners ? ({ id, experiment: owners[id] === null ? null : { id: owners[id], cell: 0 } } as RunRow) : undefined
  const waiting = ['a1', 'a2', 'unknown', 'b1', 'lone', 'alone', 'a3']
  const blocks = blocksOf(waiting, row)
  assert.deepEqual(
    blocks.map(({ experiment, runs }) => [experiment, runs.map(({ id }) => id)]),
    [
      ['a', ['a1', 'a2']],
      ['b', ['b1']],
      [null, ['lone']],
      [null, ['alone']],
      ['a', ['a3']],
    ],
  )

  // What the engine does with the answer: takes the block out and puts it before that run.
  const moved = (index: number, to: 'front' | 'up' | 'down'): string | undefined => {
    const before = placeFor(blocks, index, to)
    if (before === undefined) return undefined
    const ids = blocks[index]!.runs.map(({ id }) => id)
    const rest = waiting.filter((id) => id !== 'unknown' && !ids.includes(id))
    rest.splice(before === null ? rest.length : rest.indexOf(before), 0, ...ids)
    return rest.join(' ')
  }
  assert.equal(moved(1, 'up'), 'b1 a1 a2 lone alone a3')
  assert.equal(moved(3, 'front'), 'alone a1 a2 b1 lone a3')
  assert.equal(moved(0, 'down'), 'b1 a1 a2 lone alone a3')
  assert.equal(moved(3, 'down'), 'a1 a2 b1 lone a3 alone')
  assert.deepEqual([moved(0, 'up'), moved(0, 'front'), moved(4, 'down')], [undefined, undefined, undefined])
})

test('what an experiment does is said in the order of what matters', () => {
  assert.equal(
    statesText(states({ completed: 3, running: 2, queued: 1200, failed: 1, removed: 1 })),
    '2 in training, 1,200 waiting, 1 failed, 1 removed',
  )
  assert.equal(statesText(states({ completed: 3 })), '')
  assert.equal(retried(states({ failed: 1, interrupted: 2, cancelled: 4, removed: 8, diverged: 16, completed: 32 })), 15)
})

test('a cell is called by its title; where its values stand beside it, without them; what all share has no column', () => {
  const cell = { title: 'Deep, wide and slow, layers 512-64, learning rate 0.1', name: 'Deep, wide and slow' }
  assert.equal(nameOf(cell, false), cell.title)
  assert.equal(nameOf(cell, true), 'Deep, wide and slow')
  assert.equal(nameOf({ title: 'Classical, layers 8' }, true), 'Classical, layers 8', 'stored before there was a name')
  const swept = (values: Record<string, unknown>, variant = 'v', settings = {}) => ({
    values,
    variant,
    settings: { ...settings, ...values },
  })
  assert.deepEqual(sweptKeys([swept({ a: [8, 2], b: 1, c: 0.1 }), swept({ a: [8, 4], b: 1 }), swept({})]), ['a'])
  // What two variants call alike is a setting of each, and each by itself may not differ.
  const pretrained = (variant: string, lambda: number) =>
    swept({ 'pretraining.regularizer.lambda': lambda }, 'v', { 'pretraining.kind': 'greedy', 'pretraining.variant': variant })
  const cells = [
    swept({ 'regularizer.lambda': 1 }, 'contractive'),
    swept({ 'regularizer.lambda': 2 }, 'contractive'),
    swept({ 'regularizer.lambda': 5 }, 'sparseL1'),
  ]
  assert.deepEqual(sweptKeys(cells), ['regularizer.lambda@contractive'])
  assert.deepEqual(
    cells.map((cell) => sweptText(cell, 'regularizer.lambda@contractive')),
    ['1', '2', ''],
  )
  assert.deepEqual(sweptKeys(cells.slice(0, 2)), ['regularizer.lambda'])
  assert.deepEqual(
    sweptKeys([pretrained('contractive', 1), pretrained('contractive', 2), pretrained('sparseL1', 1), pretrained('sparseL1', 3)]),
    ['pretraining.regularizer.lambda@contractive', 'pretraining.regularizer.lambda@sparseL1'],
  )
})

test('a plan as text is the same plan again, and its command writes it whatever it is called', (t) => {
  const plan: PlanInput = {
    name: 'it\'s "$HOME" `date` \\ <img src=x> PLAN',
    dataset: 'd1',
    seeds: [1, 2],
    settings: { 'network.layers': [8, 2] },
    sweep: { 'training.learningRate': { from: 0.1, to: 1, count: 3, scale: 'log' } },
    variants: [{ variant: 'classical' }, { variant: 'denoising', title: 'ضوضاء', sweep: { 'regularizer.rate': [0.1, 0.2] } }],
    baseline: 0,
  }
  const text = planText(plan, 'my digits')
  const read = readPlan(text)
  assert.ok('plan' in read)
  assert.deepEqual(planSchema.parse(read.plan), planSchema.parse({ ...plan, dataset: 'my digits' }))
  for (const [wrong, message] of [
    ['', /is not JSON/],
    ['{"name": ', /is not JSON/],
    ['[]', /but not a plan/],
    ['null', /but not a plan/],
    ['{"name": "x"}', /but not a plan/],
  ] as const) {
    const answer = readPlan(wrong)
    assert.ok('message' in answer, wrong)
    assert.match(answer.message, message)
  }
  if (process.platform === 'win32') return
  const home = "/home/it's mine/$HOME"
  const stub = `npm() { [ "$*" = "run -s aebench -- --home $WANTED experiment run plan.json" ] && cat plan.json; }`
  const written = execFileSync('sh', ['-c', `${stub}\n${planCommand(text, home)}`], {
    cwd: temporaryFolder(t),
    encoding: 'utf8',
    env: { ...process.env, WANTED: home },
  })
  assert.deepEqual(JSON.parse(written), JSON.parse(text))
})
