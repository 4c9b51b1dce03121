import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { DataPool } from '../../src/main/engine/explore/data.ts'
import { Subject } from '../../src/main/engine/explore/subject.ts'
import { importDataset } from '../../src/main/engine/data/import.ts'
import { readIndex } from '../../src/main/engine/data/open.ts'
import { ask, configOf } from '../fixtures/explored.ts'
import { temporaryFolder } from '../fixtures/homes.ts'
import { trainHere } from '../fixtures/trainHere.ts'

test('the field of a denoising autoencoder that was trained on a circle points to the circle, and its paths end there', async (t) => {
  const folder = temporaryFolder(t),
    datasetFolder = join(folder, 'circle'),
    runFolder = join(folder, 'run')
  await importDataset(
    { id: 'circle', name: 'circle', path: 'circle', fit: 'crop', folder: datasetFolder },
    { signal: new AbortController().signal, onProgress: () => {} },
  )
  const config = configOf(
    'denoising',
    {
      network: { layers: [64, 64], activation: 'tanh', codeActivation: 'tanh' },
      regularizer: { noise: 'gaussian', sigma: 0.3 },
      training: { epochs: 120, batchSize: 100, learningRate: 0.003 },
    },
    'vector',
  )
  await trainHere({ kind: 'train', runId: 'r', runFolder, datasetFolder, variant: 'denoising', config, seed: 1, resume: false })
  const { name, kind, count, width, height, channels, classes, fit } = { name: 'circle', ...readIndex(datasetFolder) }
  const subject = Subject.load(
    {
      key: 'r',
      runName: 'r',
      runFolder,
      checkpoint: 'result',
      dataset: { name, kind, count, width, height, channels, classes, fit, folder: datasetFolder },
      collapsed: null,
    },
    new DataPool(),
  )
  t.after(() => subject.close())

  const found = await ask(subject, { kind: 'field', size: 41, paths: 100, pathSteps: 150 })
  // Standardised, the circle's radius is about the square root of 2.
  const { coordinates } = found.data
  const radii = Array.from({ length: coordinates.length / 2 }, (_, i) =>
    Math.hypot(coordinates[2 * i]!, coordinates[2 * i + 1]!),
  ).sort((a, b) => a - b)
  const radius = radii[radii.length >> 1]!
  let outside = 0,
    inside = 0
  for (let row = 0; row < 41; row++) {
    for (let column = 0; column < 41; column++) {
      const x = found.x[column]!,
        y = found.y[row]!,
        own = Math.hypot(x, y),
        at = 2 * (row * 41 + column)
      const towards = (-(found.vectors[at]! * x + found.vectors[at + 1]! * y) / own) * Math.sign(own - radius)
      const cosine = towards / found.lengths[at / 2]!
      // Where the noise of training reached, but not on the ridge itself.
      if (own > 1.25 * radius && own < 1.6 * radius) {
        assert.ok(towards > 0.1 && cosine > 0.9, `outside at ${x}, ${y}: ${towards}, cosine ${cosine}`)
        outside++
      }
      if (own > 0.6 * radius && own < 0.75 * radius) {
        assert.ok(towards > 0.05 && cosine > 0.8, `inside at ${x}, ${y}: ${towards}, cosine ${cosine}`)
        inside++
      }
    }
  }
  assert.ok(outside > 100 && inside > 30, `${outside} and ${inside} places`)
  for (let path = 0; path < 100; path++) {
    const end = 2 * (path * 151 + 150),
      start = 2 * path * 151
    // From the middle, where no noise reached, it may lead anywhere.
    if (Math.hypot(found.paths[start]!, found.paths[start + 1]!) < 0.5 * radius) continue
    const reached = Math.hypot(found.paths[end]!, found.paths[end + 1]!)
    assert.ok(Math.abs(reached - radius) < 0.2 * radius, `a path ends at ${reached} instead of ${radius}`)
  }
})
