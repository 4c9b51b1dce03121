import type { Progress } from '../../../shared/domain.ts'

const intervalMs = 150

/** Reports at most about seven times a second, and always the first and the last state of a stage. */
export class Meter {
  private readonly report: (progress: Progress) => void
  private stage = ''
  private started = 0
  private last = 0

  constructor(report: ((progress: Progress) => void) | undefined) {
    this.report = report ?? (() => {})
  }

  /** @param total 0 while it is not known. */
  update(stage: string, done: number, total: number, unit = 'images'): void {
    const now = performance.now()
    if (stage !== this.stage) {
      this.stage = stage
      this.started = now
      this.last = 0
    }
    if (now - this.last < intervalMs && done !== total) return
    this.last = now
    const seconds = (now - this.started) / 1000
    const perSecond = seconds > 0.2 && done > 0 ? done / seconds : null
    const secondsLeft = perSecond && total > 0 ? Math.max(0, (total - done) / perSecond) : null
    this.report({ stage, done, total, unit, perSecond, secondsLeft })
  }
}
