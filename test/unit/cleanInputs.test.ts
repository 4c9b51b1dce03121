import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { runFigures } from '../../src/main/engine/figures/index.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import { figureTable } from '../../src/renderer/components/compare/figureTable.ts'
import { cleanInputsSentence } from '../../src/shared/cleanInputs.ts'
import { evaluationSchema } from '../../src/shared/domain.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

const brightness = { input: 0.1325, clean: 0.1605, corrupted: 0.1344 }
const bright = { squaredError: 12.57, corruptedSquaredError: 11.51, brightness }

test('what clean inputs do to a network that has seen corrupted ones only is said with both errors and the brightness', () => {
  assert.equal(
    cleanInputsSentence(bright),
    'reconstructs clean inputs worse (squared error 12.57) than those corrupted as in training (11.51) ' +
      'and makes clean images 21% brighter than they are (mean 0.161 instead ' +
      'of 0.133; from corrupted ones 0.134): it has seen corrupted inputs ' +
      'only, and what they lack it has learned to add.',
  )
  assert.match(cleanInputsSentence({ ...bright, squaredError: 10 })!, /^makes clean images 21% brighter/)
  const even = { input: 0.13, clean: 0.131, corrupted: 0.13 }
  assert.match(cleanInputsSentence({ ...bright, brightness: even })!, /^reconstructs clean inputs worse .*\(11\.51\): it has/)
  assert.match(cleanInputsSentence({ ...bright, brightness: { ...even, clean: 0.1 } })!, /23% darker/)
  assert.equal(cleanInputsSentence({ ...bright, squaredError: 10, brightness: even }), null)
  assert.equal(cleanInputsSentence({ squaredError: 10, corruptedSquaredError: null, brightness: null }), null)
  const noisy = { squaredError: 10, corruptedSquaredError: null, brightness: { input: 0.13, clean: 0.15, corrupted: null } }
  assert.equal(cleanInputsSentence(noisy), 'makes images 15% brighter than they are (mean 0.150 instead of 0.130).')
})

test('a comparison and a run’s page show clean and corrupted beside each other; evaluations of before are read, and have neither', () => {
  const { squaredError, ...more } = bright
  const runs = [
    run('a', 'classical', {}),
    run('b', 'denoising', {}, { evaluation: evaluated(squaredError, more) }),
    run('c', 'denoising', {}, { seed: 2, evaluation: evaluated(squaredError + 2, more) }),
  ]
  const comparison = compareRuns(runs, variantInfos())
  const { columns } = figureTable(comparison, 'group', 'values')
  assert.deepEqual(
    columns.slice(0, 2).map(({ key, section }) => [key, section]),
    [
      ['squaredError', 'evaluation'],
      ['corruptedSquaredError', 'evaluation'],
    ],
  )
  assert.equal(columns.find(({ key }) => key === 'brightness.shift')?.section, 'evaluation')
  assert.equal(columns[1]!.better, 'neither', 'corruptions differ')
  // The group's means.
  assert.match(
    comparison.notes.join('\n'),
    /Denoising reconstructs clean inputs worse \(squared error 13\.57\) than those corrupted as in training \(11\.51\)/,
  )
  assert.doesNotMatch(comparison.notes.join('\n'), /Classical (?:reconstructs|makes)/)
  const texts = runFigures(runs[1]!).map(({ key, text }) => [key, text])
  assert.deepEqual(texts.slice(0, 2), [
    ['squaredError', '12.57'],
    ['corruptedSquaredError', '11.51'],
  ])
  assert.deepEqual(
    texts.find(([key]) => key === 'brightness.shift'),
    ['brightness.shift', '0.0280'],
  )
  const { corruptedSquaredError: _, brightness: __, ...before } = evaluated(9)
  assert.deepEqual([evaluationSchema.parse(before).corruptedSquaredError, evaluationSchema.parse(before).brightness], [null, null])
})
