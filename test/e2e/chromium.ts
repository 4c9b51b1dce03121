import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const names =
  process.platform === 'win32'
    ? ['chrome.exe', 'chromium.exe']
    : ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
]

/** Chromium's binary: the one that WORKBENCH_TEST_CHROMIUM names, one in PATH, or one in its usual place; null when there is none. */
export function findChromium(): string | null {
  const given = process.env['WORKBENCH_TEST_CHROMIUM']
  if (given) return given
  const inPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => names.map((name) => join(folder, name)))
  return [...inPath, ...names.map((name) => join('/usr/bin', name)), ...places].find((place) => existsSync(place)) ?? null
}

/** Quiet, without a word to anybody outside; and without its sandbox where the user is root, as in containers. */
export const chromiumFlags: readonly string[] = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]
