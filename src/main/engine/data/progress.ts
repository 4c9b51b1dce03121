import type { Progress } from '../../../shared/domain.ts'

const intervalMs = 150
/** The rate is that of the last seconds: what a stage takes to get going says nothing about how long it will last. */
const windowMs = 3000

/** Reports at most about seven times a second, and always the first and the last state of a stage. */
export class ProgressReporter {
  private readonly report: (progress: Progress) => void
  private stage = ''
  private recent: { time: number; done: number }[] = []

  constructor(report: ((progress: Progress) => void) | undefined) {
    this.report = report ?? (() => {})
  }

  /** @param total 0 while it is not known. */
  update(stage: string, done: number, total: number, unit = 'images'): void {
    const time = performance.now()
    if (stage !== this.stage) {
      this.stage = stage
      this.recent = []
    }
    const last = this.recent.at(-1)
    if (last && time - last.time < intervalMs && (done !== total || last.done === total)) return
    this.recent.push({ time, done })
    while (this.recent.length > 2 && time - this.recent[0]!.time > windowMs) this.recent.shift()
    const first = this.recent[0]!,
      seconds = (time - first.time) / 1000
    const perSecond = seconds >= intervalMs / 1000 && done > first.done ? (done - first.done) / seconds : null
    const secondsLeft = perSecond !== null && total > 0 ? Math.max(0, (total - done) / perSecond) : null
    this.report({ stage, done, total, unit, perSecond, secondsLeft })
  }
}
