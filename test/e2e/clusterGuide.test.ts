import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandsHere } from '../fixtures/commandLine.ts'
import { writeDigitFolder } from '../fixtures/digitFolder.ts'
import { temporaryFolder } from '../fixtures/homes.ts'
import { hasSlurm, startCluster } from '../fixtures/slurm.ts'

const guide = readFileSync(new URL('../../docs/cluster.md', import.meta.url), 'utf8')

/** Words of a command as a shell would take them; the guide has plain words and double quotes only. */
const wordsOf = (line: string): string[] => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)

test('docs/cluster.md takes a new user from an account to a finished experiment, step by step', async (t) => {
  if (!hasSlurm()) return t.skip('Slurm is not installed')
  const cluster = await startCluster(t, 2)
  const base = temporaryFolder(t),
    shared = join(base, 'shared')
  mkdirSync(shared)
  writeDigitFolder(join(base, 'faces'), 120)
  const steps = guide.slice(guide.indexOf('## From an account'), guide.indexOf('## Another machine'))
  const plan = join(base, 'two-ways.json')
  writeFileSync(plan, /```json\n([\s\S]*?)```/.exec(steps)![1]!)
  const commands = [...steps.matchAll(/```sh\n\s*aebench (.*)\n\s*```/g)].map(([, line]) => wordsOf(line!))
  assert.equal(commands.length, 9, 'nine of its ten steps are commands')
  Object.assign(process.env, cluster.env)
  const line = commandsHere(base, join(base, 'home'))
  const places: Record<string, string> = {
    '~/images/faces': join(base, 'faces'),
    '/shared/workbench': join(shared, 'workbench'),
    'two-ways.json': plan,
  }
  const said: string[] = []
  for (const words of commands) {
    const { code, out, errors } = await line.run(...words.map((word) => places[word] ?? word))
    assert.equal(code, 0, `aebench ${words.join(' ')}: ${errors}${out}`)
    said.push(out)
  }
  assert.doesNotMatch(said[2]!, /^BAD/m, 'the check is content')
  assert.match(said[2]!, /wrote into the folder; that is seen here/)
  assert.match(said[3]!, /^#SBATCH --array=0-\d+$/m)
  assert.match(said[3]!, /^#SBATCH --partition=main$/m)
  assert.match(said[6]!, /4 of 4 runs have ended/)
  assert.equal(said[7]!.match(/completed/g)?.length, 4)
})
