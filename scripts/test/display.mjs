// A display for the tests of the window where the machine has none: Xvfb, if it is installed, for as long as `work` takes.
import { spawn } from 'node:child_process'

/**
 * Runs `work` with DISPLAY set. Without Xvfb it runs without, and the tests that need a display skip themselves.
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 * @template T
 */
export async function withDisplay(work) {
  if (process.platform !== 'linux' || process.env.DISPLAY) return work()
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const number = await new Promise(resolve => {
    let text = ''
    server.stdout?.on('data', part => {
      text += part
      if (text.includes('\n')) resolve(text.trim())
    })
    server.on('error', () => resolve(null))
    server.on('exit', () => resolve(null))
  })
  if (number === null) return work()
  process.env.DISPLAY = `:${number}`
  try {
    return await work()
  } finally {
    delete process.env.DISPLAY
    server.kill()
  }
}
