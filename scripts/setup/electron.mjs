// Electron's binary, in its own way. That it cannot be had is no error: the workbench then runs in the browser.
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { answers } from './download.mjs'
import { run, watchFolder } from './files.mjs'
import { cacheFolder, node24Path, packageFolder } from './places.mjs'
import { progress } from './report.mjs'
import { readStamp, writeStamp } from './stamp.mjs'

const binaryName = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform] ?? 'electron'

/** The path of Electron's binary, or null. ELECTRON_OVERRIDE_DIST_PATH names the folder of another one, as in Electron's own tools. */
export function electronPath(env = process.env) {
  if (env.ELECTRON_OVERRIDE_DIST_PATH) {
    const other = join(env.ELECTRON_OVERRIDE_DIST_PATH, binaryName)
    return existsSync(other) ? other : null
  }
  try {
    const folder = packageFolder('electron')
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const installed = readFileSync(join(folder, 'dist', 'version'), 'utf8')
      .trim()
      .replace(/^v/, '')
    const binary = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim())
    return installed === version && existsSync(binary) ? binary : null
  } catch {
    return null
  }
}

/** True where a window can be opened. */
export function hasDisplay(env = process.env) {
  return process.platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/**
 * Tries to get Electron's binary. An earlier failure is remembered, and the try not repeated unless `again`.
 * @returns {Promise<string | null>} null when it is there, else why it is not
 */
export async function installElectron({ again = false } = {}) {
  if (electronPath()) return null
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH) return `ELECTRON_OVERRIDE_DIST_PATH names a folder without ${binaryName}`
  const { electron } = readStamp()
  if (electron && !again) return electron
  const mirror = process.env.ELECTRON_MIRROR || process.env.npm_config_electron_mirror || 'https://github.com/'
  let reason = 'its download host cannot be reached'
  if (await answers(mirror)) {
    const folder = join(cacheFolder(), `electron.${process.pid}`)
    await mkdir(folder, { recursive: true })
    const shown = progress('Downloading Electron', 0)
    const stop = watchFolder(folder, (bytes) => shown.at(bytes))
    const { code, output } = await run(node24Path(), ['install.js'], {
      cwd: packageFolder('electron'),
      env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
      limit: 10 * 60_000,
    })
    stop()
    shown.done()
    await rm(folder, { recursive: true, force: true })
    if (code === 0 && electronPath()) {
      writeStamp({ electron: undefined })
      return null
    }
    reason = /No space left|ENOSPC/.test(output) ? 'the disk is full' : 'its download failed'
  }
  writeStamp({ electron: reason })
  return reason
}
