import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDiskFull, toErrorInfo } from '../../../shared/errors.ts'
import { checkpointFile, describeCheckpointFile } from '../checkpoint/checkpoint.ts'
import type { FromWorker } from '../jobs/messages.ts'
import { processor } from '../machine.ts'
import { startWorker, type Worker } from '../queue/workers.ts'
import type { TrainResult } from '../training/messages.ts'
import { version } from '../version.ts'
import { readCheckpoints, removePartial, stampOf, stepOf, writeCheckpoints } from './checkpointsFile.ts'
import { folderFiles, type Sent, type SentRun } from './folder.ts'
import { isFollowed, readWholeJournal } from './journal.ts'
import { JournalWriter, TakenOver } from './journalWriter.ts'
import { isLast, type Entry, type Lease, type Said } from './said.ts'

export interface TaskParts {
  folder: string
  sent: Sent
  /** Where the dataset of the folder lies for this task. */
  dataset: string
  /** A folder of this task alone, on a disk of its machine. */
  scratch: string
  /** Of the processes that train. */
  worker: string
  /** Of the scheduler; null without one. */
  job: string | null
  host: string
  tell: (line: string) => void
  /** Aborts where the task's time is over: what trains saves and stops. */
  leave: AbortSignal
}

/** `over`: nothing more is to be done with it here; `later`: it goes on when the task is started again; `taken`: another task has it. */
export type Ended = 'over' | 'later' | 'taken'

/** How often wishes and a take-over are looked for, and progress is written at most, in milliseconds. */
const lookEvery = 2000,
  progressEvery = 2000
/** How long a full disk is waited for, before it is tried again, in milliseconds. */
const fullDelay = 5000
/** How often a process that dies is started again. */
const mostAttempts = 3

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Trains one run of a folder from where it is, as a local worker would; what that says goes into the run's journal. */
export class TaskRun {
  readonly #parts: TaskParts
  readonly #run: SentRun
  readonly #runFolder: string
  readonly #files: ReturnType<typeof folderFiles>
  #journal!: JournalWriter
  #worker: Worker | null = null
  #why: 'pause' | 'cancel' | 'later' = 'later'
  #stamp = ''
  #saved = performance.now()
  #told = 0
  #stage = ''
  #last: FromWorker | null = null
  /** Why nothing more can be kept of what is trained here. */
  #broken: unknown = null
  /** Messages are written one after the other, though a full disk may keep one waiting. */
  #writing: Promise<void> = Promise.resolve()

  constructor(parts: TaskParts, run: SentRun) {
    this.#parts = parts
    this.#run = run
    this.#runFolder = join(parts.scratch, run.run)
    this.#files = folderFiles(parts.folder)
  }

  /** Trains it to its end, or as far as it may. What is wrong with the run stands in its journal. @throws what the disk throws */
  async train(): Promise<Ended> {
    const { run } = this.#run,
      journal = this.#files.journal(run)
    const { entries, damage } = readWholeJournal(journal)
    if (damage !== null) this.#parts.tell(`The journal of ${run} is damaged: ${damage}.`)
    if (this.#isOver(entries)) return 'over'
    try {
      this.#journal = await this.#whenThereIsSpace(() => new JournalWriter(journal, this.#lease()))
      removePartial(this.#files.checkpoints(run))
      try {
        // What another machine said may have been shown late: whoever has written sees all that stands before.
        return await this.#trainFrom(readWholeJournal(journal).entries)
      } finally {
        this.#journal.close()
      }
    } catch (thrown) {
      if (thrown instanceof TakenOver) return 'taken'
      throw thrown
    } finally {
      this.#worker?.kill()
      rmSync(this.#runFolder, { recursive: true, force: true })
    }
  }

  /** Whether its journal has ended it; where its last weights are lost, or of before, it goes on to its end once more. */
  #isOver(entries: readonly Entry[]): boolean {
    const last = entries.at(-1)?.said
    if (last === undefined || !isLast(last)) return false
    if (last.type !== 'done') return true
    const step = stepOf(this.#files.checkpoints(this.#run.run), this.#run.run)
    return step === null || step === last.result.step
  }

  #lease(): Omit<Lease, 'type' | 'format'> {
    const { host, job, sent } = this.#parts
    const threads = this.#run.threads ?? sent.threads
    return { run: this.#run.run, host, job, startedAt: Date.now(), processor: processor(), threads, version }
  }

  async #trainFrom(before: readonly Entry[]): Promise<Ended> {
    this.#takeCheckpoints(before)
    for (let attempt = 1; ; attempt++) {
      const wish = this.#wish()
      if (wish !== null || this.#parts.leave.aborted) return this.#stopped(wish ?? 'later')
      const how = await this.#carryOut()
      if (this.#broken !== null) throw this.#broken
      if (this.#last?.type === 'stopped') return this.#why === 'later' ? 'later' : 'over'
      if (this.#last !== null) return 'over'
      this.#parts.tell(`The process that trained ${this.#run.name} ended with ${how} (attempt ${attempt} of ${mostAttempts}).`)
      if (attempt < mostAttempts) continue
      await this.#save(true)
      await this.#say({ type: 'died', how }, true)
      return 'over'
    }
  }

  /**
   * What was trained before, from the folder to this machine. Where that is damaged, or the disk has lost what the journal had said
   * by then, it is trained from the beginning, to the same end.
   */
  #takeCheckpoints(before: readonly Entry[]): void {
    const { run, name } = this.#run
    rmSync(this.#runFolder, { recursive: true, force: true })
    try {
      readCheckpoints(this.#files.checkpoints(run), run, join(this.#runFolder, 'checkpoints'), {
        knows: (after, step) => isFollowed(before, after, step),
      })
    } catch (thrown) {
      this.#parts.tell(`${name} begins anew: ${toErrorInfo(thrown).message}`)
      rmSync(this.#runFolder, { recursive: true, force: true })
    }
    this.#stamp = stampOf(this.#runFolder)
  }

  /** One process that trains, to its end. @returns how it ended */
  async #carryOut(): Promise<string> {
    const { run, variant, config, seed, threads, begins } = this.#run
    const { dataset, sent, worker: script, tell, leave } = this.#parts
    this.#last = null
    const worker = (this.#worker = startWorker(
      script,
      {
        kind: 'train',
        runId: run,
        runFolder: this.#runFolder,
        datasetFolder: dataset,
        variant,
        config,
        seed,
        resume: existsSync(checkpointFile(this.#runFolder, 'last')),
        copies: sent.copies,
        ...(begins ? { begin: this.#files.begin(run) } : {}),
      },
      threads ?? sent.threads,
      (message) => {
        this.#writing = this.#writing.then(() => this.#hear(message)).catch((thrown: unknown) => this.#give(thrown))
      },
      tell,
    ))
    const stop = (why: 'pause' | 'cancel' | 'later'): void => {
      this.#why = why
      worker.send({ type: 'pause' })
    }
    const onLeave = (): void => stop('later')
    leave.addEventListener('abort', onLeave, { once: true })
    if (leave.aborted) onLeave()
    const timer = setInterval(() => {
      const wish = this.#wish()
      if (wish !== null) stop(wish)
      this.#writing = this.#writing.then(() => this.#journal.requireOurs()).catch((thrown: unknown) => this.#give(thrown))
    }, lookEvery)
    const how = await worker.ended
    clearInterval(timer)
    leave.removeEventListener('abort', onLeave)
    await this.#writing
    return how
  }

  /** What was said cannot be kept: nothing more is to be trained. Whoever took the run over is the reason, if somebody has. */
  #give(thrown: unknown): void {
    this.#broken ??= thrown
    try {
      this.#journal.requireOurs()
    } catch (taken) {
      if (taken instanceof TakenOver) this.#broken = taken
    }
    this.#worker?.kill()
  }

  async #hear(message: FromWorker): Promise<void> {
    if (this.#broken !== null) return
    switch (message.type) {
      case 'progress': {
        const now = performance.now()
        if (now - this.#told < progressEvery && message.progress.stage === this.#stage) break
        this.#told = now
        this.#stage = message.progress.stage
        await this.#say(message)
        break
      }
      case 'points':
        await this.#say(message, message.flush)
        if (message.flush) this.#worker?.send({ type: 'committed' })
        break
      case 'waits':
        this.#parts.tell(`${this.#run.name} waits for space in ${this.#parts.scratch}.`)
        setTimeout(() => this.#worker?.send({ type: 'space' }), fullDelay).unref()
        return
      case 'done':
        await this.#save(true)
        await this.#say({ type: 'done', result: message.result as TrainResult }, true)
        this.#last = message
        return
      case 'stopped':
        await this.#save(true)
        await this.#say({ ...message, why: this.#why }, true)
        this.#last = message
        return
      case 'diverged':
        await this.#save(true)
        await this.#say(message, true)
        this.#last = message
        return
      case 'failed':
        await this.#save(true)
        // What a full disk of this machine kept from going on goes on elsewhere, or later.
        if (isDiskFull(message.error)) this.#last = { type: 'stopped', ...this.#position() }
        await this.#say(this.#last?.type === 'stopped' ? { ...this.#last, why: 'later' } : message, true)
        this.#last ??= message
        return
      default:
        await this.#say(message, message.type === 'begun' || message.type === 'evaluation')
    }
    await this.#save(false)
  }

  /** Where it stands, by its checkpoint. */
  #position(): { step: number; epoch: number; seconds: number } {
    const file = checkpointFile(this.#runFolder, 'last')
    if (!existsSync(file)) return { step: 0, epoch: 0, seconds: 0 }
    const { step, epoch, seconds } = describeCheckpointFile(file).position
    return { step, epoch, seconds }
  }

  /** Nothing was trained this time. */
  async #stopped(why: 'pause' | 'cancel' | 'later'): Promise<Ended> {
    await this.#say({ type: 'stopped', why, ...this.#position() }, true)
    return why === 'later' ? 'later' : 'over'
  }

  async #say(said: Said, durably = false): Promise<void> {
    await this.#whenThereIsSpace(() => this.#journal.say(said))
    if (durably) await this.#whenThereIsSpace(() => this.#journal.commit())
  }

  /** Puts the run's checkpoints into the folder where they have changed: now and then, or at once. */
  async #save(now: boolean): Promise<void> {
    if (!now && performance.now() - this.#saved < 1000 * this.#parts.sent.checkpointSeconds) return
    const stamp = stampOf(this.#runFolder)
    this.#saved = performance.now()
    if (stamp === this.#stamp) return
    await this.#whenThereIsSpace(() => {
      this.#journal.commit()
      writeCheckpoints(this.#files.checkpoints(this.#run.run), this.#run.run, this.#runFolder, this.#journal.last, () =>
        this.#journal.requireOurs(),
      )
    })
    this.#stamp = stamp
    this.#saved = performance.now()
  }

  /** A full quota is waited for; a task that has to leave does not. */
  async #whenThereIsSpace<T>(work: () => T): Promise<T> {
    for (let said = false; ; said = true) {
      try {
        return work()
      } catch (thrown) {
        if (!isDiskFull(thrown) || this.#parts.leave.aborted) throw thrown
        if (!said) this.#parts.tell(`There is no space in ${this.#parts.folder}; ${this.#run.name} goes on once there is some.`)
        await pause(fullDelay)
      }
    }
  }

  /** What somebody left word of for this run. */
  #wish(): 'pause' | 'cancel' | null {
    try {
      const text = readFileSync(this.#files.wish(this.#run.run), 'utf8').trim()
      return text === 'pause' || text === 'cancel' ? text : null
    } catch {
      return null
    }
  }
}
