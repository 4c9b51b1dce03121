import { test } from 'node:test'
import { campaigns } from '../campaign/index.ts'
import { temporaryFolder } from '../fixtures/homes.ts'

for (const { name, title, short, run } of campaigns) {
  test(`${name}: ${title}`, { timeout: 240_000, skip: process.platform !== 'linux' && 'looks into /proc' }, async (t) => {
    const counts = await run({ seed: 1, rounds: short, folder: temporaryFolder(t) })
    t.diagnostic(`${name}: ${JSON.stringify(counts)}`)
  })
}
