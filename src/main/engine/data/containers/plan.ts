import { WorkbenchError } from '../../../../shared/errors.ts'
import { planList, relabelled, type FolderPlan } from '../folder.ts'
import type { PlanOptions, SourceRequest } from '../request.ts'
import type { FileList } from '../layout.ts'
import { readContents } from './archive.ts'
import { listArchives } from './list-archives.ts'
import type { ContainerSource } from './shards.ts'
import { listTree } from './tree.ts'

/** Understands the images of Parquet files, tar or zip archives: their names and labels; images are read when they are decoded. */
export async function planContainer(source: ContainerSource, request: SourceRequest, options: PlanOptions): Promise<FolderPlan> {
  if (request.pages === 'all') {
    const message =
      'All pages are taken of files in a folder, not of those in an archive or in Parquet files; unpack them first, or leave pages out.'
    throw new WorkbenchError('CALL_INVALID', message, { field: 'pages' })
  }
  return planList(await relabelled(await listContainer(source, request, options), request), request, options)
}

async function listContainer(
  source: ContainerSource,
  request: SourceRequest,
  { progress, signal, limit }: PlanOptions,
): Promise<FileList> {
  const reading = { signal, limit, onCount: (images: number) => progress.update('Finding images', images, 0) }
  // Loaded when a file needs it: what unpacks Parquet takes 20 MB.
  if (source.container === 'parquet') return (await import('./rows.ts')).listRows(source, reading)
  const contents = await readContents(source, reading)
  return source.shards.length > 1 || contents.samples
    ? listArchives(source, contents)
    : listTree(source, contents, request, reading)
}
