import { rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isDiskFull } from '../../../shared/errors.ts'
import { chooseKeeping } from './keeping.ts'
import { fileSystemOf } from './fileSystem.ts'
import { claim, findOwners, renewal, type Claim, type Owner } from './owner.ts'
import { codeOf, connect, type Database } from './sqlite.ts'
import { isBusy, isDamage, troubleWith } from './trouble.ts'

export interface Lock {
  /** What keeps others away, in words. */
  readonly how: string
  release(): void
  /** Calls back when another machine has taken the home, having seen no sign of life for minutes (a machine that slept). */
  onLost(lost: () => void): void
}

/**
 * Takes a lock that lasts until `release` or the end of this process, however it ends; null when another process holds it. It
 * is two: the operating system's lock on the file, which cannot be stale; and an owner file (owner.ts), since on a network
 * drive the system's lock may be one machine's alone, or none. Both are needed, so that neither has to be believed. Errors: as
 * of `troubleWith`.
 */
export function tryLock(file: string): Lock | null {
  const folder = dirname(file)
  const system = systemLock(file)
  if (system === 'held') return null
  const { kind, name } = fileSystemOf(folder),
    isLocal = kind === 'local'
  let claimed: Claim | null
  try {
    claimed = claim(folder, isLocal && system !== null)
  } catch (thrown) {
    // On a disk of this machine the system's lock is enough, and a full disk must not keep anybody from making room.
    if (isLocal && system !== null && isDiskFull(thrown)) {
      return { how: 'by a lock of the system', release: () => void system.close(), onLost: () => {} }
    }
    system?.close()
    throw troubleWith(thrown, file) ?? thrown
  }
  if (claimed === null) {
    system?.close()
    return null
  }
  const stop = new AbortController()
  const held = claimed
  return {
    how:
      system === null
        ? `by an owner file alone, since files cannot be locked there (${name})`
        : isLocal
          ? 'by a lock of the system and an owner file'
          : `by a lock of the system and an owner file that is renewed, since other machines may not see the lock (${name})`,
    release: () => {
      stop.abort()
      held.release()
      system?.close()
    },
    // What only one machine has is believed by its processes' lives, and needs no renewal.
    onLost: (lost) => {
      if (!isLocal || system === null) void keepAlive(held, stop.signal, lost)
    },
  }
}

async function keepAlive(held: Claim, signal: AbortSignal, lost: () => void): Promise<void> {
  try {
    do await pause(renewal, undefined, { signal, ref: false })
    while (held.renew())
    lost()
  } catch {
    // Released.
  }
}

/** The operating system's lock, as SQLite takes it; null where this file system has none. */
function systemLock(file: string): Database | 'held' | null {
  for (let attempt = 0; ; attempt += 1) {
    let database: Database | undefined
    try {
      database = connect(file, { timeout: 0 })
      // Nothing is written, so that it can be taken on a full disk.
      database.pragma('journal_mode = MEMORY')
      database.exec('BEGIN EXCLUSIVE')
      return database
    } catch (thrown) {
      database?.close()
      if (isBusy(thrown)) return hasLocks(dirname(file)) ? 'held' : null
      // It holds nothing, so nothing is lost with it.
      const isUseless = isDamage(thrown) && statSync(file, { throwIfNoEntry: false })?.isFile() === true
      if (attempt > 0 || !isUseless) throw troubleWith(thrown, file) ?? thrown
      rmSync(file)
    }
  }
}

/** Whether a file that nobody else can have opened can be locked. */
function hasLocks(folder: string): boolean {
  try {
    return !chooseKeeping(folder).keeping.unlocked
  } catch (thrown) {
    // Nothing can be tried out on a folder that cannot be written: believe the lock.
    if (codeOf(thrown) !== '') return true
    throw thrown
  }
}

/** Who has the home, as far as that can be seen; for messages. */
export function holderOf(folder: string): (Owner & { isSeen: boolean }) | null {
  try {
    const found = findOwners(folder)
    const { owner = null, life } = found.find((each) => each.life === 'alive') ?? found.find((each) => each.life === 'unseen') ?? {}
    return owner === null ? null : { ...owner, isSeen: life === 'alive' }
  } catch {
    return null
  }
}
