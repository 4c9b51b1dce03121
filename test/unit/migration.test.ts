import { test, type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '../../src/shared/codec.ts'
import { runSchema } from '../../src/shared/domain.ts'
import { openDatabase } from '../../src/main/engine/store/database.ts'
import { migrations } from '../../src/main/engine/store/migrations/index.ts'
import { openStore } from '../../src/main/engine/store/store.ts'
import { sampleDataset, temporaryFolder } from '../fixtures/homes.ts'
import { somePreview } from '../fixtures/storedRows.ts'

/** A config of before there were pretraining, fine-tuning and binarised data. */
const config = {
  network: {
    layers: [8, 2],
    activation: 'relu',
    codeActivation: 'linear',
    outputActivation: 'sigmoid',
    tied: false,
    weightNorm: false,
  },
  reconstruction: 'crossEntropy',
  training: {
    epochs: 3,
    batchSize: 16,
    optimizer: 'adam',
    learningRate: 0.001,
    weightDecay: 0,
    schedule: 'constant',
    warmupEpochs: 0,
    patience: 0,
    clipNorm: 0,
  },
  regularizer: {},
}
const preview = somePreview

/** A database as an earlier version of the workbench left it, written by its own statements. */
function filled(t: TestContext, version: number): string {
  const file = join(temporaryFolder(t), 'workbench.sqlite')
  const database = openDatabase(file, migrations.slice(0, version))
  const { classes, classCounts, validationCount: _, notes: __, ...plain } = sampleDataset
  const row = { ...plain, classes: JSON.stringify(classes), classCounts: JSON.stringify(classCounts) }
  database
    .prepare(
      `INSERT INTO datasets (${Object.keys(row).join(', ')}) VALUES (${Object.keys(row)
        .map((key) => `@${key}`)
        .join(', ')})`,
    )
    .run(row)
  const stages =
    version >= 2
      ? JSON.stringify([
          {
            kind: 'reconstruction',
            title: 'Training',
            layer: null,
            variant: 'classical',
            prefix: '',
            startStep: 0,
            steps: 12,
            startEpoch: 0,
            epochs: 3,
          },
        ])
      : null
  for (const [id, name, state, at] of [
    ['abcdefgh', 'done', 'completed', '2026-01-02'],
    ['bcdefghi', 'first waiting', 'queued', '2026-01-03'],
    ['cdefghij', 'second waiting', 'queued', '2026-01-04'],
    ['defghijk', 'cut off', 'running', '2026-01-05'],
  ] as const) {
    database
      .prepare(
        `INSERT INTO runs (id, name, dataset, variant, seed, config, state, colour, epoch, epochs, step, steps,
          parameters, createdAt, queuedAt, seconds, stepsPerSecond, threads, latest, evaluation,
            evaluationVersion${stages === null ? '' : ', stages, preset'})
      VALUES (@id, @name, 'digits00', 'classical', 1, @config, @state, 2, 3, 3, 12, 12, 99, @at, @at, 1.5, 40, 2,
        '{"train/loss":0.5}', @evaluation, @version${stages === null ? '' : ', @stages, @preset'})`,
      )
      .run({
        id,
        name,
        state,
        at,
        config: JSON.stringify(config),
        version: state === 'completed' ? 1 : null,
        evaluation:
          state === 'completed'
            ? JSON.stringify({
                version: 1,
                checkpoint: 'last',
                squaredError: 9.5,
                crossEntropy: null,
                psnr: 20,
                linearProbeAccuracy: 0.9,
                knnAccuracy: null,
                robustness: null,
                seconds: 1,
              })
            : null,
        ...(stages === null ? {} : { stages, preset: JSON.stringify({ id: 'rifai2011', form: 'quick', run: 'ae' }) }),
      })
  }
  for (let step = 1; step <= 12; step++)
    database
      .prepare('INSERT INTO points (run, series, step, epoch, seconds, value) VALUES (?, ?, ?, ?, ?, ?)')
      .run('abcdefgh', 'train/loss', step, step / 4, step / 8, step === 7 ? null : 1 / step)
  database.prepare('INSERT INTO previews (run, step, epoch, packed) VALUES (?, ?, ?, ?)').run('abcdefgh', 4, 1, encode(preview))
  database
    .prepare(
      `INSERT INTO exports (id, run, part, input, precision, file, sha256, bytes, opset, maxAbsDiff, inputs, outputs, createdAt)
    VALUES ('exported', 'abcdefgh', 'encoder', 'pixels', 'float32', '/x.onnx', 'ab', 5, 17, 1e-6, '[]', '[]', '2026-01-06')`,
    )
    .run()
  database.close()
  return file
}

for (const version of [1, 2]) {
  test(`everything in a database of version ${version} is there after the migration, with a backup of it as it was`, (t) => {
    const file = filled(t, version)
    const store = openStore(file)
    t.after(() => store.close())
    const runs = store.runs.list()
    assert.deepEqual(
      runs.map(({ id, state }) => [id, state]),
      [
        ['abcdefgh', 'completed'],
        ['bcdefghi', 'queued'],
        ['cdefghij', 'queued'],
        ['defghijk', 'running'],
      ],
    )
    for (const run of runs) {
      runSchema.parse(run)
      assert.deepEqual(
        [run.experiment, run.tags, run.notes, run.archived, run.bytes, run.place, run.processor, run.config.pretraining.kind],
        [null, [], '', false, null, null, null, 'none'],
      )
      assert.equal(run.preset?.id, version === 1 ? undefined : 'rifai2011')
      assert.equal(run.stages.length, version - 1)
    }
    assert.deepEqual([runs[0]!.evaluation?.squaredError, runs[0]!.latest, runs[0]!.colour], [9.5, { 'train/loss': 0.5 }, 2])
    const [series] = store.points.series('abcdefgh', undefined, undefined)
    assert.deepEqual(
      [...series!.value].map((value, index) => (Number.isNaN(value) ? index : value * (index + 1))),
      [1, 1, 1, 1, 1, 1, 6, 1, 1, 1, 1, 1],
    )
    assert.deepEqual(store.previews.get('abcdefgh', 4), preview)
    assert.equal(store.exports.list()[0]?.runName, 'done')
    assert.deepEqual(store.runs.queued(), ['bcdefghi', 'cdefghij'], 'in the order in which they were queued')
    assert.deepEqual(store.datasets.list(), [sampleDataset])
    assert.deepEqual(store.experiments.list(), [])

    // What was running is interrupted, not taken up: it belongs to no experiment.
    const cut = store.runs.running()
    for (const { id } of cut) store.runs.interrupt(id, '2026-01-07', { code: 'RUN_FAILED', message: 'The engine ended.' })
    assert.equal(cut.length, 1)
    assert.deepEqual([store.runs.get('defghijk').state, store.runs.goingOn()], ['interrupted', []])
    // Nobody knows which version trained it, so it stands for no other run.
    assert.deepEqual(store.runs.finished('digits00', '0.1.0', 1), [])
    store.runs.insert({ ...runs[1]!, id: 'efghijkl', name: 'new' }, '2026-01-08')
    assert.deepEqual(store.runs.queued(), ['bcdefghi', 'cdefghij', 'efghijkl'])

    const backups = readdirSync(join(file, '..')).filter((name) => name.includes('.backup-'))
    assert.equal(backups.length, 1)
    const backup = openDatabase(join(file, '..', backups[0]!), migrations.slice(0, version))
    assert.equal(backup.prepare('SELECT count(*) FROM runs').pluck().get(), 4)
    assert.equal(backup.prepare('SELECT count(*) FROM points').pluck().get(), 12)
    backup.close()
  })
}
