import { randomBytes, timingSafeEqual } from 'node:crypto'
import { constants, mkdirSync, rmSync } from 'node:fs'
import { open, rm, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { EngineEvent } from '../../../shared/events.ts'
import type { Home } from '../home.ts'
import type { Log } from '../log.ts'
import { newId } from '../store/ids.ts'
import { requireFileName } from './fileName.ts'
import { zipFolder } from './zipFolder.ts'

/** At a time; more than anybody waits for. */
const most = 100
/** To be asked for once it is ready, and to be written before that, in milliseconds. */
const patience = 10 * 60_000,
  longest = 24 * 3600_000

interface Download {
  id: string
  /** What it is written as. */
  path: string
  isFolder: boolean
  /** What its address ends with, once it is ready: random, told over the guarded connection alone, good for one request. */
  key: string | null
  isTaken: boolean
  timer: NodeJS.Timeout
}

/** An opened file on its way to a browser. */
export interface Taken {
  name: string
  bytes: number
  file: FileHandle
  /** Has it removed, whether all of it was sent or not. */
  over(whole: boolean): void
}

/** Where the keys of ready downloads stand in addresses. */
export const downloadsPath = '/downloads/'

const isSame = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

/**
 * Files that a browser is to download: each is written into a folder of its own in the home, handed out once to whoever knows its key,
 * and removed. None outlives the engine; what a kill left is removed at the next start.
 */
export function createDownloads(home: Pick<Home, 'downloads'>, emit: (event: EngineEvent) => void, log: Log) {
  const all = new Map<string, Download>()
  const folderOf = (id: string): string => path.join(home.downloads, id)
  const sweep = (): void => {
    try {
      rmSync(home.downloads, { recursive: true, force: true })
    } catch (thrown) {
      log('Downloads of before cannot be removed.', thrown)
    }
  }
  const get = (id: string): Download => {
    const found = all.get(id)
    if (found === undefined)
      throw new WorkbenchError('CALL_INVALID', 'This download has ended; make the file again.', { field: 'download' })
    return found
  }
  const end = (id: string, state: 'sent' | 'broken' | 'expired' | null): void => {
    const found = all.get(id)
    if (found === undefined) return
    clearTimeout(found.timer)
    all.delete(id)
    rm(folderOf(id), { recursive: true, force: true }).catch((thrown: unknown) => log('A download cannot be removed.', thrown))
    if (state !== null) emit({ type: 'download', download: id, state })
  }
  const expiring = (id: string, within: number): NodeJS.Timeout => setTimeout(() => end(id, 'expired'), within).unref()
  sweep()

  return {
    /** @throws WorkbenchError EXPORT_UNWRITABLE, CALL_INVALID where very many are on their way */
    begin(typed: string, isFolder: boolean): { download: string; path: string } {
      const name = requireFileName(typed)
      if (all.size >= most)
        throw new WorkbenchError('CALL_INVALID', `${most} downloads are on their way already; wait until some are done.`)
      const id = newId()
      mkdirSync(folderOf(id), { recursive: true, mode: 0o700 })
      const download = {
        id,
        path: path.join(folderOf(id), name),
        isFolder,
        key: null,
        isTaken: false,
        timer: expiring(id, longest),
      }
      all.set(id, download)
      return { download: id, path: download.path }
    },
    /** Once it is written. @throws WorkbenchError CALL_INVALID where it is not there; DISK_FULL */
    async ready(id: string): Promise<{ name: string; bytes: number; address: string }> {
      const download = get(id)
      if (download.isFolder) {
        const archive = await zipFolder(download.path)
        if (all.has(id)) Object.assign(download, { path: archive, isFolder: false })
      }
      const found = await stat(download.path).catch(() => null)
      if (found === null || download.isTaken || !all.has(id))
        throw new WorkbenchError('CALL_INVALID', 'The file of this download is not there; make it again.', { field: 'download' })
      if (download.key === null) {
        download.key = randomBytes(32).toString('base64url')
        clearTimeout(download.timer)
        download.timer = expiring(id, patience)
      }
      return { name: path.basename(download.path), bytes: found.size, address: `${downloadsPath}${download.key}` }
    },
    end: (id: string): void => end(id, null),
    /** The file of a key, which is used up by that; null where nothing has this key, or has it any more. */
    async take(key: string): Promise<Taken | null> {
      const given = Buffer.from(key)
      const download = [...all.values()].find((one) => one.key !== null && isSame(Buffer.from(one.key), given))
      if (download === undefined) return null
      download.key = null
      download.isTaken = true
      clearTimeout(download.timer)
      const file = await open(download.path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(() => null)
      const found = await file?.stat().catch(() => null)
      if (!file || !found?.isFile()) {
        await file?.close().catch(() => {})
        end(download.id, 'broken')
        return null
      }
      emit({ type: 'download', download: download.id, state: 'sending' })
      return {
        name: path.basename(download.path),
        bytes: found.size,
        file,
        over: (whole) => end(download.id, whole ? 'sent' : 'broken'),
      }
    },
    /** Removes all of them. @param isLost the home is somebody else's now, who removes them */
    close(isLost = false): void {
      for (const { timer } of all.values()) clearTimeout(timer)
      all.clear()
      if (!isLost) sweep()
    },
  }
}
export type Downloads = ReturnType<typeof createDownloads>
