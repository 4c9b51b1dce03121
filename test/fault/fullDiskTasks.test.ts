import { test } from 'node:test'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onSmallDisk, whyNoSmallDisk } from '../fixtures/smallDisk.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

const script = fileURLToPath(new URL('../fixtures/fullDiskTasks.ts', import.meta.url))
const why = whyNoSmallDisk()

for (const [name, title] of Object.entries({
  packing: 'an experiment is packed whole or not at all',
  unpacking: 'an experiment is unpacked whole or not at all, wherever the room ends',
  embedding: 'codes are kept and written, or neither',
  exporting: 'an ONNX file and its row come together',
  pruning: 'a pruned run is whole or not there',
  thinning: 'runs are thinned out with no room for it, and keep their weights',
})) {
  test(`full disk: ${title}; after space returns it works`, { timeout: 120_000, skip: why ?? false }, async (t) => {
    assert.equal(await onSmallDisk(script, join(temporaryFolder(t), 'disk'), 40, [name]), true)
  })
}
