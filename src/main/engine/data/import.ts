import { mkdir, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WorkbenchError } from '../../../shared/errors.ts'
import { finish } from './finish.ts'
import { planImport } from './plan.ts'
import { ProgressReporter } from './progress.ts'
import type { Imported, ImportOptions, ImportRequest } from './request.ts'

export type { Imported, ImportOptions, ImportRequest } from './request.ts'

/**
 * Imports images into `request.folder`, by way of `request.folder + '.partial'`: on an error or a cancellation nothing is
 * left behind. Files that cannot be read are skipped and named in the result.
 * @throws WorkbenchError CALL_INVALID, PATH_MISSING, PATH_UNREADABLE, FILE_DAMAGED, FILE_UNSUPPORTED, IMAGE_SIZE, DATASET_EMPTY,
 *   DATASET_TOO_SMALL, DISK_FULL, HOME_UNWRITABLE, CANCELLED
 */
export async function importDataset(request: ImportRequest, { signal, onProgress }: ImportOptions = {}): Promise<Imported> {
  const progress = new ProgressReporter(onProgress)
  const partial = `${request.folder}.partial`
  try {
    signal?.throwIfAborted()
    checkSize(request)
    const plan = await planImport(request, { progress, signal })
    try {
      await makeFolder(partial)
      const room = await statfs(partial).then(
        (disk) => disk.bavail * disk.bsize,
        () => Infinity,
      )
      return await finish(request, partial, await plan.pack(partial, room, progress, signal), progress, signal)
    } finally {
      plan.close?.()
    }
  } catch (error) {
    await rm(partial, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
    if (signal?.aborted) throw new WorkbenchError('CANCELLED', 'The import was cancelled; nothing of it is kept.', { cause: error })
    throw error
  }
}

function checkSize({ width, height, patches }: ImportRequest): void {
  for (const [field, value] of Object.entries({
    width,
    height,
    'patches.width': patches?.width,
    'patches.height': patches?.height,
  })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 4096)) {
      throw new WorkbenchError(
        'IMAGE_SIZE',
        `A ${field.replace('patches.', '')} of ${value} pixels is not possible; choose one from 1 to 4096.`,
        { field },
      )
    }
  }
}

async function makeFolder(partial: string): Promise<void> {
  try {
    await rm(partial, { recursive: true, force: true })
    // One level at most: Node's recursive form never ends in places such as /proc.
    await mkdir(dirname(partial)).catch(() => {})
    await mkdir(partial)
  } catch (error) {
    const code = (error as { code?: string }).code
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR' || code === 'ENOENT') {
      throw new WorkbenchError(
        'HOME_UNWRITABLE',
        `Nothing can be written into ${dirname(partial)}; choose another home folder, or allow writing there.`,
        { cause: error },
      )
    }
    throw error
  }
}
