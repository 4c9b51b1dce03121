import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { WorkbenchError } from '../../src/shared/errors.ts'
import { fitWords } from '../../src/shared/fitting.ts'
import { inspectImport } from '../../src/main/engine/data/inspect.ts'
import { planImport } from '../../src/main/engine/data/plan.ts'
import { byEachFit, previewImport } from '../../src/main/engine/data/preview.ts'
import { ProgressReporter } from '../../src/main/engine/data/progress.ts'
import { sentence } from '../../src/renderer/components/datasets/inspected.ts'
import { npy } from '../fixtures/npz.ts'

const work = mkdtempSync(join(tmpdir(), 'fitting-test-'))
after(() => rmSync(work, { recursive: true, force: true }))

/** White pictures of several sizes, some of them turned by Exif alone. */
async function whites(name: string, sizes: Record<string, number>, turned: Record<string, number> = {}): Promise<string> {
  const folder = join(work, name)
  mkdirSync(folder)
  for (const [orientation, kinds] of [
    [1, sizes],
    [6, turned],
  ] as const)
    for (const [size, times] of Object.entries(kinds)) {
      const [width = 1, height = 1] = size.split('x').map(Number)
      const jpeg = await sharp({ create: { width, height, channels: 3, background: '#fff' } })
        .withMetadata({ orientation })
        .jpeg()
        .toBuffer()
      for (let i = 0; i < times; i++) writeFileSync(join(folder, `${size}-${orientation}-${i}.jpg`), jpeg)
    }
  return folder
}

test('what each fit cuts, adds and squeezes is told exactly, of every image', async () => {
  const path = await whites('several', { '80x60': 5, '64x64': 2, '60x80': 1, '90x60': 3 }, { '80x60': 1 })
  const square = await inspectImport({ path, width: 64, height: 64, fit: 'crop' })
  assert.equal(square.sizedBy, 'chosen')
  const third = 1 - 60 / 90
  assert.deepEqual(square.fitting, {
    looked: 12,
    crop: { width: { images: 8, least: 0.25, most: third }, height: { images: 2, least: 0.25, most: 0.25 } },
    // 64 x 43: two thirds, in whole pixels.
    pad: { width: { images: 2, least: 0.25, most: 0.25 }, height: { images: 8, least: 0.25, most: 21 / 64 } },
    stretch: { width: { images: 8, least: 0.25, most: third }, height: { images: 2, least: 0.25, most: 0.25 } },
  })
  const words = (fit: 'crop' | 'pad' | 'stretch') => fitWords(fit, square.fitting!, square.count)
  assert.equal(words('crop'), 'cuts 25% to 33% of the width of 8 images and 25% of the height of 2 images')
  assert.equal(words('pad'), 'leaves 25% of the width of 2 images and 25% to 33% of the height of 8 images black')
  assert.equal(words('stretch'), 'squeezes the width of 8 images by 25% to 33% and the height of 2 images by 25%')

  // The black that is stored is the share that was told.
  const shown = await previewImport({ path, width: 64, height: 64, fit: 'pad' }, { images: 12, draw: 1 })
  const black = Array.from({ length: 12 }, (_, image) => {
    const pixels = shown.images.pixels.subarray(image * 64 * 64 * 3, (image + 1) * 64 * 64 * 3)
    return Math.round((pixels.filter((value) => value < 128).length / pixels.length) * 64)
  })
  assert.deepEqual(
    black.toSorted((a, b) => a - b),
    [0, 0, 16, 16, 16, 16, 16, 16, 16, 21, 21, 21],
  )
})

test('arrays, images all alike, and a size by default say what becomes of them', async () => {
  const path = join(work, 'rows.npy')
  writeFileSync(path, npy('|u1', [6, 8, 12], new Uint8Array(6 * 8 * 12)))
  const rows = await inspectImport({ path, width: 8, height: 8, fit: 'crop' })
  assert.equal(fitWords('crop', rows.fitting!, rows.count), 'cuts 33% of the width of all 6 images')
  const as = await inspectImport({ path, fit: 'crop' })
  assert.deepEqual([as.sizedBy, fitWords('pad', as.fitting!, as.count)], ['found', 'adds nothing'])
  assert.match(sentence(rows), /Its images become 8 × 8, as you chose\.$/)

  const large = await inspectImport({ path: await whites('large', { '500x333': 3 }), fit: 'crop' })
  assert.deepEqual([large.width, large.height, large.sizedBy], [64, 43, 'reduced'])
  assert.match(
    sentence(large),
    /They become 64 × 43 unless you choose another size: the longer side is reduced to 64 pixels, for quick training\.$/,
  )
  // Whole pixels ask for a little: that is told too, and is no reason to show pictures.
  assert.equal(fitWords('crop', large.fitting!, 3), 'cuts 1% of the width of all 3 images')
  assert.equal(fitWords('stretch', { ...large.fitting!, looked: 2 }, 9).endsWith(', of 2 that were looked at'), true)
  const one = await inspectImport({ path: join(work, 'large'), width: 20, fit: 'crop' })
  assert.match(sentence(one), /They become 20 × 13: one side as you chose, the other in proportion\.$/)
})

test('pictures by each fit are of images that it changes, and what fails with one fit is told of that one', async () => {
  const path = await whites('rare', { '64x64': 30, '128x64': 2 })
  const request = { path, width: 32, height: 32, fit: 'crop' as const }
  const { fitted, images } = await previewImport(request, { images: 4, draw: 3, fitted: 2 })
  assert.equal(images.count, 4)
  assert.deepEqual(
    fitted.map(({ fit, images, problem }) => [fit, images?.count, problem, images?.pixels.filter((value) => value < 128).length]),
    [
      ['crop', 2, null, 0],
      ['pad', 2, null, 2 * 32 * 16 * 3],
      ['stretch', 2, null, 0],
    ],
  )
  assert.deepEqual((await previewImport(request, { images: 4, draw: 3 })).fitted, [])

  const plan = await planImport(request, { progress: new ProgressReporter(undefined) })
  const folder = mkdtempSync(join(work, 'failing-'))
  const only: typeof plan.only = (rows, fit) => {
    const made = plan.only(rows, fit)
    if (fit !== 'pad') return made
    return { ...made, pack: () => Promise.reject(new WorkbenchError('DISK_FULL', 'The disk is full; make room on it.')) }
  }
  const some = await byEachFit({ ...plan, only }, 2, 3, folder, undefined)
  assert.deepEqual(
    some.map(({ images, problem }) => [images?.count ?? null, problem?.code ?? null]),
    [
      [2, null],
      [null, 'DISK_FULL'],
      [2, null],
    ],
  )
  await assert.rejects(byEachFit({ ...plan, only }, 2, 3, folder, AbortSignal.abort(new Error('another question'))), /another/)
  assert.ok(readdirSync(folder).length > 0)
})
