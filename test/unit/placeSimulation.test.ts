import { test } from 'node:test'
import assert from 'node:assert/strict'
import { noFaults, World, type Faults } from '../fixtures/cluster/world.ts'

/** Experiments, each on a cluster of its own kind of trouble; `WORKBENCH_SEEDS` has more of them lived through. */
const seeds = Number(process.env['WORKBENCH_SEEDS'] ?? 800)
const minutes = 3 * 24 * 60

/** What went wrong under a seed; null where nothing did. */
async function trouble(seed: number, faults: Faults = noFaults): Promise<string | null> {
  const world = new World(seed, 6, faults)
  const isOver = await world.live(minutes)
  const states = [...world.rows.values()].map(({ id, state, points }) => `${id} ${state} ${points.size}/${world.steps}`)
  return isOver && world.wrong.length === 0 ? null : `seed ${seed}: ${[...world.wrong, ...states].join('; ')}`
}

test('whatever a cluster does, every run is completed once, with every step once', async () => {
  for (let seed = 1; seed <= seeds; seed++) assert.equal(await trouble(seed), null)
})

test('the simulation notices an engine that believes listings, loses numbers, or goes on from weights without their steps', async () => {
  const planted: [Partial<Faults>, number][] = [
    [{ believesListings: true }, 50],
    [{ adopts: false }, 50],
    [{ follows: false }, 4000],
  ]
  for (const [fault, most] of planted) {
    let noticed: string | null = null
    for (let seed = 1; seed <= most && noticed === null; seed++) noticed = await trouble(seed, { ...noFaults, ...fault })
    assert.ok(noticed !== null, `${Object.keys(fault)[0]} was not noticed`)
  }
})
