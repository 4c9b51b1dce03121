import assert from 'node:assert/strict'
import { test } from 'node:test'
import { questionKinds, questionSchema, type QuestionKind } from '../../src/shared/questions.ts'
import { explore, questionOf } from '../../src/main/engine/cli/commands/explore.ts'

const given = (values: Record<string, string | boolean | string[]>) => ({
  values,
  positionals: [],
  path: (name: string) => `/here/${name}`,
})
const asked = (kind: QuestionKind, values: Record<string, string | boolean | string[]> = {}) =>
  questionSchema.parse(questionOf(kind, given(values)))
const refused = (kind: QuestionKind, values: Record<string, string | boolean | string[]>, message: RegExp) =>
  assert.throws(
    () => questionOf(kind, given(values)),
    (thrown: { code?: string; message?: string }) => thrown.code === 'USAGE' && message.test(thrown.message ?? ''),
  )

test('words of the command line become questions', () => {
  assert.deepEqual(asked('neighbours', { image: ['7'], count: '3', metric: 'cosine', among: 'train' }), {
    kind: 'neighbours',
    image: { row: 7 },
    count: 3,
    metric: 'cosine',
    among: 'train',
  })
  assert.deepEqual(asked('neighbours', { image: ['face.png'] }), {
    kind: 'neighbours',
    image: { file: '/here/face.png' },
    count: 12,
    metric: 'euclidean',
    among: 'all',
  })
  assert.deepEqual(asked('chain', { noise: 'gaussian', corruption: 'masking:0.3', steps: '5', sampled: true }), {
    kind: 'chain',
    start: { noise: 'gaussian' },
    chains: 1,
    steps: 5,
    every: 1,
    corruption: { kind: 'masking', level: 0.3 },
    sampled: true,
    seed: 1,
  })
  assert.deepEqual(asked('chain', { image: ['1', '2'] }), {
    kind: 'chain',
    start: { rows: [1, 2] },
    chains: 1,
    steps: 20,
    every: 1,
    sampled: false,
    seed: 1,
  })
  assert.deepEqual(asked('interpolate', { image: ['1', 'b.png'], path: 'spherical' }), {
    kind: 'interpolate',
    from: { row: 1 },
    to: { file: '/here/b.png' },
    path: 'spherical',
    steps: 11,
  })
  assert.deepEqual(asked('decode', { code: '0.5,-1' }), { kind: 'decode', coordinates: Float32Array.of(0.5, -1), space: 'code' })
  assert.deepEqual(asked('reconstructions', { count: '4' }), {
    kind: 'reconstructions',
    rows: { offset: 0, count: 4 },
    corruption: { kind: 'none', level: 0 },
    seed: 1,
  })
  assert.deepEqual(asked('traverse', { units: '0,3', range: '2.5' }), { kind: 'traverse', units: [0, 3], range: 2.5, steps: 7 })
  assert.deepEqual(asked('map', { count: '70000', split: 'all', perplexity: '12.5' }), {
    kind: 'map',
    method: 'pca',
    count: 70_000,
    seed: 1,
    dimensions: 2,
    split: 'all',
    perplexity: 12.5,
    neighbours: 15,
    side: 0,
  })
  assert.deepEqual(asked('decode', { code: '0.5', space: 'manifold' }), {
    kind: 'decode',
    coordinates: Float32Array.of(0.5),
    space: 'manifold',
  })
  const { between } = asked('contraction', { image: ['1', '2'] }) as { between?: unknown }
  assert.deepEqual(between, [{ row: 1 }, { row: 2 }])
})

test('what a question does not take is told, with what it takes', () => {
  refused('field', { image: ['3', '4'] }, /give --image three times or not at all, and not twice/)
  refused('units', { metric: 'cosine' }, /“explore units” takes no --metric; it takes --offset, --count, --exciting, --bins\./)
  refused('neighbours', {}, /is about 1 image \(--image ROW or --image FILE\), and 0 were given/)
  refused('interpolate', { image: ['1', '2', '3'] }, /is about 2 images .*several times\), and 3 were given/)
  refused('chain', { corruption: 'fog:0.2' }, /--corruption is KIND:LEVEL/)
  refused('chain', { image: ['1', 'a.png'] }, /images are rows of the dataset/)
  refused('decode', {}, /--code/)
  refused('map', { count: 'many' }, /--count is a whole number/)
  refused('traverse', { range: 'far' }, /--range is a number, not “far”/)
  // Options exist for the command, whichever question takes them.
  for (const kind of questionKinds)
    assert.doesNotThrow(() => {
      try {
        questionOf(kind, given({}))
      } catch (thrown) {
        if ((thrown as { code?: string }).code !== 'USAGE') throw thrown
      }
    })
  assert.ok(explore.options && 'noise' in explore.options && 'image' in explore.options)
})
