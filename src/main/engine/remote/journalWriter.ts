import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { writeAll } from '../files/durable.ts'
import { frameOf } from './frames.ts'
import { understand } from './journal.ts'
import { journalFormat, type Lease, type Said } from './said.ts'

/** Somebody else has begun to train the run: what this process does with it is of no use any more. */
export class TakenOver extends Error {
  constructor() {
    super('somebody else trains this run now')
  }
}

/** Whoever appends to a run's journal: from its lease on until another one takes the run over. */
export class JournalWriter {
  readonly id = randomBytes(8).toString('hex')
  readonly #file: string
  readonly #descriptor: number
  #number = 0
  /** Where its next frame is to be. */
  #offset: number

  /** The last message that it has said. */
  get last(): { lease: string; number: number } {
    return { lease: this.id, number: this.#number - 1 }
  }

  /** Takes the run over. @throws what the system throws */
  constructor(file: string, about: Omit<Lease, 'type' | 'format'>) {
    this.#file = file
    this.#descriptor = openSync(file, 'a', 0o600)
    this.#offset = fstatSync(this.#descriptor).size
    this.say({ type: 'lease', format: journalFormat, ...about })
    this.commit()
  }

  /**
   * Appends a message. @throws TakenOver; what the system throws, a full disk among that: then nothing of it is there, and it can be
   * said again
   */
  say(said: Said): void {
    this.requireOurs()
    const frame = frameOf({ lease: this.id, number: this.#number, at: Date.now(), said })
    try {
      writeAll(this.#descriptor, frame)
    } catch (thrown) {
      // A part of it may be there: nobody could read on behind that.
      ftruncateSync(this.#descriptor, this.#offset)
      throw thrown
    }
    this.#number += 1
    this.#offset += frame.length
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
      if (size <= this.#offset) return
      const more = Buffer.alloc(size - this.#offset)
      readSync(descriptor, more, 0, more.length, this.#offset)
      const { reading } = understand(more, { offset: this.#offset, lease: this.id, number: this.#number, past: [] })
      if (reading.lease !== this.id) throw new TakenOver()
      // Whoever had the run before may have said one more thing; nobody listens to that.
      this.#offset = size
    } finally {
      closeSync(descriptor)
    }
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
