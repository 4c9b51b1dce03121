import { duration, rate } from '../../../shared/amounts.ts'
import type { Progress } from '../../../shared/domain.ts'
import { thousands } from '../../../shared/words.ts'
import { endSoon, exitCodeOf, type EndSignal } from '../ending.ts'

export interface Terminal {
  /** One line of news on standard error. */
  tell(text: string): void
  progress(label: string, progress: Progress, more?: string): void
  /**
   * Carries out `stop` at the first Ctrl-C; a second one ends the process at once. Who asks the process itself to end (SIGTERM,
   * SIGHUP) asks once: then everything is stopped, what comes later too, and the process ends within a time, whatever it waits
   * for. Returns the function that undoes this.
   */
  onInterrupt(stop: () => void): () => void
}

/** Where news is written; with `isTTY` a terminal that is so many columns wide. */
export type ErrorStream = Pick<NodeJS.WriteStream, 'write'> & Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>>

/** Without a terminal a line at most this often, in milliseconds. */
const sparse = 10_000

/** One keystroke may come twice, from the terminal and from npm; a person needs longer to ask again, in milliseconds. */
const echo = 500
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function line(label: string, { done, total, unit, perSecond, secondsLeft, stage }: Progress, more: string): string {
  const share = total > 0 ? `${Math.floor((100 * done) / total)}%` : ''
  const facts = [
    share,
    total > 0 && unit !== 'per cent' ? `${thousands(Math.floor(done))} of ${thousands(total)} ${unit}` : '',
    perSecond === null || unit === 'per cent' ? '' : `${rate(perSecond)} ${unit}/s`,
    secondsLeft === null ? '' : `${duration(secondsLeft)} left`,
    more,
  ]
  return `${label}: ${stage}  ${facts.filter((fact) => fact !== '').join('  ')}`
}

/** Progress and news on standard error: one line that changes on a terminal, sparse lines elsewhere. */
export function terminalOn(stream: ErrorStream): Terminal & { finish(): void } {
  let shown = false
  /** When the last line was written. */
  let lastLine = 0
  let stage = ''
  /** When the process was asked to end. */
  let ending = 0
  const finish = () => {
    if (shown) stream.write('\r\x1b[K')
    shown = false
  }
  return {
    finish,
    tell(text) {
      finish()
      stream.write(`${text}\n`)
    },
    progress(label, progress, more = '') {
      const text = line(label, progress, more)
      if (stream.isTTY) {
        stream.write(`\r\x1b[K${text.slice(0, (stream.columns ?? 80) - 1)}`)
        shown = true
      } else if (progress.stage !== stage || Date.now() - lastLine >= sparse) {
        lastLine = Date.now()
        stage = progress.stage
        stream.write(`${text}\n`)
      }
    },
    onInterrupt(stop) {
      let asked = 0
      const listener = (signal: EndSignal) => {
        const now = Date.now()
        if (signal !== 'SIGINT' && ending === 0) {
          ending = now
          endSoon(signal)
          // A second one within the echo is heard here; a later one as by any program.
          for (const each of ['SIGTERM', 'SIGHUP'] as const)
            process.on(each, () => {
              if (Date.now() - ending > echo) process.exit(exitCodeOf(each))
            })
        }
        if (asked === 0) {
          asked = now
          stop()
        } else if (now - asked > echo) process.exit(exitCodeOf(signal))
      }
      // Asked to end before: this is not begun any more.
      if (ending !== 0)
        setImmediate(() => {
          if (asked === 0) stop()
        })
      signals.forEach((signal) => process.on(signal, listener))
      return () => signals.forEach((signal) => process.off(signal, listener))
    },
  }
}
