import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { bareEnvironment, deeds, trap, type Deed, type Trapped } from '../../fixtures/trap.ts'

export const root = resolve(import.meta.dirname, '../../..')
const engine = join(root, 'src/main/engine')

/** What is started under the trap, and what it did in the end. */
export interface Workplace {
  /** Home folder of the workbench; where its user keeps images and wants files. */
  home: string
  target: string
  env: Record<string, string>
  /** A folder for what one program does. */
  record(name: string): string
  start(name: string, words: string[]): Trapped
  /** A command of `aebench`, to its end; the JSON on its last line. */
  command(...words: string[]): Promise<any>
  commandLine(script: 'cli.ts' | 'serve.ts', ...words: string[]): string[]
  /** What all programs together did that they should not have. */
  deeds(): Deed[]
  /** Fails when there was a deed, or when something is left in the temporary folder or the user's own. */
  judge(): void
}

/** A user with an empty home folder and temporary folder of their own, gone after the test. */
export function workplace(t: TestContext, { cwd = 'target' }: { cwd?: 'target' | 'root' } = {}): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-offline-'))
  const [home, target, records] = ['home', 'target', 'records'].map((name) => {
    mkdirSync(join(folder, name))
    return join(folder, name)
  }) as [string, string, string]
  const env = bareEnvironment(folder)
  const running: Trapped[] = []
  t.after(async () => {
    await Promise.all(running.map((each) => each.kill()))
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  let started = 0
  const record = (name: string): string =>
    join(records, `${String(++started).padStart(2, '0')} ${name.replace(/[^\w.-]+/g, ' ').slice(0, 40)}`)
  const start: Workplace['start'] = (name, words) => {
    const trapped = trap(record(name), words, { cwd: cwd === 'root' ? root : target, env })
    running.push(trapped)
    return trapped
  }
  const commandLine: Workplace['commandLine'] = (script, ...words) => [
    process.execPath,
    join(engine, script),
    ...words,
    ...(words.includes('--home') ? [] : ['--home', home]),
    '--json',
  ]
  const all = (): Deed[] =>
    readdirSync(records).flatMap((name) =>
      deeds(join(records, name), [home, target, env['TMPDIR']!], cwd === 'root' ? root : target).map(({ program, what }) => ({
        program: `${name}: ${program}`,
        what,
      })),
    )
  return {
    home,
    target,
    env,
    record,
    start,
    commandLine,
    deeds: all,
    async command(...words) {
      const { code, out, errors } = await start(words.slice(0, 2).join(' '), commandLine('cli.ts', ...words)).ended
      assert.equal(code, 0, `${words.join(' ')}: ${out}\n${errors}`)
      return JSON.parse(out.trimEnd().split('\n').at(-1)!)
    },
    judge() {
      assert.deepEqual(all(), [])
      for (const name of ['TMPDIR', 'HOME'])
        assert.deepEqual(existsSync(env[name]!) ? readdirSync(env[name]!) : [], [], `left in ${name}`)
    },
  }
}
