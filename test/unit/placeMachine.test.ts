import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readJobs, type Job } from '../../src/main/engine/places/jobs.ts'
import { decide, nothingYet, type Decision, type OpenRun, type PlaceState } from '../../src/main/engine/places/machine.ts'

const minute = 60_000
const run = (id: string, more: Partial<OpenRun> = {}): OpenRun => ({
  id,
  folder: '/f',
  state: 'submitted',
  heard: 0,
  unread: false,
  ...more,
})
let ids = 0
/** All runs in one task. */
const ways = { group: (runs: readonly string[]) => [[...runs]], newId: () => `s${++ids}` }
const look = (state: PlaceState, now: number, runs: OpenRun[], jobs: Job[] | null = []): Decision =>
  decide(state, { now, runs, jobs, most: null }, ways)
/** As if what was decided had been handed over. */
const handed = ({ state }: Decision, job: string): PlaceState => ({
  ...state,
  submissions: state.submissions.map((each) => ({ ...each, job: each.job ?? job })),
})

/** A submission whose job is lost, as often as asked; what is decided last. */
function lostAgain(state: PlaceState, runs: () => OpenRun[], times: number, from = 0): { last: Decision; now: number } {
  let now = from,
    last = look(state, now, runs())
  for (let time = 1; time <= times; time++) {
    const known = handed(last, String(100 + time + from))
    last = look(look(known, (now += minute), runs()).state, (now += 2 * minute), runs())
  }
  return { last, now }
}

test('three jobs that get nowhere are enough, and whoever is sent again begins anew', () => {
  const { last, now } = lostAgain(nothingYet, () => [run('a')], 3)
  assert.deepEqual(
    last.stuck.map((each) => each.run),
    ['a'],
  )
  assert.deepEqual(last.state, nothingYet, 'nothing of it is left')
  const again = look(last.state, now + minute, [run('a')])
  assert.equal(again.submit.length, 1)
})

test('runs that wait for their turn behind others that get on are handed over as often as it takes', () => {
  let left = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  let state: PlaceState = nothingYet,
    now = 0
  for (let round = 0; left.length > 0; round++) {
    const runs = () => left.map((id) => run(id))
    const known = handed(look(state, now, runs()), String(round + 1))
    // Its job ends one run, and is gone.
    left = left.slice(1)
    const gone = look(known, (now += minute), runs())
    const next = look(gone.state, (now += 2 * minute), runs())
    assert.deepEqual(next.stuck, [])
    state = next.state
  }
  assert.equal(look(state, now + minute, []).state.submissions.length, 0)
})

test('nothing is decided of what could not be read, or where the scheduler could not be asked', () => {
  const first = handed(look(nothingYet, 0, [run('a')]), '7')
  for (const [runs, jobs] of [
    [[run('a', { unread: true })], []],
    [[run('a')], null],
  ] as [OpenRun[], Job[] | null][]) {
    let state = first
    for (let now = minute; now < 30 * minute; now += minute) {
      const decision = look(state, now, runs, jobs)
      assert.deepEqual([decision.submit, decision.unknown, decision.stuck], [[], [], []])
      state = decision.state
    }
  }
})

test('what a scheduler would not have is put together anew, and counts for nothing', () => {
  const tasks = [['a', 'b']]
  let state = look(nothingYet, 0, [run('a'), run('b')]).state
  for (let now = 0, time = 0; time < 8; time++) {
    assert.deepEqual(state.submissions[0]!.tasks, tasks)
    const refused = { ...state, submissions: state.submissions.map((each) => ({ ...each, refused: true })) }
    const early = look(refused, (now += 1000), [run('a'), run('b')])
    assert.deepEqual(early.submit, [])
    const late = look(early.state, (now += 2 * minute), [run('a'), run('b')])
    assert.equal(late.submit.length, 1)
    assert.deepEqual(late.stuck, [])
    assert.notEqual(late.state.submissions[0]!.id, state.submissions[0]!.id)
    state = late.state
  }
})

test('a number that was lost is found by the name, and one that is another’s by now is not ours', () => {
  const first = look(nothingYet, 0, [run('a')])
  const { id } = first.state.submissions[0]!
  const line = (job: string, name: string) => `${job}_0|RUNNING|None|0:0|0|node1|${name}|\n`
  const found = look(first.state, minute / 2, [run('a')], readJobs(line('9', `x.${id}`)))
  assert.equal(found.state.submissions[0]!.job, '9')
  assert.deepEqual(found.submit, [])
  const other = look(found.state, minute, [run('a')], readJobs(line('9', 'somebody.else')))
  assert.deepEqual(Object.keys(other.state.submissions[0]!.gone), ['0'])
})

test('what squeue prints is read whatever stands in it', () => {
  const text =
    'sbatch: a banner of the site\n' +
    '12_[0-2,7%2]|PENDING|Resources|0:0|0||a b|c.d|\n' +
    '12_3|CANCELLED by 0|None|0:15|1|n1|x.y|\n13|COMPLETING+|None|0|0|n2|z|\nnonsense|||\n'
  assert.deepEqual(
    readJobs(text).map(({ job, task, state, name }) => [job, task, state, name]),
    [
      ...[0, 1, 2, 7].map((task) => ['12', task, 'PENDING', 'a b|c.d']),
      ['12', 3, 'CANCELLED', 'x.y'],
      ['13', null, 'COMPLETING', 'z'],
    ],
  )
})
