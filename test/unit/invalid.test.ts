import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invalidInput } from '../../src/main/engine/invalid.ts'
import { calls, type CallName } from '../../src/shared/calls.ts'

/** What a person reads of an input that a call refuses. */
function said(name: CallName, input: unknown): string {
  const { error } = calls[name].input.safeParse(input)
  assert.ok(error, `${name} takes it`)
  return invalidInput(name, input, error).message
}

const plan = { name: 'p', dataset: 'd', seeds: [1], settings: {}, variants: [{ variant: 'classical' }] }
const refused = (change: object) => said('experiments.check', { plan: { ...plan, ...change } })

test('a misspelt key of a plan is named with its place and the nearest that is known, and nothing else of the plan', () => {
  assert.equal(refused({ seed: [1] }), 'There is no “seed” in the plan; did you mean “seeds”?')
  assert.equal(refused({ baselin: 1 }), 'There is no “baselin” in the plan; did you mean “baseline”?')
  const varient = { variants: [{ variant: 'classical' }, { varient: 'pca', variant: 'pca' }] }
  assert.equal(refused(varient), 'There is no “varient” in “variants.1” of the plan; did you mean “variant”?')
  const range = refused({
    variants: [{ variant: 'pca', sweep: { 'regularizer.rate': { from: 0, to: 1, count: 3, scael: 'log' } } }],
  })
  assert.match(range, /“scael” in “variants\.0\.sweep\.regularizer\.rate” of the plan; did you mean “scale”\?$/)
  assert.match(refused({ xyzzy: 1 }), /^There is no “xyzzy” in the plan; it takes name, dataset/)
  // Nor is a wrong value printed whole, nor the call named that a file of a plan is given to.
  const wrong = refused({ seeds: { first: 1 } })
  assert.match(wrong, /^“seeds” of the plan is not valid \(.*; an object was given\); correct it/)
  for (const message of [wrong, refused({ seed: 1 }), refused({ dataset: 3 })]) assert.doesNotMatch(message, /experiments\.|"|\{/)
})

test('of other calls an unknown argument is told the same way', () => {
  assert.match(said('runs.show', { run: 'r', runn: 1 }), /^There is no “runn” in runs\.show; did you mean “run”\?$/)
  assert.match(said('runs.show', { run: 3 }), /^“run” of runs\.show is not valid \(.*; 3 was given\)/)
})
