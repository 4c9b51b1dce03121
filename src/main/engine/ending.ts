/** How long a process that is asked to end may take to put everything in order, in milliseconds; then it ends as it is. */
const endGrace = 15_000

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
export type EndSignal = keyof typeof codes
export const exitCodeOf = (signal: EndSignal): number => codes[signal]

/**
 * From here on this process ends, whatever it waits for: a full disk, another command, an engine or a worker that does not
 * answer. Nothing is lost by it that a kill would not leave in order.
 */
export function endSoon(signal: EndSignal): void {
  setTimeout(() => process.exit(exitCodeOf(signal)), endGrace).unref()
}
