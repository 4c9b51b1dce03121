import { test } from 'node:test'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onSmallDisk, whyNoSmallDisk } from '../fixtures/smallDisk.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

const script = fileURLToPath(new URL('../fixtures/fullDiskCases.ts', import.meta.url))
const why = whyNoSmallDisk()

for (const [name, title] of Object.entries({
  queue: 'a queue that met a full disk goes on by itself, whatever was to be stored; pausing and cancelling work meanwhile',
  start: 'an engine starts on a full disk and removes; without a reserve it says DISK_FULL',
  empty: 'the trash is emptied and datasets are removed where not one page can be written',
  command: 'train waits for space and says so; one SIGTERM ends it on a full disk',
})) {
  test(`full disk: ${title}`, { timeout: 100_000, skip: why ?? false }, async (t) => {
    const folder = temporaryFolder(t)
    assert.equal(await onSmallDisk(script, join(folder, 'disk'), 40, [name]), true)
  })
}

