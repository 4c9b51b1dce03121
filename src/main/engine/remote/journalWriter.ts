import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { writeAll } from '../files/durable.ts'
import { findFrame, frameAt, frameOf } from './frames.ts'
import { asWritten, entryIn, journalFormat, type Lease, type Said } from './said.ts'

/** Somebody else has begun to train the run: what this process does with it is of no use any more. */
export class TakenOver extends Error {
  constructor() {
    super('somebody else trains this run now')
  }
}

/**
 * How far bytes of a journal are whole frames among which nobody but `lease` begins. Whoever had the run before may say one more thing;
 * nobody listens to that. @throws TakenOver
 */
function behindOurs(bytes: Buffer, lease: string): number {
  for (let at = 0; ;) {
    const found = frameAt(bytes, at)
    const frame = found === null || found === 'torn' ? findFrame(bytes, at + 1) : found
    if (frame === null) return at
    const entry = entryIn(frame.value)
    if (entry?.said.type === 'lease' && entry.lease !== lease) throw new TakenOver()
    at = frame.end
  }
}

/** Whoever appends to a run's journal: from its lease on until another one takes the run over. */
export class JournalWriter {
  readonly id = randomBytes(8).toString('hex')
  readonly #file: string
  readonly #descriptor: number
  #number = 0
  /** How far it has seen what stands in the file: its own frames too, because another's may have come between them. */
  #seen: number

  /** The last message that it has said. */
  get last(): { lease: string; number: number } {
    return { lease: this.id, number: this.#number - 1 }
  }

  /** Takes the run over. @throws what the system throws */
  constructor(file: string, about: Omit<Lease, 'type' | 'format'>) {
    this.#file = file
    this.#descriptor = openSync(file, 'a', 0o600)
    this.#seen = fstatSync(this.#descriptor).size
    this.say({ type: 'lease', format: journalFormat, ...about })
    this.commit()
  }

  /**
   * Appends a message. @throws TakenOver; what the system throws, a full disk among that: then nothing of it is there, and it can be
   * said again
   */
  say(said: Said): void {
    this.requireOurs()
    const frame = frameOf({ lease: this.id, number: this.#number, at: Date.now(), said: asWritten(said) })
    try {
      writeAll(this.#descriptor, frame)
    } catch (thrown) {
      // A part of it may be there: nobody could read on behind that. What somebody else began meanwhile stays.
      this.requireOurs()
      ftruncateSync(this.#descriptor, this.#seen)
      throw thrown
    }
    this.#number += 1
  }

  /** Everything that was said is on the disk. @throws TakenOver; what the system throws */
  commit(): void {
    fsyncSync(this.#descriptor)
    this.requireOurs()
  }

  /** Looks, with fresh eyes as shared disks want it, whether somebody else has written. @throws TakenOver */
  requireOurs(): void {
    const descriptor = openSync(this.#file, 'r')
    try {
      const { size } = fstatSync(descriptor)
      if (size <= this.#seen) return
      const more = Buffer.alloc(size - this.#seen)
      this.#seen += behindOurs(more.subarray(0, readSync(descriptor, more, 0, more.length, this.#seen)), this.id)
    } finally {
      closeSync(descriptor)
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
