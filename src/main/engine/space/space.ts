import { tmpdir } from 'node:os'
import type { ErrorInfo } from '../../../shared/errors.ts'
import type { Home } from '../home.ts'
import type { Log } from '../log.ts'
import { freeBytesOf, hasRoom, lackOf, meansFull } from '../files/disk.ts'
import { giveUpReserve, hasReserve, keepReserve, reserveBytes } from './reserve.ts'

/** How long until the disk is looked at again, in milliseconds: the first time, and at most. */
const soonest = 200,
  longest = 5000
/** A disk that is full again within so many milliseconds was not free. */
const steady = 10_000
/** So much must be writable in the home, and in the folder for temporary files, before anything goes on; in bytes. */
const homeRoom = 2 ** 20,
  temporaryRoom = 2 ** 16

interface Waiting {
  work: () => void
  bytes: number
}

/**
 * What waits for space on the disk, in one place: whoever meets a full disk leaves here what is to be done once there is room.
 * While anything lacks space the disk is looked at again and again, at growing intervals; then all of it is done, in order.
 */
export function createSpace(home: Home, log: Log) {
  const waiting = new Map<string, Waiting>()
  const listeners = new Set<() => void>()
  let lack: ErrorInfo | null = null
  let timer: NodeJS.Timeout | null = null
  let delay = soonest
  let cleared = 0
  let closed = false
  /** Nothing is kept back any more: what can be stored now is. */
  let ending = false

  const tell = () => listeners.forEach((listener) => listener())

  let keeping: Promise<void> = Promise.resolve()
  const reserveAgain = (): void => {
    keeping = keepReserve(home).catch((thrown: unknown) => {
      if (!meansFull(thrown, home.folder)) log('No space could be kept in reserve.', thrown)
    })
  }

  const isRoom = (): boolean => {
    const needed = Math.max(0, ...[...waiting.values()].map(({ bytes }) => bytes)) + (hasReserve(home) ? 0 : reserveBytes)
    const free = freeBytesOf(home.folder)
    return (free === null || free >= needed) && hasRoom(home.folder, homeRoom) && hasRoom(tmpdir(), temporaryRoom)
  }

  const check = (): void => {
    timer = null
    if (closed) return
    if (!isRoom()) {
      delay = Math.min(2 * delay, longest)
      timer = setTimeout(check, delay)
      return
    }
    lack = null
    cleared = Date.now()
    log('There is space on the disk again.')
    tell()
    reserveAgain()
    for (const [key, { work }] of [...waiting]) {
      // One of those before it may have filled the disk.
      if (lack !== null) return
      waiting.delete(key)
      attempt(key, work)
    }
  }

  const lacks = (thrown: unknown): void => {
    if (closed || lack !== null) return
    lack = lackOf(home.folder, thrown)
    log(`Waiting for space: ${lack.message}`)
    delay = Date.now() - cleared < steady ? Math.min(2 * delay, longest) : soonest
    timer = setTimeout(check, delay)
    tell()
  }

  /** Whether something was thrown for want of space; then everything that needs some waits. */
  const met = (thrown: unknown): boolean => {
    if (!meansFull(thrown, home.folder)) return false
    lacks(thrown)
    return true
  }

  /** Does it once there is space; what waited under this key before is forgotten. @param bytes that must be free for it */
  const later = (key: string, work: () => void, bytes = 0): void => {
    if (closed) return
    waiting.set(key, { work, bytes })
    lacks(null)
  }

  /** Does it now, or, where there is no space for it, once there is. Other errors are logged. @returns whether it was done */
  const attempt = (key: string, work: () => void): boolean => {
    if (lack !== null && !ending) {
      later(key, work)
      return false
    }
    try {
      work()
      waiting.delete(key)
      return true
    } catch (thrown) {
      if (met(thrown)) later(key, work)
      else log('Something that waited cannot be done.', thrown)
      return false
    }
  }

  reserveAgain()
  return {
    met,
    later,
    attempt,
    /** Why everything waits; null while there is space. */
    get lack() {
      return lack
    },
    /** Whether whoever wants to write should wait: there is no space, and the engine is not about to end. */
    get full() {
      return lack !== null && !ending
    },
    /** Gives up what is kept in reserve, for what must be stored now. @returns whether there was any */
    giveUp: (): boolean => giveUpReserve(home),
    forget: (key: string): void => void waiting.delete(key),
    /** Carries out what ends, removes or frees something: on a full disk with what was kept in reserve for that. It may be done twice. */
    async withReserve<T>(work: () => T | Promise<T>): Promise<T> {
      try {
        return await work()
      } catch (thrown) {
        if (!met(thrown) || !giveUpReserve(home)) throw thrown
        return await work()
      }
    },
    /** The same, at once. */
    withReserveNow<T>(work: () => T): T {
      try {
        return work()
      } catch (thrown) {
        if (!met(thrown) || !giveUpReserve(home)) throw thrown
        return work()
      }
    },
    /** Resolves once there is space, or rejects with the signal's reason. */
    room(key: string, signal: AbortSignal): Promise<void> {
      return new Promise((resolve, reject) => {
        const stop = () => {
          waiting.delete(key)
          reject(signal.reason as Error)
        }
        if (signal.aborted) return stop()
        signal.addEventListener('abort', stop, { once: true })
        later(key, () => {
          signal.removeEventListener('abort', stop)
          resolve()
        })
      })
    },
    onChange: (listener: () => void): void => void listeners.add(listener),
    /** The engine ends: what is to be stored may use the reserve. */
    end(): void {
      ending = true
      if (lack === null) return
      giveUpReserve(home)
      for (const [key, { work }] of [...waiting]) attempt(key, work)
    },
    async close(): Promise<void> {
      closed = true
      if (timer !== null) clearTimeout(timer)
      waiting.clear()
      await keeping
    },
  }
}
export type Space = ReturnType<typeof createSpace>
