import { lstatSync, readdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** What is there, by its absolute path, and the shell's command that removes it. */
export interface Leftovers {
  folders: string[]
  files: string[]
  remove: string
}

const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)

/** Whether it is there and belongs to the user: others' files in a shared temporary folder are theirs. */
function isOwn(path: string): boolean {
  try {
    const uid = process.getuid?.()
    return uid === undefined || lstatSync(path).uid === uid
  } catch {
    return false
  }
}

function logsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name === '.ses' || /^mat-debug-\d+\.log$/.test(name))
      .map((name) => join(folder, name))
      .filter(isOwn)
  } catch {
    return []
  }
}

/**
 * What ONNX Runtime's telemetry keeps outside Windows: a folder with the device id and the events in the user's cache; in the temporary
 * folder the number of a session and a log for each process. (Seen with strace: 1.30 on Linux; the folder on macOS is what its
 * library names.)
 */
export function telemetryLeftovers(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  user = homedir(),
  temporary = tmpdir(),
): Leftovers {
  if (platform === 'win32') return { folders: [], files: [], remove: '' }
  const caches =
    platform === 'darwin' ? [join(user, 'Library', 'Application Support')] : [env['XDG_CACHE_HOME'] || join(user, '.cache')]
  const folders = caches.map((cache) => join(cache, 'Microsoft', 'DeveloperTools', '.onnxruntime')).filter(isOwn)
  const files = logsIn(temporary).sort()
  const logs = files.filter((file) => file.endsWith('.log'))
  const words = [...folders, ...files.filter((file) => !file.endsWith('.log'))].map(quoted)
  if (logs.length > 0) words.push(`${quoted(temporary)}/mat-debug-*.log`)
  return { folders, files, remove: words.length === 0 ? '' : `rm -r ${words.join(' ')}` }
}
