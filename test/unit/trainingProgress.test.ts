import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrainingProgress } from '../../src/main/engine/training/progress.ts'

const position = { stage: 0, step: 0, epoch: 0, seconds: 0, best: null }

test('the live rate is that of what is counted now: images between two stages are no steps', (t) => {
  let now = 1000
  t.mock.method(performance, 'now', () => now)
  const progress = new TrainingProgress(position, 3000)
  const at = (seconds: number, done: number, unit = 'steps') => {
    now = 1000 + seconds * 1000
    return progress.message(
      position,
      unit === 'steps' ? { done, total: 3000, unit, stage: 'Layer' } : { done, total: 60_000, unit, stage: 'Codes' },
    )
  }
  assert.equal(at(0, 0).stepsPerSecond, null)
  assert.equal(at(1, 100).stepsPerSecond, 100)
  assert.equal(at(2, 200).progress.secondsLeft, 28)
  assert.deepEqual(
    [at(3, 0, 'images'), at(4, 20_000, 'images')].map(({ stepsPerSecond, progress }) => [
      stepsPerSecond,
      progress.perSecond,
      progress.secondsLeft,
    ]),
    [
      [null, null, null],
      [null, 20_000, 2],
    ],
  )
  assert.equal(at(5, 201).progress.perSecond, null)
  assert.equal(at(6, 401).progress.perSecond, 200)
  // Of the last five seconds only.
  at(9, 1001)
  assert.equal(at(12, 1901).progress.perSecond, 300)
})
