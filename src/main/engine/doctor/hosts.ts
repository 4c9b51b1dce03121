import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Check } from './check.ts'

const require = createRequire(import.meta.url)

/** What can show the workbench. */
export const checkHosts = (): Check[] => [desktop(), browser()]

/** Absence of one of the two hosts is no fault: the other one is used. */
function desktop(): Check {
  const chosen = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  let folder: string | undefined
  try {
    folder = chosen ?? join(dirname(require.resolve('electron/package.json')), 'dist')
  } catch {
    // Not even its package is there.
  }
  return {
    name: 'Electron',
    ok: true,
    detail: folder !== undefined && existsSync(folder) ? folder : 'not installed; the browser mode is used',
  }
}

function browser(): Check {
  const names =
    process.platform === 'win32' || process.platform === 'darwin' ? [] : ['xdg-open', 'chromium', 'google-chrome', 'firefox']
  const found = names
    .flatMap((name) => (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
  const detail = names.length === 0 ? "the system's own" : (found ?? 'none found here; open the printed address in one')
  return { name: 'Browser', ok: true, detail }
}
