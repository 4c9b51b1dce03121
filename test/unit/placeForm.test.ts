import { test } from 'node:test'
import assert from 'node:assert/strict'
import { placeSchema } from '../../src/shared/places.ts'
import { mostOf } from '../../src/shared/placeRules.ts'
import { placeFields, placeProblem, type PlaceField } from '../../src/renderer/components/places/placeFields.ts'

const whole = { name: 'cluster', kind: 'ssh', host: 'me@login', folder: '/shared' }
const typed = [
  ...[
    'a',
    'a b',
    '-a',
    '/a b',
    'a/b',
    "it's “so”",
    'local',
    'folder',
    '$(x)',
    'é',
    'a\tb',
    'me@login.cluster.edu',
    'a,b:c@d+e/f=g-h',
  ],
  ...['0', '1', '2.5', '1024', '1025', '10001', '100001', '4G', '4GB', '4g', '30', '1:00:00', '1-0', '1-00:00:00', '1::0', '1:000'],
  ...['x'.repeat(200), 'x'.repeat(201), `/${'x'.repeat(2000)}`, '--gres=gpu:1'],
]

test('the form of a place finds wrong what the schema refuses, and nothing else', () => {
  for (const field of Object.keys(placeFields) as PlaceField[])
    for (const text of typed) {
      const value = field in mostOf ? Number(text) : ['extra', 'before'].includes(field) ? [text] : text
      // What is longer than 200 characters cannot be typed as a name.
      if (field === 'name' && text.length > 200) continue
      const checked = placeSchema.safeParse({ ...whole, [field]: value })
      const problem = placeProblem(field, text)
      assert.equal(problem === null, checked.success, `${field}: ${text} ${problem} ${checked.error?.message}`)
      if (problem !== null) assert.match(problem, /^(\p{Lu}|“).*\.$/u)
      const said = (checked.error?.issues ?? []).map(({ message }) => message)
      if (problem !== null && !(field in mostOf) && !said.some((one) => one.startsWith('Too')))
        assert.ok(
          said.some((one) => problem.includes(one)),
          `${field}: ${text} ${problem}`,
        )
    }
})

test('lines are looked at one by one, and at most fifty are taken', () => {
  assert.equal(placeProblem('before', 'module load gcc\n\n  module load cuda\n'), null)
  assert.match(placeProblem('before', 'x\n'.repeat(51))!, /at most 50 lines/)
  assert.equal(placeProblem('extra', 'x\n'.repeat(50)), null)
})
