import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { WorkbenchError } from '../../../shared/errors.ts'
import { findFrame, frameAt } from './frames.ts'
import { entryIn, journalFormat, type Entry } from './said.ts'

/** How far a journal was read: its bytes, whose it is by then, and the last number of that writer. */
export interface Reading {
  offset: number
  lease: string | null
  number: number
  /** Writers that were there before. */
  past: string[]
}
export const fromTheBeginning: Reading = { offset: 0, lease: null, number: -1, past: [] }

export interface Heard {
  /** What the present writers said since; of several, each from its lease on. */
  entries: Entry[]
  reading: Reading
  /** A sentence's end: why nothing can be read beyond `reading.offset`, although there is more; null at the end, be that torn. */
  damage: string | null
}

/** So much is read at once. */
const most = 64 * 2 ** 20

/**
 * Understands bytes of a journal from a place on. What was read before, what is said twice, and what writers say whose run was taken
 * over changes nothing. A torn frame is the end, unless what follows shows that nothing of whoever has the run is missing: somebody began
 * anew behind it, or it was another one who broke off there.
 */
export function understand(bytes: Buffer, before: Reading, start = before.offset): Heard {
  const entries: Entry[] = []
  const past = new Set(before.past)
  let { lease, number } = before
  let at = 0
  const heard = (damage: string | null = null): Heard => ({
    entries,
    reading: { offset: start + at, lease, number, past: [...past] },
    damage,
  })
  const lacksNothing = (value: unknown): boolean => {
    const entry = entryIn(value)
    if (entry === null) return false
    return entry.said.type === 'lease' || past.has(entry.lease) || (entry.lease === lease && entry.number <= number + 1)
  }
  while (at < bytes.length) {
    const frame = frameAt(bytes, at)
    if (frame === null || frame === 'torn') {
      const next = findFrame(bytes, at + 1)
      if (next === null) return heard()
      if (!lacksNothing(next.value)) return heard(`it cannot be read at byte ${start + at}`)
      at = next.at
      continue
    }
    const entry = entryIn(frame.value)
    if (entry === null) return heard(`a newer version of the workbench wrote it, or it is damaged at byte ${start + at}`)
    const { said } = entry
    if (said.type === 'lease' && said.format > journalFormat) return heard('a newer version of the workbench wrote it')
    if (said.type === 'lease' && entry.lease !== lease && !past.has(entry.lease)) {
      if (lease !== null) past.add(lease)
      lease = entry.lease
      number = -1
    }
    if (entry.lease === lease && entry.number > number) {
      if (entry.number > number + 1) return heard(`messages are missing at byte ${start + at}`)
      number = entry.number
      entries.push(entry)
    }
    at = frame.end
  }
  return heard()
}

/**
 * Reads what is new in a journal; nothing where there is none yet. It may be written meanwhile, and shown late by a shared disk.
 * @throws WorkbenchError PATH_UNREADABLE
 */
export function readJournal(file: string, before: Reading = fromTheBeginning): Heard {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { entries: [], reading: before, damage: null }
    throw unreadable(file, thrown)
  }
  try {
    const { size } = fstatSync(descriptor)
    // Shorter than it was: an older copy, or one that a shared disk has not shown whole yet.
    if (size <= before.offset) return { entries: [], reading: before, damage: null }
    const bytes = Buffer.allocUnsafe(Math.min(most, size - before.offset))
    const read = readSync(descriptor, bytes, 0, bytes.length, before.offset)
    return understand(bytes.subarray(0, read), before)
  } catch (thrown) {
    throw unreadable(file, thrown)
  } finally {
    closeSync(descriptor)
  }
}

const unreadable = (file: string, cause: unknown): WorkbenchError =>
  new WorkbenchError('PATH_UNREADABLE', `The journal ${file} cannot be read (${(cause as Error).message}); look at its disk.`, {
    cause,
  })

/** Everything that a journal says, however long it is. */
export function readWholeJournal(file: string): Heard {
  let all = readJournal(file)
  for (;;) {
    const more = readJournal(file, all.reading)
    if (more.reading.offset === all.reading.offset) return { ...more, entries: all.entries }
    all = { ...more, entries: [...all.entries, ...more.entries] }
  }
}

/** As if the journal ended behind these entries: it is read again from where they began, and what was said twice changes nothing. */
export function upTo(before: Reading, entries: readonly Entry[]): Reading {
  let reading = before
  for (const { lease, number } of entries)
    reading = {
      offset: before.offset,
      lease,
      number,
      past: lease === reading.lease || reading.lease === null ? reading.past : [...reading.past, reading.lease],
    }
  return reading
}

/**
 * Whether a journal has what weights of a run follow: the message that was said last before they were saved, and every step up to them.
 * Whoever began anew behind that message from an earlier step has taken the later ones back.
 */
export function isFollowed(entries: readonly Entry[], { lease, number }: Pick<Entry, 'lease' | 'number'>, step: number): boolean {
  const at = entries.findIndex((entry) => entry.lease === lease && entry.number === number)
  return at >= 0 && entries.slice(at + 1).every(({ said }) => said.type !== 'begun' || said.step >= step)
}
