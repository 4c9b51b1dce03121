// The locked npm packages, and the project's own Node 24 among them.
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { run } from './files.mjs'
import { node24Path, nodePackage, packageFolder, platform, root } from './places.mjs'
import { say, SetupError, waiting } from './report.mjs'

const readJson = async (file) => JSON.parse(await readFile(file, 'utf8'))

/** True when node_modules holds exactly what the lock file names (optional packages of other platforms aside). */
async function packagesFit() {
  const installedFile = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedFile)) return false
  const { '': _project, ...locked } = (await readJson(join(root, 'package-lock.json'))).packages
  const installed = (await readJson(installedFile)).packages
  for (const [place, { version, integrity, optional }] of Object.entries(locked)) {
    const found = installed[place]
    if (!found && optional) continue
    if (!found || found.version !== version || found.integrity !== integrity || !existsSync(join(root, place, 'package.json')))
      return false
  }
  return Object.keys(installed).every((place) => place in locked) && existsSync(node24Path())
}

/** npm, as a program and its first arguments. Never on the project's own Node, whose file npm is about to replace. */
function npm() {
  const { npm_execpath: script, npm_node_execpath: node } = process.env
  if (script && /npm-cli\.[cm]?js$/.test(script)) return { program: node || process.execPath, before: [script], shell: false }
  return { program: 'npm', before: [], shell: process.platform === 'win32' }
}

function npmSays({ code, output }) {
  const tail = output
    .trim()
    .split('\n')
    .filter((line) => /^npm (error|ERR!)/.test(line) && !/complete log/.test(line))
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, ''))
  if (code === 127) return 'npm was not found: install Node.js 20 or newer with npm, then run the command again.'
  if (/ENOSPC/.test(output)) return 'The disk is full: free about 2 GB, then run the command again.'
  if (/EUSAGE|can only install packages when/.test(output))
    return (
      'package-lock.json does not fit package.json: restore both (git ' +
      'checkout package.json package-lock.json), then run the command again.'
    )
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ERR_SOCKET_TIMEOUT/.test(output))
    return (
      'The npm registry could not be reached: check the network connection ' +
      'and "npm config get registry", then run the command again.'
    )
  if (/EACCES|EPERM/.test(output))
    return (
      `A folder cannot be written (${tail.find((line) => /path /.test(line)) ?? root}): ` +
      'give yourself write permission there, then run the command again.'
    )
  return (
    `npm could not install the packages: ${tail.at(0) ?? `it ended with code ${code}`}. ` +
    'Run "npm ci --ignore-scripts" to see all that npm says.'
  )
}

/** Installs exactly what the lock file names. Install scripts do not run: what they would fetch, the other steps of the set-up get. */
export async function installPackages() {
  if (!nodePackage())
    throw new SetupError(
      `The workbench does not run on ${platform}: use 64-bit Linux, macOS or Windows (x64, or arm64 on Linux and macOS).`,
    )
  if (await packagesFit()) return
  const shown = waiting('Installing the locked npm packages')
  const { program, before, shell } = npm()
  const args = [
    ...before,
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=2000',
  ]
  const result = await run(program, args, {
    cwd: root,
    shell,
    env: { ...process.env, NODE_ENV: '', ONNXRUNTIME_NODE_INSTALL: 'skip' },
  })
  shown.done()
  if (result.code !== 0) throw new SetupError(npmSays(result))
  if (!existsSync(node24Path())) {
    throw new SetupError(
      `npm left out the package ${nodePackage()}: allow optional packages ("npm config delete omit"), then run the command again.`,
    )
  }
}

async function link(target, place) {
  const temporary = `${place}.${process.pid}`
  await mkdir(dirname(place), { recursive: true })
  await symlink(relative(dirname(place), target), temporary)
  await rename(temporary, place).catch(async (error) => {
    await rm(temporary, { force: true })
    throw error
  })
}

/**
 * Puts the project's Node 24 where npm's `node` package would have put it, so that npm scripts run on it; and sees that it runs here.
 * Not on Windows, where a program cannot be replaced while it runs: there only what this project starts runs on Node 24.
 */
export async function linkNode() {
  const node = node24Path()
  const { code, output } = await run(node, ['--version'])
  if (code !== 0)
    throw new SetupError(
      `The project's Node 24 does not run on this system (${output.trim().split('\n')[0]}): ` +
        'it needs glibc 2.28 or newer, or macOS 13.5 or newer.',
    )
  if (process.platform === 'win32') return
  await link(node, join(packageFolder('node'), 'bin', 'node'))
  await link(join(packageFolder('node'), 'bin', 'node'), join(root, 'node_modules', '.bin', 'node'))
  say(`Node ${output.trim().slice(1)} of the project is ready`)
}
