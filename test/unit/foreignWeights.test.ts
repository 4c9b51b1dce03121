import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Config, Settings } from '../../src/shared/config.ts'
import { checkpointFile, describeCheckpointFile } from '../../src/main/engine/checkpoint/checkpoint.ts'
import { readSafetensors, writeSafetensors } from '../../src/main/engine/checkpoint/safetensors.ts'
import { readWeightsFile } from '../../src/main/engine/checkpoint/weightsFile.ts'
import { resolveConfig } from '../../src/main/engine/variants/index.ts'
import { writeFakeCheckpoint } from '../fixtures/fakeCheckpoint.ts'
import { homeWithDataset, over, temporaryFolder, testEngine } from '../fixtures/homes.ts'

/** Checkpoints that come from elsewhere: of a newer version, or of networks that other data would mean nothing to. */

const facts = { rowSize: 16, kind: 'image', size: { width: 4, height: 4, channels: 1 }, trainCount: 900 } as const

function fileOf(folder: string, variant: string, settings: Settings, known: object = facts): string {
  const { config, problems } = resolveConfig(variant, { 'network.layers': [3], ...settings }, known)
  assert.deepEqual(problems, [])
  writeFakeCheckpoint({ runFolder: folder, datasetFolder: folder, variant, config: config!, seed: 1 }, 8)
  return checkpointFile(folder, 'last')
}

test('what a newer version wrote is no damage: its format, its variants, its settings and their values are named', (t) => {
  const folder = temporaryFolder(t)
  const file = fileOf(folder, 'classical', {})
  const { tensors, metadata } = readSafetensors(file)
  const config = JSON.parse(metadata['config']!) as Config
  const changed = (change: object): string => JSON.stringify({ ...config, ...change })
  for (const [more, says] of [
    [{ formatVersion: '2' }, /is written in format 2/],
    [{ variant: 'quantum' }, /is of the variant “quantum”/],
    [{ config: changed({ network: { ...config.network, experts: 4 } }) }, /was trained with the setting network\.experts/],
    [{ config: changed({ sampling: {} }) }, /was trained with the setting sampling/],
    [{ config: changed({ training: { ...config.training, optimizer: 'muon' } }) }, /was trained with training\.optimizer “muon”/],
  ] as const) {
    writeSafetensors(file, { tensors, metadata: { ...metadata, ...more } })
    for (const read of [readWeightsFile, describeCheckpointFile])
      assert.throws(() => read(file), {
        code: 'FILE_UNSUPPORTED',
        message: new RegExp(`${says.source}, which this version .*update`),
      })
  }
  // What nobody can have written is damage.
  writeSafetensors(file, { tensors, metadata: { ...metadata, config: changed({ training: { ...config.training, epochs: -3 } }) } })
  for (const read of [readWeightsFile, describeCheckpointFile]) assert.throws(() => read(file), { code: 'CHECKPOINT_DAMAGED' })
  // Files of before there was a format have none.
  const { formatVersion: _, ...older } = metadata
  writeSafetensors(file, { tensors, metadata: older })
  assert.equal(readWeightsFile(file).variant, 'classical')
})

test('weights are evaluated on data that they can be of, by the rules of those that train on', async (t) => {
  const home = homeWithDataset(t, [
    { id: 'vectors0', name: 'vectors', kind: 'vector', width: 16, height: 1, sha256: 'e'.repeat(64) },
  ])
  const { call, next } = testEngine(t, home)
  const vectors = { rowSize: 16, kind: 'vector', trainCount: 900 } as const
  for (const [variant, settings, known, dataset, says] of [
    ['classical', {}, facts, 'vectors', /\(reconstruction there\)\. This dataset has values outside \[0, 1\]/],
    ['variational', {}, facts, 'vectors', /\(regularizer\.decoder there\)\. A Bernoulli decoder needs data in \[0, 1\]/],
    ['rbm', {}, facts, 'vectors', /\(regularizer\.visible there\)/],
    ['classical', { 'data.binarise': 'fixed', reconstruction: 'squaredError' }, facts, 'vectors', /data\.binarise/],
    ['classical', {}, vectors, 'digits', null],
    ['classical', { 'training.batchSize': 900 }, { ...facts, trainCount: 2000 }, 'digits', null],
  ] as const) {
    const weights = fileOf(temporaryFolder(t), variant, settings, known)
    const start = call('weights.evaluate', { weights, dataset })
    if (says !== null)
      await assert.rejects(start, (thrown: { code: string; field: string; message: string }) => {
        assert.deepEqual([thrown.code, thrown.field], ['RUN_MISMATCH', 'dataset'], thrown.message)
        assert.match(thrown.message, says)
        assert.match(thrown.message, /choose a dataset like that one\.$/)
        return true
      })
    else await over({ next }, await start)
  }
  assert.equal(
    (await call('runs.list', {})).runs.filter(({ origin }) => origin?.kind === 'weights').length,
    readdirSync(join(home, 'runs')).length,
  )
})
