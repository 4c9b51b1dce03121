import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Loads everything that a training elsewhere loads and prints the files, one a line: what an engine for tasks is made of. A process of
 * its own, as it loads TensorFlow.
 */
const files = new Set<string>()
registerHooks({
  resolve(name, context, next) {
    const found = next(name, context)
    if (found.url.startsWith('file:')) files.add(fileURLToPath(found.url))
    return found
  },
})
for (const entry of ['../jobs/connection.ts', '../jobs/registry.ts', '../jobs/train.ts', './carryOut.ts', '../trace/tensorflow.ts'])
  await import(entry)
process.stdout.write(JSON.stringify([...files]))
process.exit(0)
