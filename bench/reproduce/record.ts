import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'

const root = resolve(import.meta.dirname, '../..')

/** What a run's figures depend on besides its settings: the folders through which data flow, and the packages. */
const computing = ['data', 'network', 'variants', 'trace', 'training', 'checkpoint', 'evaluate'].map(
  (folder) => `src/main/engine/${folder}`,
)

const originSchema = z.object({
  /** Hash of the sources that computed it. */
  sources: z.string(),
  commit: z.string(),
  /** Processor, cores and memory. */
  machine: z.string(),
  /** Day on which it was started. */
  date: z.string(),
})
/** With what, where and when a run was trained. */
export type Origin = z.infer<typeof originSchema>

function sourcesHash(): string {
  const hash = createHash('sha256')
  const files = computing.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  )
  for (const file of [...files.sort(), 'package-lock.json'])
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0')
  return hash.digest('hex').slice(0, 16)
}

/** The commit that is checked out, and whether its sources were changed since; for copies without a history what can be said. */
function commitHere(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git('status', '--porcelain', '--', ...computing, 'package-lock.json') !== ''
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? ' with changes' : ''}`
  } catch {
    return 'unknown'
  }
}

/** What is true of a run that is trained now. */
export const originHere = (): Origin => ({
  sources: sourcesHash(),
  commit: commitHere(),
  date: new Date().toISOString().slice(0, 10),
  machine:
    `${cpus()[0]?.model.trim() || 'unknown processor'}, ${availableParallelism()} ` +
    `cores, ${Math.round(totalmem() / 1e9)} GB of memory`,
})

const recordsSchema = z.record(z.string(), originSchema)

/** The origins of the runs of one home folder, by run. */
export function recordsIn(home: string) {
  const file = join(home, 'reproduced.json')
  const records = existsSync(file) ? recordsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : {}
  return {
    of: (run: string): Origin | undefined => records[run],
    set(run: string, origin: Origin): void {
      records[run] = origin
      writeFileSync(`${file}.new`, `${JSON.stringify(records, null, 2)}\n`)
      renameSync(`${file}.new`, file)
    },
  }
}
export type Records = ReturnType<typeof recordsIn>
