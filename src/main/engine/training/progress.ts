import type { Progress } from '../../../shared/domain.ts'
import type { FromTrainer, Point } from './messages.ts'
import type { Position } from '../checkpoint/checkpoint.ts'

/** How often the engine hears of progress, in milliseconds. */
const reportInterval = 200

/** Keeps time and points of one run: how far, how fast, how long still, and the values of its curves. */
export class TrainingProgress {
  readonly #secondsBefore: number
  readonly #stepBefore: number
  readonly #started = performance.now()
  /** Of all stages. */
  readonly steps: number
  #points: Point[] = []
  #sums: Float64Array | null = null
  #counted = 0
  #step: number
  #lastReport = 0
  #lastSave = performance.now()
  /** Recent (time, done) pairs of one unit, for the live rate. */
  #recent: { at: number; done: number }[] = []
  #unit = ''

  constructor(position: Position, steps: number) {
    this.#secondsBefore = position.seconds
    this.#stepBefore = position.step
    this.#step = position.step
    if (position.window) [this.#sums, this.#counted] = [Float64Array.from(position.window.sums), position.window.counted]
    this.steps = steps
  }

  /** Seconds of work on this run, those before a resume included. */
  seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#started) / 1000
  }

  /** Mean rate since this process began. */
  stepsPerSecond(): number | null {
    const done = this.#step - this.#stepBefore
    return done > 0 ? done / ((performance.now() - this.#started) / 1000) : null
  }

  count(terms: ArrayLike<number>): void {
    this.#step++
    this.#sums ??= new Float64Array(terms.length)
    for (let i = 0; i < terms.length; i++) this.#sums[i] = this.#sums[i]! + terms[i]!
    this.#counted++
  }

  /** What was counted since the last window, for a checkpoint; undefined where that is nothing. */
  get window(): Position['window'] {
    return this.#sums && this.#counted > 0 ? { sums: [...this.#sums], counted: this.#counted } : undefined
  }

  /** Turns what was counted since the last window into points: the mean over its steps. */
  endWindow(prefix: string, names: readonly string[], position: Position): void {
    if (!this.#sums || this.#counted === 0) return
    this.add(
      prefix,
      names,
      this.#sums.map((sum) => sum / this.#counted),
      position,
    )
    this.#sums = null
    this.#counted = 0
  }

  /** @param prefix of the series' keys, e.g. `train/`; nothing where the names are keys already */
  add(prefix: string, names: readonly string[], values: ArrayLike<number>, { step, epoch, seconds }: Position): void {
    names.forEach((name, index) => this.#points.push({ key: `${prefix}${name}`, step, epoch, seconds, value: values[index]! }))
  }

  takePoints(): Point[] {
    const collected = this.#points
    this.#points = []
    return collected
  }

  dueToReport(): boolean {
    return performance.now() - this.#lastReport >= reportInterval
  }

  saved(): void {
    this.#lastSave = performance.now()
  }

  secondsSinceSave(): number {
    return (performance.now() - this.#lastSave) / 1000
  }

  /** The body of a progress message; the rate is that of the last few seconds. */
  message(
    position: Position,
    { done, total, unit, stage }: Pick<Progress, 'done' | 'total' | 'unit' | 'stage'>,
  ): Omit<Extract<FromTrainer, { type: 'progress' }>, 'type'> {
    const now = performance.now()
    this.#lastReport = now
    // Between two stages images are counted: their rate is not that of steps.
    if (unit !== this.#unit) this.#recent = []
    this.#unit = unit
    this.#recent.push({ at: now, done })
    while (this.#recent.length > 2 && now - this.#recent[0]!.at > 5000) this.#recent.shift()
    const first = this.#recent[0]!
    const perSecond = now > first.at && done > first.done ? ((done - first.done) * 1000) / (now - first.at) : null
    return {
      progress: { done, total, unit, stage, perSecond, secondsLeft: perSecond ? (total - done) / perSecond : null },
      step: position.step,
      epoch: position.epoch,
      seconds: position.seconds,
      stepsPerSecond: unit === 'steps' ? perSecond : null,
    }
  }
}
