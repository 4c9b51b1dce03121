import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareRuns } from '../../src/main/engine/compare/comparison.ts'
import { csvOf } from '../../src/main/engine/compare/csv.ts'
import { textTables } from '../../src/main/engine/compare/textTables.ts'
import { verdictOf, type Reason, type Tested } from '../../src/main/engine/compare/verdict.ts'
import { variantInfos } from '../../src/main/engine/variants/index.ts'
import { betters } from '../../src/shared/figures.ts'
import { evaluated, run } from '../fixtures/storedRuns.ts'

test('a verdict agrees with what stands beside it, whatever the reason, the direction and the correction', () => {
  const seen = new Set<string>()
  for (const better of betters)
    for (const reason of ['measured', 'unlike', 'one', 'none', 'constant'] as Reason[])
      for (const mean of [-2, 0, 2, null])
        for (const low of [mean, -3, null]) {
          for (const p of [null, 0.001, 0.04, 0.2, 1])
            for (const corrected of [null, 0.009, 0.12, 1])
              for (const tested of [0, 1, 9]) {
                const given: Tested = { better, reason, mean, low, p, corrected, tested }
                const { verdict, verdictText, doubt } = verdictOf(given)
                seen.add(`${verdict}: ${verdictText}`)
                const said = JSON.stringify({ ...given, verdict, verdictText, doubt })
                if (reason !== 'measured' || mean === null || p === null || corrected === null) {
                  assert.equal(verdict, 'untested', said)
                  assert.match(verdictText, /^not (tested|compared): \w/, 'and why')
                } else if (mean !== 0 && corrected < 0.05) {
                  assert.equal(
                    verdict,
                    better === 'neither'
                      ? mean > 0
                        ? 'higher'
                        : 'lower'
                      : mean > 0 === (better === 'higher')
                        ? 'better'
                        : 'worse',
                    said,
                  )
                  assert.deepEqual([verdictText, doubt], [verdict, null])
                } else if (mean !== 0 && p < 0.05)
                  assert.deepEqual(
                    [verdict, verdictText, doubt],
                    ['undecided', `not after correction for ${tested} comparisons`, 'after'],
                    said,
                  )
                else if (mean === 0 && low === 0) assert.deepEqual([verdict, doubt], ['same', null], said)
                else assert.deepEqual([verdict, verdictText, doubt], ['undecided', 'cannot be told', 'chance'], said)
              }
        }
  for (const verdict of ['better', 'worse', 'higher', 'lower', 'same', 'undecided', 'untested'])
    assert.ok(
      [...seen].some((one) => one.startsWith(`${verdict}: `)),
      verdict,
    )
})

const variants = variantInfos()
const cell = (name: string, variant: string, values: readonly number[], settings = {}) =>
  values.map((linearProbeAccuracy, index) =>
    run(`${name}${index + 1}`, variant, settings, {
      seed: index + 1,
      evaluation: evaluated(10 + index / 100, { linearProbeAccuracy }),
    }),
  )

test(
  'the row, the sentence and the file of a difference say the same, ' +
    'also where the interval excludes 0 and the correction does not',
  () => {
    const plain = cell('a', 'classical', [0.92, 0.922, 0.919, 0.921, 0.918])
    const cells = [
      cell('b', 'contractive', [0.931, 0.927, 0.921, 0.934, 0.924]), // by itself p is near 0.03
      cell('c', 'denoising', [0.92, 0.922, 0.919, 0.921, 0.918]),
      cell('d', 'sparseL1', [0.93, 0.932, 0.929, 0.931, 0.928]),
      cell('e', 'pca', [0.91]),
      cell('f', 'sparseKl', [0.82, 0.822, 0.818, 0.821, 0.818]),
      ...[8, 16, 32].map((units) => cell(`n${units}`, 'dropout', [0.921, 0.92, 0.921, 0.92, 0.919], { 'network.layers': [units] })),
    ]
    const comparison = compareRuns([...plain, ...cells.flat()], variants, { baseline: 'a1', figure: 'linearProbeAccuracy' })
    const figure = comparison.groupFigures.find(({ key }) => key === 'linearProbeAccuracy')!
    const of = (index: number) => figure.differences.find(({ group }) => group === index + 1)!
    const [barely, equal, constant, single, worse] = [of(0), of(1), of(2), of(3), of(4)]
    assert.ok(barely.low! > 0 && barely.p! < 0.05 && barely.corrected! > 0.05, 'its interval excludes 0')
    assert.deepEqual([barely.verdict, barely.verdictText], ['undecided', `not after correction for ${figure.tested} comparisons`])
    assert.ok(
      barely.sentence.includes(`but not after correction for ${figure.tested} comparisons (p = ${barely.correctedText}, Holm)`),
      barely.sentence,
    )
    assert.deepEqual(
      [equal.text, equal.verdict, equal.verdictText, equal.correctedText],
      ['0.0', 'same', 'the same with every seed', '1'],
    )
    assert.match(equal.sentence, /^Denoising and classical have the same linear probe accuracy with each of 5 seeds\.$/)
    assert.deepEqual(
      [constant.text, constant.verdict, constant.verdictText, constant.correctedText],
      ['1.0', 'untested', 'not tested: no spread over the seeds', '–'],
    )
    assert.match(constant.sentence, /1\.0 points above classical .* no spread, so there is no interval and nothing to test\.$/)
    assert.deepEqual([single.verdictText, single.correctedText], ['not tested: one seed', '–'])
    assert.deepEqual([worse.verdict, worse.verdictText], ['worse', 'worse'])
    assert.match(worse.sentence, /^Sparse by KL is worse than classical .* corrected for \d comparisons \(Holm\)\.$/)
    const file = csvOf(textTables.differences(comparison))
      .split('\r\n')
      .filter((line) => line.includes('Linear probe'))
    assert.deepEqual(
      file.map((line) => line.split(',').at(-1)),
      figure.differences.filter(({ mean }) => mean !== null).map(({ verdictText }) => verdictText),
    )
  },
)

test('per cent have one decimal in every row of a column, and more where the interval is narrower', () => {
  const { groupFigures } = compareRuns(
    [...cell('a', 'classical', [0.9, 0.9]), ...cell('b', 'denoising', [0.93, 0.97]), ...cell('c', 'contractive', [0.9301, 0.9302])],
    variants,
  )
  assert.deepEqual(
    groupFigures.find(({ key }) => key === 'linearProbeAccuracy')!.estimates.map(({ text }) => text),
    ['90.0 ± 0.0', '95.0 ± 25.4', '93.02 ± 0.06'],
  )
})
