import { embed } from '../../src/main/engine/jobs/embed.ts'
import type { Port } from '../../src/main/engine/training/port.ts'

/** One embedding in a process of its own: MODEL FOLDER WORK OUT. Prints its seconds. */
const [model, folder, work, out] = process.argv.slice(2) as [string, string, string, string]
const port: Port = {
  send: () => {},
  commit: async () => true,
  space: async () => false,
  wanted: async () => false,
  signal: new AbortController().signal,
}
const start = performance.now()
await embed(
  {
    kind: 'embed',
    encoder: { file: { model } },
    data: { folder },
    work,
    out: { file: out, force: false },
    measure: false,
    about: {},
  },
  port,
)
console.log((performance.now() - start) / 1000)
