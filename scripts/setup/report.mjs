// What the set-up says: plain lines and progress on standard error, never on standard output, which belongs to the program that
// runs after it.

/** A failure that the user can act on: one plain sentence with its remedy. Anything else that is thrown is a defect of the set-up. */
export class SetupError extends Error {}

const interactive = process.stderr.isTTY === true
let lineOpen = false

/** Ends an unfinished progress line, so that what follows starts on its own line. */
function endLine() {
  if (lineOpen) process.stderr.write('\n')
  lineOpen = false
}

/** Says one line on standard error. */
export function say(line) {
  endLine()
  process.stderr.write(`${line}\n`)
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`

/**
 * A progress display for a long transfer: one line rewritten in place on a terminal, else one line every few seconds.
 * @param {string} what the transfer's name
 * @param {number} total bytes expected; 0 when unknown
 * @returns {{at(bytes: number): void, done(): void}} `at` takes the bytes so far
 */
export function progress(what, total) {
  const started = Date.now()
  let last = started
  let bytes = 0
  const line = () => {
    const seconds = Math.max(0.001, (Date.now() - started) / 1000)
    const share = total > 0 ? ` of ${megabytes(total)}, ${Math.min(100, Math.floor((bytes / total) * 100))}%` : ''
    return `${what}: ${megabytes(bytes)}${share}, ${megabytes(bytes / seconds)}/s`
  }
  return {
    at(now) {
      bytes = now
      if (Date.now() - last < (interactive ? 200 : 4000)) return
      last = Date.now()
      if (!interactive) return say(line())
      process.stderr.write(`\r\x1b[K${line()}`)
      lineOpen = true
    },
    done() {
      if (!interactive) return say(line())
      process.stderr.write(`\r\x1b[K${line()}`)
      lineOpen = true
      endLine()
    },
  }
}

/** A display for work whose size is not known: what it is, and the seconds that it took so far. */
export function waiting(what) {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  const show = () => {
    if (!interactive) return say(`${what}: ${seconds()} s`)
    process.stderr.write(`\r\x1b[K${what}: ${seconds()} s`)
    lineOpen = true
  }
  if (interactive) show()
  else say(`${what} ...`)
  const timer = setInterval(show, interactive ? 500 : 10_000)
  return {
    done() {
      clearInterval(timer)
      show()
      endLine()
    },
  }
}

const networkCodes = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']

/** Whether an error means that the network, or a host in it, gave no answer. */
export const unreachable = (error) => networkCodes.includes(error?.code)

/** The sentence for an error of the file system or the network, by its code; the message itself where the code is not known. */
export function explain(error, place = '') {
  const where = place ? ` (${place})` : ''
  if (unreachable(error))
    return `The network could not be reached${where}: check the connection (or HTTPS_PROXY), then run the command again.`
  switch (error?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk is full${where}: free about 2 GB, then run the command again.`
    // A read-only disk says ENOENT to a recursive mkdir.
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
      return (
        `A folder cannot be made or written${where || (error.path ? ` (${error.path})` : '')}: see that ` +
        'its disk can be written and give yourself permission there, then run the command again.'
      )
    default:
      return String(error?.message ?? error).split('\n')[0]
  }
}

/** Ends the process after a failure: the sentence and exit code 1, never a stack trace (WORKBENCH_DEBUG=1 shows it). */
export function fail(error) {
  say(error instanceof SetupError ? error.message : explain(error))
  if (process.env.WORKBENCH_DEBUG) say(error?.stack ?? '')
  process.exit(1)
}
