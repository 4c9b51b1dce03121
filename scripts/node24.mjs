// `node scripts/node24.mjs FILE ARGS...`: sees that the set-up is done, then runs FILE on the project's Node 24. Standard output
// belongs to FILE.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureSetUp } from './setup.mjs'
import { node24Path, root } from './setup/places.mjs'
import { fail } from './setup/report.mjs'

export { node24Path }

/**
 * Runs a program in the foreground: the same standard streams, signals passed on, and its exit code or signal becomes this process's own.
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function become(program, args, env = process.env) {
  const child = spawn(program, args, { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal gives its interrupt to the child itself: passing it on would make one keystroke two.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => fail(error))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2)
  await ensureSetUp().catch(fail)
  become(node24Path(), file?.startsWith('-') ? [file, ...args] : [resolve(root, file ?? ''), ...args])
}
