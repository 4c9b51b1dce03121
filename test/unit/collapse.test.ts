import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeUnits, nothingToPrune, prunable, pruningSentence } from '../../src/shared/collapse.ts'

/** Units 0 and 3 tell something; 1, 2 and 4 do not, and 1 and 4 are not read either. */
const evaluation = {
  klPerUnit: [1.2, 0.001, 0.004, 0.02, 0.002],
  collapse: {
    units: [1, 4],
    mean: [0, 0.01, -0.02, 0.1, 0],
    meanVariance: [0.8, 0.001, 0.002, 0.03, 0],
    deviation: [0.4, 0.99, 1.01, 0.97, 1],
    outgoing: [5, 0.1, 3, 2, 0.1],
  },
}

test('units stand in the order of what they tell, each with its state', () => {
  assert.deepEqual(
    codeUnits(evaluation)!.map(({ unit, state }) => [unit, state]),
    [
      [0, 'used'],
      [3, 'used'],
      [2, 'silent'],
      [4, 'collapsed'],
      [1, 'collapsed'],
    ],
  )
  assert.deepEqual(codeUnits(evaluation)![2], {
    unit: 2,
    state: 'silent',
    kl: 0.004,
    mean: -0.02,
    meanVariance: 0.002,
    deviation: 1.01,
    outgoing: 3,
  })
  assert.equal(codeUnits({ klPerUnit: null, collapse: null }), null)
  // Any one of the four tells: a posterior that differs from the prior in it is not the prior.
  for (const [key, value] of [
    ['mean', -0.11],
    ['meanVariance', 0.011],
    ['deviation', 0.89],
  ] as const) {
    const other = { ...evaluation, collapse: { ...evaluation.collapse, [key]: evaluation.collapse[key].with(2, value) } }
    assert.equal(codeUnits(other)!.find(({ unit }) => unit === 2)!.state, 'used', key)
  }
})

test('a code that has collapsed as a whole keeps the unit that tells the most', () => {
  assert.deepEqual(prunable(evaluation), [1, 4])
  const all = { klPerUnit: [0.001, 0.003, 0.002], collapse: { ...evaluation.collapse, units: [0, 1, 2] } }
  assert.deepEqual(prunable(all), [0, 2])
  assert.deepEqual(prunable({ klPerUnit: null, collapse: null }), [])
  assert.match(
    nothingToPrune({ ...evaluation, collapse: { ...evaluation.collapse, units: [] } }),
    /^No code unit can be removed: 3 of 5 tell nothing/,
  )
  const one = { klPerUnit: [0.001], collapse: { ...evaluation.collapse, units: [0] } }
  assert.deepEqual(prunable(one), [])
  assert.match(nothingToPrune(one), /^The only code unit has collapsed/)
  assert.match(nothingToPrune({ klPerUnit: [1.2], collapse: { ...evaluation.collapse, units: [] } }), /^No code unit has collapsed/)
})

test('what pruning did to the bound is said as it is', () => {
  assert.equal(
    pruningSentence(-104.312, -104.309, 14),
    'Without 14 code units the bound has lost nothing: it was −104.31 and is −104.31 nats, 0.003 nats more.',
  )
  assert.equal(
    pruningSentence(-104.31, -104.36, 1),
    'Without 1 code unit the bound has lost nothing: it was −104.31 and is −104.36 nats, 0.050 nats less.',
  )
  assert.equal(
    pruningSentence(-104.31, -106.5, 3),
    'Without 3 code units the bound fell: it was −104.31 and is −106.50 nats, 2.19 nats less.',
  )
  assert.equal(pruningSentence(2.5, 2.5, 2), 'Without 2 code units the bound has lost nothing: it was 2.50 and is 2.50 nats.')
})
