import { WorkbenchError } from '../../../shared/errors.ts'
import { quoted } from '../remote/arrayScript.ts'
import type { Programs } from './programs.ts'

/** Never asks: whoever needs a password or a second factor has connected before, and shares that connection (ControlMaster). */
const options = ['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=10']
/** For rsync, which splits it at blanks. */
const rsyncShell = `ssh ${options.join(' ')}`

/** What ssh or rsync complain of, in the user's terms. `255`: ssh itself failed, and not what it was to run. */
function unreachable(host: string, thrown: unknown): unknown {
  if (!(thrown instanceof WorkbenchError)) return thrown
  const status = (thrown.cause as { code?: unknown } | undefined)?.code
  if (thrown.code !== 'PLACE_REFUSED') return thrown
  const words = thrown.message.replace(/^“\w+” refuses: /, '')
  if (/permission denied|host key verification|too many authentication|keyboard-interactive/i.test(words))
    return new WorkbenchError(
      'PLACE_UNREACHABLE',
      `ssh to ${host} wants to ask you something (${words}): connect once in a terminal with “ssh ${host}”, with ControlMaster and ` +
        'ControlPersist set for it in ~/.ssh/config or with a key in an agent; it is tried again.',
      { cause: thrown },
    )
  if (status === 255 || /connection (unexpectedly closed|refused|timed out)|could not resolve/i.test(words))
    return new WorkbenchError('PLACE_UNREACHABLE', `${host} cannot be reached by ssh (${words}); it is tried again.`, {
      cause: thrown,
    })
  if (status === 127)
    return new WorkbenchError(
      'PLACE_UNREACHABLE',
      `${host} lacks a program (${words}); install it there, or choose another host.`,
      {
        cause: thrown,
      },
    )
  return thrown
}

/** Programs of another machine, by the user's own `ssh`. */
export const sshPrograms =
  (local: Programs, host: string): Programs =>
  async (program, given, choices) => {
    try {
      return await local('ssh', [...options, '--', host, [program, ...given].map(quoted).join(' ')], choices)
    } catch (thrown) {
      throw unreachable(host, thrown)
    }
  }

/** Copying takes as long as it takes; one that stands still is given up. */
const copying = ['-a', '-s', '--timeout=60', '-e', rsyncShell]
const daySeconds = 86_400

async function rsync(local: Programs, host: string, given: readonly string[]): Promise<void> {
  try {
    await local('rsync', [...copying, ...given], { seconds: daySeconds })
  } catch (thrown) {
    throw unreachable(host, thrown)
  }
}

/** Copies what is in a folder here into one there, which is made where it lacks. */
export async function push(
  local: Programs,
  host: string,
  from: string,
  to: string,
  without: readonly string[] = [],
  how: readonly string[] = [],
): Promise<void> {
  // An rsync of ten years ago makes one level only.
  await sshPrograms(local, host)('mkdir', ['-p', to])
  await rsync(local, host, [...how, ...without.map((name) => `--exclude=${name}`), `${from}/`, `${host}:${to}/`])
}

/** Copies what is in a folder there into one here, as far as it is whole; nothing where there is no such folder yet. */
export async function pull(local: Programs, host: string, from: string, to: string): Promise<void> {
  try {
    await rsync(local, host, ['--exclude=*.partial', `${host}:${from}/`, `${to}/`])
  } catch (thrown) {
    const isMissing = thrown instanceof WorkbenchError && /change_dir .* failed: No such file or directory/.test(thrown.message)
    if (!isMissing) throw thrown
  }
}
