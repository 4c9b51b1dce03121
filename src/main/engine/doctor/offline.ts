import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quietLibraries } from '../../../shared/quietLibraries.ts'
import type { Check } from './check.ts'
import { telemetryLeftovers, type Leftovers } from './leftovers.ts'

const promise =
  'Sockets of this machine only (127.0.0.1 and local ones), no name looked ' +
  'up, no file written but in the home folder, where you say and, ' +
  'for a moment, in the temporary folder. Only the set-up downloads. Every job and ' +
  'every native library is tested for it, watched by strace and without a network.'

/** The promise that nothing leaves this machine, how it is kept, and what earlier versions left. */
export const checkOffline = async (): Promise<Check[]> => [
  promised(process.env, process.execArgv),
  await checkQuiet(),
  left(telemetryLeftovers()),
]

const isLocal = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

/**
 * What is promised, and what of this process's surroundings has a say in it.
 * @param options of Node itself, besides those in NODE_OPTIONS
 */
export function promised(env: NodeJS.ProcessEnv, options: readonly string[]): Check {
  const given = [...options, ...(env['NODE_OPTIONS'] ?? '').split(/\s+/)].filter(Boolean)
  const debuggers = given.filter((option) => {
    const host =
      /^--(?:inspect(?:-brk|-wait|-port)?|debug-port)=\[?(.+?)\]?:\d+$/.exec(option)?.[1] ??
      /^--(?:inspect(?:-brk|-wait|-port)?|debug-port)=(.*[.:a-z].*)$/.exec(option)?.[1]
    return host !== undefined && !isLocal(host)
  })
  if (debuggers.length > 0) {
    return {
      name: 'Offline',
      ok: false,
      detail: `Node is told to open a debugger to the network (${debuggers.join(' ')}): leave that out, or name 127.0.0.1.`,
    }
  }
  const notes = [
    ...(given.some((option) => /^(-r|--require|--import|--loader|--experimental-loader)\b/.test(option))
      ? ['NODE_OPTIONS loads other code into Node here, of which nothing can be promised.']
      : []),
    ...(Object.keys(env).some((name) => /^(https?|all)_proxy$/i.test(name) && env[name])
      ? ['A proxy is set here; it is asked nothing.']
      : []),
  ]
  return { name: 'Offline', ok: true, detail: [promise, ...notes].join(' ') }
}

const switchedOff = Object.entries(quietLibraries)
  .map(([name, value]) => `${name}=${value}`)
  .join(', ')

/**
 * Runs a model in a process whose folders for caches and temporary files are an empty one, and looks whether something is in
 * there afterwards: the library writes a device id as soon as it has a session, long before it looks for a collector.
 * @param script of the process
 */
export async function checkQuiet(script = fileURLToPath(new URL('./quietTrial.ts', import.meta.url))): Promise<Check> {
  const name = 'ONNX Runtime telemetry'
  if (process.platform === 'win32') {
    return {
      name,
      ok: true,
      detail: 'ONNX Runtime hands its events to Windows, whose settings for diagnostic data decide what becomes of them.',
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'workbench-doctor-'))
  try {
    const env: NodeJS.ProcessEnv = { ...process.env, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), TMPDIR: folder }
    // What a machine for tests has in its environment would silence the library, too; the door has to do it.
    for (const each of ['CI', 'GITHUB_ACTIONS', 'TF_BUILD', 'ORT_RUNNING_UNIT_TESTS', ...Object.keys(quietLibraries)])
      delete env[each]
    const failed = await new Promise<string | null>((done) => {
      const child = spawn(process.execPath, [script], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: 60_000,
        windowsHide: true,
      })
      let errors = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        errors += text
      })
      child.on('error', (error) => done(error.message))
      child.on('close', (exit, signal) =>
        done(
          exit === 0
            ? null
            : (errors
                .split('\n')
                .find((line) => /error/i.test(line))
                ?.trim() ??
                signal ??
                `exit code ${exit}`),
        ),
      )
    })
    if (failed !== null)
      return { name, ok: false, detail: `It could not be tried (${failed}); npm run setup installs the library.` }
    const written = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => !each.isDirectory())
    if (written.length === 0)
      return { name, ok: true, detail: `Switched off before the library loads (${switchedOff}); a model on trial left no trace.` }
    const names = written.map((each) => relative(folder, join(each.parentPath, each.name))).join(', ')
    return {
      name,
      ok: false,
      detail: `Although ${switchedOff} is set, a model on trial wrote ${names}: please report this version (${process.platform}).`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What earlier versions left, which is no fault: `files` names all of it. */
export function left({ folders, files, remove }: Leftovers): Check {
  const name = 'Left by earlier versions'
  const all = [...folders, ...files]
  if (all.length === 0) return { name, ok: true, detail: 'nothing', files: [] }
  const shown = [...folders, ...files.slice(0, 3), ...(files.length > 3 ? [`${files.length - 3} more`] : [])].join(', ')
  return {
    name,
    ok: true,
    files: all,
    detail:
      `ONNX Runtime's telemetry, which was not switched off then, has kept a ` +
      'device id, events (what exported models say of themselves: names of ' +
      `datasets and classes, settings) and logs: ${shown}. From here nothing sends ` +
      `them any more. Nothing is deleted unasked; this removes them: ${remove} ` +
      '(Other programs with ONNX Runtime, such as those in Python, keep the same files and make them anew.)',
  }
}
