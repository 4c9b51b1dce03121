import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readdirSync, readlinkSync, renameSync, rmSync, statSync } from 'node:fs'
import { writeFileSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { bootId, startOf, textOf } from '../processes.ts'
import { fileSystemOf } from './fileSystem.ts'

/**
 * Who has a home, as a file of its own beside the database: for file systems whose locks do not work, or are only those of one
 * machine. Whoever wants the home writes a file under a name that nobody else has, and then looks at the files of all others:
 * with a living one among them it takes its own back. Of two that come at once at least one sees the other, so that never both
 * have it; and no file has to be taken over, which could not be done safely. A file is dead when its process is, or, where that
 * cannot be seen from here, when it was not renewed for long.
 */
const ownerSchema = z.object({
  id: z.string(),
  host: z.string(),
  machine: z.string(),
  boot: z.string(),
  space: z.string(),
  pid: z.int(),
  started: z.string(),
  since: z.string(),
})
export type Owner = z.infer<typeof ownerSchema>

/** How often the file of an owner is renewed, and after what time without that another machine may hold it for dead; in ms. */
export const renewal = 10_000
export const patience = 300_000

const prefix = 'owner-'
/** Names of files of owners, and of those on their way. */
export const isOwnerFile = (name: string): boolean => /^owner-[0-9a-f-]{36}\.(json|tmp)$/.test(name)

/** Owners that this process is. */
const ownIds = new Set<string>()

/** The process numbers of one container mean nothing in another. */
function space(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

const here = () => ({ host: hostname(), machine: textOf('/etc/machine-id'), boot: bootId(), space: space() })

/** `unseen`: a process of another machine or container, of which only the file tells. */
type Life = 'alive' | 'gone' | 'unseen'

/**
 * @param isLocal whether its disk is this machine's alone: copies of a machine share its name and id, so that on a shared disk an owner
 * of another start may be one of those
 */
function lifeOf(owner: Owner, isLocal: boolean): Life {
  const now = here()
  if (owner.host !== now.host || owner.machine !== now.machine || now.boot === '' || owner.boot === '') return 'unseen'
  // The same machine, started anew since: no process of then is left. Without an id it may be any machine of that name.
  if (owner.boot !== now.boot) return isLocal && now.machine !== '' ? 'gone' : 'unseen'
  if (owner.space !== now.space) return 'unseen'
  if (owner.pid === process.pid) return ownIds.has(owner.id) ? 'alive' : 'gone'
  return startOf(owner.pid) === owner.started && owner.started !== '' ? 'alive' : 'gone'
}

const timeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

export interface Found {
  file: string
  owner: Owner | null
  life: Life
}

/** The owners that have left a file in the home, dead ones too. `owner` null: a file that cannot be read. */
export function findOwners(folder: string): Found[] {
  const isLocal = fileSystemOf(folder).kind === 'local'
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.json') && isOwnerFile(name))
    .map((name) => {
      const file = join(folder, name)
      let owner: Owner | null = null
      try {
        owner = ownerSchema.parse(JSON.parse(textOf(file)))
      } catch {
        // Cut off by the end of its machine, or removed this moment.
      }
      return { file, owner, life: owner === null ? 'unseen' : lifeOf(owner, isLocal) }
    })
}

export interface Claim {
  /** Shows that the owner lives. False: somebody held it for dead, and its file is gone. */
  renew(): boolean
  release(): void
}

/**
 * Claims the home. Null where somebody else has it.
 * @param unseenAreDead whether another lock proves that who cannot be seen from here has not got the home: only this machine has its disk
 * Error: the system's, where the file cannot be written.
 */
export function claim(folder: string, unseenAreDead: boolean): Claim | null {
  for (let attempt = 0; ; attempt += 1) {
    const claimed = claimOnce(folder, unseenAreDead)
    if (claimed !== 'held' && claimed !== 'contended') return claimed
    if (claimed === 'held' || attempt === 4) return null
    // Two that came at once have both stepped back; they will hardly come at once again.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 + Math.random() * 60)
  }
}

/** How young a file is whose owner may yet step back, in ms. */
const undecided = 1000

function claimOnce(folder: string, unseenAreDead: boolean): Claim | 'held' | 'contended' {
  const id = randomUUID(),
    file = join(folder, `${prefix}${id}.json`),
    temporary = join(folder, `${prefix}${id}.tmp`)
  const owner: Owner = { id, ...here(), pid: process.pid, started: startOf('self') ?? '', since: new Date().toISOString() }
  ownIds.add(id)
  const release = (): void => {
    ownIds.delete(id)
    for (const name of [temporary, file]) rmSync(name, { force: true })
  }
  try {
    writeFileSync(temporary, JSON.stringify(owner), { mode: 0o600, flush: true })
    renameSync(temporary, file)
    const others = findOwners(folder).filter((other) => other.file !== file)
    // Both times are the file server's, whose clock need not be ours.
    const now = timeOf(file)
    const isSilent = (other: string): boolean => now - timeOf(other) > patience
    const isDead = ({ life, file: other }: Found): boolean =>
      life === 'gone' || (life === 'unseen' && (unseenAreDead || isSilent(other)))
    const living = others.filter((other) => !isDead(other))
    if (living.length > 0) {
      const isContended = living.every((other) => now - timeOf(other.file) < undecided)
      release()
      return isContended ? 'contended' : 'held'
    }
    for (const other of others) rmSync(other.file, { force: true })
  } catch (thrown) {
    release()
    throw thrown
  }
  return { release, renew: () => renew(file) }
}

function renew(file: string): boolean {
  try {
    const descriptor = openSync(file, 'r+')
    try {
      // Written, not touched: the server's clock gives the time.
      writeSync(descriptor, '{', 0)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    return true
  } catch (thrown) {
    // A disk that is full or away for a while takes nothing from us.
    return (thrown as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}
