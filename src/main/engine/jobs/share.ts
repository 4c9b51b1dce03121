import type { Progress } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Report } from '../evaluate/report.ts'
import type { Port } from '../training/port.ts'

/** For work that takes a signal and tells its progress. */
export const telling = (port: Port) => ({
  signal: port.signal,
  onProgress: (progress: Progress) => port.send({ type: 'progress', progress }),
})

const cancelled = (): Error => new WorkbenchError('CANCELLED', 'It was cancelled; nothing was kept.')

/**
 * Tells the share of a stage that is done as per cent of the whole job, of which the stage is the part `from` to `to`, and lets the
 * engine end it.
 * @throws what `stopped` makes where that was asked for
 */
export const reporting =
  (port: Port, stage: string, { from = 0, to = 1, stopped = cancelled } = {}): Report =>
  async (share) => {
    const done = Math.round(100 * (from + (to - from) * Math.min(1, share)))
    port.send({ type: 'progress', progress: { done, total: 100, unit: 'per cent', perSecond: null, secondsLeft: null, stage } })
    if (await port.wanted()) throw stopped()
  }
