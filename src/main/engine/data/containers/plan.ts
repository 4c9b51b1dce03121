import { planList, type FolderPlan } from '../folder.ts'
import type { PlanOptions, SourceRequest } from '../request.ts'
import { relabel } from '../table/relabel.ts'
import { listArchives, readContents } from './archive.ts'
import type { ContainerList } from './members.ts'
import { listRows } from './rows.ts'
import type { ContainerSource } from './shards.ts'

/** Understands the images of Parquet files, tar or zip archives: their names and labels; images are read when they are decoded. */
export async function planContainer(source: ContainerSource, request: SourceRequest, options: PlanOptions): Promise<FolderPlan> {
  return planList(await relabel(await listContainer(source, options), request), request, options)
}

function listContainer(source: ContainerSource, { meter, signal, limit }: PlanOptions): Promise<ContainerList> {
  const reading = { signal, limit, onCount: (images: number) => meter.update('Finding images', images, 0) }
  return source.container === 'parquet' ? listRows(source, reading) : readContents(source, reading).then((contents) => listArchives(source, contents))
}
