// One set-up of a folder at a time: a lock file that its holder touches, and that counts as abandoned when nobody does.
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cacheFolder, keyOf, root } from './places.mjs'
import { say, SetupError } from './report.mjs'

const abandonedAfter = 60_000
const patience = 20 * 60_000

function runs(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

async function abandoned(file) {
  try {
    const pid = Number(await readFile(file, 'utf8'))
    const silent = Date.now() - (await stat(file)).mtimeMs
    // A lock without a process id is one that is being written.
    return silent > abandonedAfter || (pid > 0 && !runs(pid))
  } catch (error) {
    return error.code !== 'ENOENT'
  }
}

/** Carries out `work` while no other process does the same for this folder; waits for the other one. */
export async function alone(work) {
  await mkdir(cacheFolder(), { recursive: true })
  const file = join(cacheFolder(), `setup-${keyOf(root)}.lock`)
  const began = Date.now()
  for (let said = false; ;) {
    const handle = await open(file, 'wx').catch((error) => {
      if (error.code !== 'EEXIST') throw error
      return null
    })
    if (handle) {
      await handle.writeFile(String(process.pid))
      await handle.close()
      break
    }
    if (await abandoned(file)) await rm(file, { force: true })
    else if (Date.now() - began > patience)
      throw new SetupError(`Another set-up of this folder does not end: close it, delete ${file}, then run the command again.`)
    else if (!said) {
      say('Another set-up of this folder is running: waiting for it.')
      said = true
    } else await wait(300)
  }
  const touch = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => {}), 5000)
  touch.unref()
  try {
    return await work()
  } finally {
    clearInterval(touch)
    await rm(file, { force: true })
  }
}
