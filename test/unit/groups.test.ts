import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { groupRuns } from '../../src/main/engine/compare/groups.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import { comparisonSchema, type Comparison } from '../../src/shared/comparison.ts'
import type { Settings } from '../../src/shared/config.ts'
import type { Evaluation, Run } from '../../src/shared/domain.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

const variants = variantInfos()

/** Runs of one setting, one for each value of the linear probe. */
function seeds(
  name: string,
  variant: string,
  accuracies: (number | null)[],
  settings: Settings = {},
  more: Partial<Evaluation> = {},
): Run[] {
  return accuracies.map((linearProbeAccuracy, index) =>
    run(`${name}${index + 1}`, variant, settings, {
      seed: index + 1,
      ...(linearProbeAccuracy === null
        ? { state: 'diverged', evaluation: null }
        : { evaluation: evaluated(10 + index / 100, { linearProbeAccuracy, ...more }) }),
    }),
  )
}
const row = ({ groupFigures }: Comparison, key: string) => groupFigures.find((figure) => figure.key === key)!
const probe = (comparison: Comparison) => row(comparison, 'linearProbeAccuracy')

// By SciPy 1.17.1: ttest_rel of the two gives p = 0.0013803741658978434, and its 95% interval is 0.007789312518007712 to
// 0.01621068748199231.
const plain = seeds('a', 'classical', [0.92, 0.922, 0.919, 0.921, 0.918])
const contracted = seeds('b', 'contractive', [0.935, 0.93, 0.93, 0.937, 0.928])
const worse = seeds('c', 'denoising', [0.88, 0.889, 0.885, 0.884, 0.882])

test('a plain sentence says whether it is a difference, how large, how sure, and from how many seeds', () => {
  const comparison = compareRuns([...plain, ...contracted], variants)
  comparisonSchema.parse(comparison)
  assert.deepEqual(
    comparison.groups.map(({ title, seeds: own }) => [title, own.length]),
    [
      ['Classical', 5],
      ['Contractive', 5],
    ],
  )
  assert.equal(
    comparison.sentence,
    'Contractive beats classical in linear probe accuracy by 1.2 points, 95% interval 0.8 to 1.6, 5 seeds.',
  )
  assert.deepEqual([comparison.baseline, comparison.headline, comparison.correction], [0, 'linearProbeAccuracy', null])
  const { estimates, differences, best } = probe(comparison)
  assert.deepEqual(
    estimates.map(({ text }) => text),
    ['92.00 ± 0.20', '93.2 ± 0.5'],
  )
  assert.deepEqual(best, [1])
  const [difference] = differences
  assert.equal(differences.length, 1)
  assert.equal(difference!.text, '1.2 (0.8 to 1.6)')
  assert.ok(Math.abs(difference!.p! - 0.0013803741658978434) < 1e-12, `${difference!.p}`)
  assert.ok(Math.abs(difference!.low! - 0.007789312518007712) < 1e-12 && Math.abs(difference!.high! - 0.01621068748199231) < 1e-12)
  assert.equal(difference!.corrected, difference!.p)
  assert.deepEqual([difference!.verdict, difference!.seeds], ['better', [1, 2, 3, 4, 5]])
  // Named the other way round.
  const turned = compareRuns([...plain, ...contracted], variants, { baseline: 'b3' })
  assert.equal(turned.baseline, 1)
  assert.equal(
    turned.sentence,
    'Classical is worse than contractive in linear probe accuracy by 1.2 points, 95% interval 0.8 to 1.6, 5 seeds.',
  )
  assert.equal(
    compareRuns([...plain, ...contracted], variants, { figure: 'knnAccuracy' }).sentence,
    'Contractive and classical have the same 5-nearest-neighbour accuracy with each of 5 seeds.',
  )
  assert.match(compareRuns([...plain, ...contracted], variants, { figure: 'jacobianNorm' }).sentence, /Jacobian norm/)
})

test('one point is a point', () => {
  const wide = seeds('w', 'contractive', [0.93, 0.972, 0.889, 0.951, 0.908])
  assert.match(
    compareRuns([...plain, ...wide], variants).sentence,
    /the difference is 1\.0 points, 95% interval −2\.9 to 4\.9, 5 seeds\.$/,
  )
})

test('pairs are seeds, whatever the order of the runs; seeds that one side lacks are not in it', () => {
  const both = [...plain, ...contracted]
  const shuffled = [7, 2, 9, 0, 4, 5, 1, 8, 3, 6].map((index) => both[index]!)
  const difference = (runs: Run[]) => {
    const { p, mean } = probe(compareRuns(runs, variants, { baseline: 'a1' })).differences[0]!
    return [p, mean!.toFixed(12)]
  }
  assert.deepEqual(difference(shuffled), difference(both))
  const fewer = probe(compareRuns([...plain, ...contracted.slice(2)], variants)).differences[0]!
  assert.deepEqual(fewer.seeds, [3, 4, 5])
  const apart = contracted.map((one) => ({ ...one, seed: one.seed + 100 }))
  assert.equal(
    compareRuns([...plain, ...apart], variants).sentence,
    'Contractive and classical have no seed in common for which both have ' +
      'a figure of linear probe accuracy; train both with the same seeds.',
  )
})

test('with one seed in common it says that one cannot tell; what diverged is named', () => {
  const one = compareRuns([...plain, contracted[0]!], variants)
  assert.equal(
    one.sentence,
    'With one seed one cannot tell whether “contractive b1” and classical differ in ' +
      'linear probe accuracy (93.5% against 92.0%); train at least three seeds of both.',
  )
  assert.equal(probe(one).differences[0]!.verdict, 'untested')
  assert.match(
    compareRuns(
      [plain[0]!, contracted[1]!].map((one) => ({ ...one, seed: 1 })),
      variants,
    ).sentence,
    /with one seed each, one cannot tell/,
  )
  const diverged = compareRuns(
    [...plain, ...contracted.slice(0, 3), ...seeds('x', 'contractive', [null, null, null, null, null]).slice(3)],
    variants,
  )
  assert.match(diverged.sentence, /, 3 seeds; 2 of 5 seeds of contractive diverged and are not in it\.$/)
  assert.deepEqual(
    diverged.groups[1]!.missing.map(({ seed, state }) => [seed, state]),
    [
      [4, 'diverged'],
      [5, 'diverged'],
    ],
  )
  const three = compareRuns(plain.slice(0, 3), variants)
  assert.equal(three.sentence, '3 seeds of the same settings: linear probe accuracy 92.0 ± 0.4% (mean and its 95% interval).')
  assert.deepEqual([three.groups.length, three.baseline, probe(three).differences], [1, null, []])
})

test('many comparisons are corrected by Holm, and it is said', () => {
  const comparison = compareRuns([...plain, ...contracted, ...worse], variants)
  const { differences, tested } = probe(comparison)
  assert.equal(tested, 2)
  assert.ok(differences[0]!.corrected! >= differences[0]!.p!)
  assert.deepEqual(
    differences.map(({ verdict }) => verdict),
    ['better', 'worse'],
  )
  assert.match(comparison.sentences[0]!, /^Contractive beats classical .*; p = 0\.0014 corrected for 2 comparisons \(Holm\)\.$/)
  assert.match(comparison.sentences[1]!, /^Denoising is worse than classical/)
  assert.match(comparison.correction!, /2 comparisons .* \(Holm\)/)
  // A difference that a single comparison would have called one, and twelve do not.
  const barely = seeds('z', 'sparseL1', [0.931, 0.927, 0.921, 0.934, 0.924])
  assert.match(compareRuns([...plain, ...barely], variants).sentence, /^L1-sparse beats|^Sparse by L1 beats/)
  const noise = [8, 16, 32, 48].flatMap((units) =>
    seeds(`n${units}`, 'dropout', [0.921, 0.92, 0.921, 0.92, 0.919], { 'network.layers': [units] }),
  )
  const many = compareRuns([...plain, ...barely, ...noise], variants, { baseline: 'a1' })
  const told = many.sentences.find((sentence) => sentence.includes('parse'))!
  assert.match(
    told,
    /^One cannot tell whether .*; by itself the interval excludes 0, but not after correction for 5 comparisons \(p = 0\.\d+, Holm\)\.$/,
  )
})

test('what has no effect does not set runs apart; dataset, settings and origin do', () => {
  const base = run('a', 'denoising', {})
  const groups = (...runs: Run[]) => groupRuns([base, ...runs], variants).length
  assert.equal(groups({ ...base, id: 'b', seed: 2, name: 'other', threads: 1, colour: 4 }), 1)
  assert.equal(groups(run('b', 'denoising', { 'regularizer.sigma': 0.9 })), 1, 'sigma does nothing where pixels are masked')
  assert.equal(groups(run('b', 'denoising', { 'regularizer.rate': 0.31 })), 2)
  assert.equal(groups({ ...base, id: 'b', datasetId: 'd2' }), 2)
  assert.equal(groups({ ...base, id: 'b', origin: { kind: 'pruned', run: 'a', removed: [1], elbo: null } }), 2)
  const reordered = {
    ...base,
    id: 'b',
    config: { ...base.config, regularizer: Object.fromEntries(Object.entries(base.config.regularizer).reverse()) },
  }
  assert.equal(groups(reordered), 1, 'the order of keys means nothing')
  const [first, again] = [groupRuns([base], variants)[0]!, groupRuns([run('z', 'pca', {}), { ...base, id: 'q' }], variants)[1]!]
  assert.equal(first.id, again.id, 'a group is called the same whatever else is compared')
})

test('a seed counts once: its newest evaluated run of the newest evaluation', () => {
  const old = {
    ...plain[0]!,
    id: 'old',
    createdAt: '2025-01-01T00:00:00Z',
    evaluation: evaluated(99, { linearProbeAccuracy: 0.1 }),
  }
  const failed = { ...plain[1]!, id: 'failed', createdAt: '2027-01-01T00:00:00Z', state: 'failed' as const, evaluation: null }
  const { groups, notes, groupFigures } = compareRuns([failed, old, ...plain], variants)
  assert.deepEqual(
    groups[0]!.counted.map(({ run: id }) => id),
    ['a1', 'a2', 'a3', 'a4', 'a5'],
  )
  assert.equal(groupFigures.find(({ key }) => key === 'linearProbeAccuracy')!.estimates[0]!.n, 5)
  assert.match(notes.join(' '), /2 runs repeat the settings and the seed/)
  const newer = { ...plain[0]!, evaluation: evaluated(10, { version: 2 }) }
  const [group] = compareRuns([newer, ...plain.slice(1)], variants).groups
  assert.deepEqual([group!.counted.length, group!.missing.length], [1, 4], 'figures of different evaluations are not averaged')
})

test('groups are named by what sets them apart, by their cell in an experiment, or by the run', () => {
  const sweep = [0.1, 0.5].flatMap((lambda) => seeds(`l${lambda}`, 'contractive', [0.9, 0.91], { 'regularizer.lambda': lambda }))
  const hostile = run('h', 'pca', {}, { name: '<img src=x onerror=alert(1)>' })
  const titles = (runs: Run[], cells = [] as { title: string; runs: string[] }[]) =>
    groupRuns(
      runs,
      variants,
      cells.map((cell) => ({ ...cell, baseline: false })),
    ).map(({ title, named }) => [title, named])
  assert.deepEqual(titles([...sweep, hostile]), [
    ['Contractive (lambda 0.1)', false],
    ['Contractive (lambda 0.5)', false],
    ['<img src=x onerror=alert(1)>', true],
  ])
  assert.deepEqual(titles(sweep, [{ title: 'Weak', runs: ['l0.11', 'l0.12'] }]), [
    ['Weak', true],
    ['Contractive (lambda 0.5)', false],
  ])
  assert.deepEqual(
    titles(sweep, [
      { title: 'Contractive, same', runs: ['l0.11', 'l0.12'] },
      { title: 'Contractive, same', runs: ['l0.51', 'l0.52'] },
    ]),
    [
      ['Contractive, same', false],
      ['Contractive, same, 2', false],
    ],
  )
})

test('in a sweep each group is compared with the baseline’s group that shares its other settings', () => {
  const sizes = [8, 32].flatMap((units) =>
    ['classical', 'denoising'].flatMap((variant) =>
      seeds(`${variant}${units}-`, variant, [0.9, 0.91, 0.92], { 'network.layers': [64, units] }),
    ),
  )
  const comparison = compareRuns(sizes, variants)
  assert.equal(comparison.baseline, null)
  assert.deepEqual(
    comparison.groups.map(({ title }) => title),
    ['Classical (layers 64, 8)', 'Denoising (layers 64, 8)', 'Classical (layers 64, 32)', 'Denoising (layers 64, 32)'],
  )
  assert.deepEqual(
    probe(comparison).differences.map(({ group, baseline }) => [group, baseline]),
    [
      [1, 0],
      [3, 2],
    ],
  )
  const named = compareRuns(sizes, variants, { baseline: 'classical32-1' })
  assert.deepEqual(
    probe(named).differences.map(({ group, baseline }) => [group, baseline]),
    [
      [0, 2],
      [1, 2],
      [3, 2],
    ],
  )
  const one = compareRuns(
    sizes.filter(({ variant }) => variant === 'classical'),
    variants,
  )
  assert.deepEqual(
    probe(one).differences.map(({ group, baseline }) => [group, baseline]),
    [[1, 0]],
    'a sweep of the baseline alone is compared with its first',
  )
})

test('bounds under different likelihoods or binarisations are never ranked against each other; other figures are', () => {
  const bounded = (name: string, likelihood: 'bernoulli' | 'fixedGaussian', binarise: string, elbo: number) =>
    [1, 2, 3].map((seed) =>
      run(
        `${name}${seed}`,
        'variational',
        { 'regularizer.decoder': likelihood, 'data.binarise': binarise },
        {
          seed,
          evaluation: evaluated(10, {
            likelihood,
            elbo: elbo + seed / 10,
            kl: 20,
            linearProbeAccuracy: 0.9 + (elbo % 7) / 1000 + seed / 1e4,
            activeUnits: 9,
          }),
        },
      ),
    )
  const bernoulli = bounded('b', 'bernoulli', 'none', -97),
    gaussian = bounded('g', 'fixedGaussian', 'none', -40),
    again = bounded('c', 'bernoulli', 'none', -99).map((one) => ({
      ...one,
      config: { ...one.config, regularizer: { ...one.config.regularizer, klWeight: 4 } },
    }))
  const comparison = compareRuns([...bernoulli, ...gaussian, ...again], variants)
  const elbo = row(comparison, 'elbo')
  assert.deepEqual([elbo.better, elbo.best], ['neither', []])
  assert.deepEqual(
    elbo.differences.map(({ verdict }) => verdict),
    ['untested', 'untested'],
  )
  assert.match(elbo.differences[0]!.sentence, /not compared in bound .*: the bounds are of different likelihoods/)
  assert.match(comparison.notes.join(' '), /bounds on the log likelihood are of different likelihoods .* not ranked/)
  assert.ok(
    probe(comparison).differences.every(({ seeds: own }) => own.length === 3),
    'accuracies are compared all the same',
  )
  const alike = compareRuns([...bernoulli, ...again], variants)
  assert.deepEqual([row(alike, 'elbo').better, row(alike, 'elbo').best], ['higher', [0]])
  assert.match(row(alike, 'elbo').differences[0]!.sentence, /-2\.00|2\.00|by 2 nats|with each of 3 seeds/)

  const fixed = bounded('f', 'bernoulli', 'fixed', -90),
    dynamic = bounded('d', 'bernoulli', 'dynamic', -88)
  const draws = compareRuns([...fixed, ...dynamic], variants)
  assert.deepEqual([row(draws, 'elbo').better, row(draws, 'elbo').differences[0]!.verdict], ['neither', 'untested'])
  assert.match(draws.notes.join(' '), /differently binarised images, so they are not ranked/)
  assert.equal(probe(draws).differences[0]!.seeds.length, 3, 'both were tested on the same binarised images')
  const seen = compareRuns([...fixed, ...bernoulli], variants)
  assert.match(seen.notes.join(' '), /binarised images and others see them as they are/)
  assert.ok(
    seen.groupFigures.every(
      ({ best, differences }) => best.length === 0 && differences.every(({ verdict }) => verdict === 'untested'),
    ),
  )
  assert.ok(seen.figures.every(({ best }) => best.length === 0))
})

test('settings that differ are nested as the config is', () => {
  const { settings } = compareRuns(
    [
      ...plain,
      ...contracted,
      ...seeds('g', 'classical', [0.9], {
        'pretraining.kind': 'greedy',
        'pretraining.variant': 'denoising',
        'pretraining.regularizer.rate': 0.25,
      }),
    ],
    variants,
  )
  const titles = settings.map(({ title }) => title)
  assert.deepEqual(titles, ['Run', 'Network', 'Objective', 'Pretraining'])
  const objective = settings[2]!
  assert.deepEqual(
    objective.sections.map(({ title, rows }) => [title, rows.map(({ key, groupValues }) => [key, groupValues])]),
    [
      [
        'Regularizer',
        [
          ['regularizer.lambda', ['–', '0.5', '–']],
          ['regularizer.jacobian', ['–', 'exact', '–']],
        ],
      ],
    ],
  )
  assert.deepEqual(
    settings[3]!.sections[0]!.rows.map(({ key, groupValues }) => [key, groupValues.at(-1)]).find(
      ([key]) => key === 'pretraining.regularizer.rate',
    ),
    ['pretraining.regularizer.rate', '0.25'],
  )
  assert.deepEqual(settings[0]!.rows.find(({ key }) => key === 'seed')!.groupValues, ['1, 2, 3, 4, 5', '1, 2, 3, 4, 5', '1'])
})

test('a run that was made before its variant had a setting stands with those that have its default', () => {
  const [made, ...later] = contracted
  const { jacobian: _, projections: __, ...before } = made!.config.regularizer
  const groups = groupRuns([{ ...made!, config: { ...made!.config, regularizer: before } }, ...later], variants)
  assert.deepEqual(
    groups.map(({ runs }) => runs.length),
    [contracted.length],
  )
})

test('ten thousand runs are grouped by their settings, whatever their order', () => {
  const models = ['classical', 'denoising', 'contractive'].map((variant) => run('m', variant, {}))
  const runs = Array.from({ length: 10_000 }, (_, index): Run => {
    const model = models[index % 3]!
    const { config } = model
    return {
      ...model,
      id: `r${index}`,
      seed: 1 + (index % 5),
      config: {
        ...config,
        training: { ...config.training, learningRate: 0.001 * (1 + Math.floor(index / 15)) },
        regularizer: { ...config.regularizer },
      },
    }
  })
  const groups = groupRuns(runs, variants),
    reversed = groupRuns(runs.toReversed(), variants)
  assert.equal(groups.length, 3 * Math.ceil(10_000 / 15))
  assert.deepEqual(new Set(reversed.map(({ id }) => id)), new Set(groups.map(({ id }) => id)))
})

test(
  'a planned baseline of several cells: each is compared with the nearest ' +
    'of them, of those that are as near with the first of the plan',
  () => {
    const cell = (title: string, group: readonly Run[], baseline: boolean) => ({ title, baseline, runs: group.map(({ id }) => id) })
    const weak = seeds('w', 'contractive', [0.9, 0.91, 0.92], { 'regularizer.lambda': 0.1 }),
      strong = seeds('s', 'contractive', [0.93, 0.95, 0.94], { 'regularizer.lambda': 1 })
    const noisy = seeds('n', 'denoising', [0.88, 0.9, 0.91])
    const cells = [cell('Weak', weak, true), cell('Strong', strong, true), cell('Noisy', noisy, false)]
    for (const runs of [
      [...weak, ...strong, ...noisy],
      [...noisy, ...strong, ...weak],
    ]) {
      const { groups, baseline, groupFigures } = compareRuns(runs, variants, { cells })
      assert.equal(groups[baseline!]!.title, 'Weak')
      assert.deepEqual(
        new Set(
          groupFigures
            .find(({ key }) => key === 'linearProbeAccuracy')!
            .differences.map((difference) => groups[difference.group]!.title),
        ),
        new Set(['Strong', 'Noisy']),
      )
    }
    // With sizes, each has the one of its size.
    const sizes = [8, 16].flatMap((units) =>
      ['contractive', 'denoising'].map((variant) => ({
        variant,
        units,
        runs: seeds(`${variant}${units}`, variant, [0.9, 0.91, 0.93], { 'network.layers': [units] }),
      })),
    )
    const comparison = compareRuns(
      sizes.flatMap(({ runs }) => runs),
      variants,
      { cells: sizes.map(({ variant, units, runs }) => cell(`${variant} ${units}`, runs, variant === 'contractive')) },
    )
    assert.equal(comparison.baseline, null)
    assert.deepEqual(
      probe(comparison).differences.map(({ group, baseline }) => [
        comparison.groups[group]!.title,
        comparison.groups[baseline]!.title,
      ]),
      [
        ['denoising 8', 'contractive 8'],
        ['denoising 16', 'contractive 16'],
      ],
    )
  },
)

test('of settings with which every seed diverged it is said, and what helps', () => {
  const lost = seeds('x', 'contractive', [null, null, null, null, null])
  const two = compareRuns([...plain, ...lost], variants)
  assert.match(two.sentence, /^“contractive x1”, .* diverged, so not all of these runs can be ranked; train again with a smaller/)
  const difference = probe(two).differences[0]!
  assert.equal(difference.verdictText, 'not tested: all seeds diverged')
  assert.match(
    difference.sentence,
    /are not compared in linear probe accuracy: all 5 seeds of contractive diverged; train again with/,
  )
  const three = compareRuns([...plain, ...lost, ...seeds('d', 'dropout', [0.9, 0.91, 0.92])], variants)
  assert.ok(
    three.sentences.some((sentence) => /all 5 seeds of contractive diverged/.test(sentence)),
    three.sentences.join(' '),
  )
  assert.match(
    compareRuns(lost, variants).sentence,
    /^All 5 runs diverged, so there is nothing to compare; .*training\.learningRate/,
  )
  assert.match(
    compareRuns([...lost, { ...plain[0]!, evaluation: null }], variants).sentence,
    /^Not all of these runs have been evaluated yet/,
  )
})
