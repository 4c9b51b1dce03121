import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Resident bytes of a process and all that it started (shared pages count for each); null where /proc is missing. */
function residentTree(pid: number): number | null {
  try {
    const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
    return children.reduce((sum, child) => sum + (residentTree(child) ?? 0), own)
  } catch {
    return null
  }
}

/** Runs a program to its end and watches its memory; its last line of output is the number of seconds that its work took. */
export async function runWatched(program: string, args: string[]): Promise<{ seconds: number; peakBytes: number | null }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = '',
    peakBytes: number | null = null
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString()
  })
  const watch = setInterval(() => {
    const bytes = residentTree(child.pid!)
    if (bytes !== null) peakBytes = Math.max(peakBytes ?? 0, bytes)
  }, 20)
  const code = await new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  clearInterval(watch)
  const seconds = Number(output.trim().split('\n').at(-1))
  if (code !== 0 || !Number.isFinite(seconds)) throw new Error(`${program} ended with ${code}: ${output}`)
  return { seconds, peakBytes }
}
