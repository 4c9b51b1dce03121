import { WorkbenchError } from '../../../../shared/errors.ts'
import { datasetReference, patchDefaults } from '../../../../shared/patches.ts'
import type { SourceRequest } from '../request.ts'
import { computedSet } from '../sets/registry.ts'
import { findSource } from '../source.ts'
import { refuseLabels } from '../table/request.ts'
import { refusePartPaths, refuseValueOptions } from '../options.ts'
import { arraySource } from './arrays.ts'
import { folderSource } from './folder.ts'
import { datasetSource, syntheticSource } from './rows.ts'
import type { OpenOptions, PatchSource } from './source.ts'

/** Size of the patches that a request asks for, in pixels. */
export const patchSize = ({ patches }: SourceRequest): { width: number; height: number } => patches ?? patchDefaults

/**
 * Refuses what has no meaning for patches, without looking at anything.
 * @throws WorkbenchError CALL_INVALID with the field
 */
function checkPatchOptions(request: SourceRequest): void {
  const sized = (['width', 'height'] as const).find((key) => request[key] !== undefined)
  if (sized)
    throw new WorkbenchError('CALL_INVALID', 'Patches are cut from images at their own size; leave the image size out.', {
      field: sized,
    })
  const divided = (['group', 'groupColumn', 'split', 'splitSeed'] as const).find((key) => request[key] !== undefined)
  if (divided) {
    const message =
      'Patches are split by the images that they are of, so that no groups and no shares can be given; ' +
      'leave them out, or import the images whole.'
    throw new WorkbenchError('CALL_INVALID', message, { field: divided })
  }
  const set = computedSet(request.path)
  if (set === null) return
  if (set.kind === 'plane') throw noImages(`The set ${set.name} holds points of two numbers`)
  refusePartPaths(set, request)
  refuseValueOptions(`The set ${set.name} is computed`, request)
}

const noImages = (what: string) =>
  new WorkbenchError('CALL_INVALID', `${what}, and patches are cut from images; choose images, or leave patches out.`, {
    field: 'patches',
  })

/**
 * Opens what patches are to be cut from: sizes are known then, values not yet read.
 * @returns null where a folder has more files than `limit`
 * @throws WorkbenchError CALL_INVALID, DATASET_EMPTY, IMAGE_SIZE, and what `findSource` throws
 */
export async function openPatchSource(request: SourceRequest, options: OpenOptions): Promise<PatchSource | null> {
  checkPatchOptions(request)
  if (datasetReference(request.path) !== null) {
    for (const [field, title] of [
      ['testPath', 'test'],
      ['valPath', 'validation'],
    ] as const) {
      if (request[field] !== undefined) {
        throw new WorkbenchError('CALL_INVALID', `Patches of a dataset keep its split; leave the ${title} path out.`, { field })
      }
    }
    refuseValueOptions('Images of a dataset are stored', request)
    refuseLabels(`${request.path} is a dataset of images`, request)
    const source = datasetSource(request)
    if (source === null) throw noImages(`The rows of ${request.path} are vectors`)
    return source
  }
  const set = computedSet(request.path)
  if (set?.kind === 'image') {
    refuseLabels(`The set ${set.name} has rows that are computed`, request)
    return syntheticSource(set, request)
  }
  const found = await findSource(request.path, request, request)
  if (found.kind === 'container') {
    throw new WorkbenchError(
      'FILE_UNSUPPORTED',
      `Patches are not cut from ${found.container} files directly; ` +
        `unpack ${request.path} and choose that folder, or import it and cut from the dataset.`,
      { field: 'path' },
    )
  }
  if (found.kind === 'folder') return folderSource(found, request, patchSize(request), options)
  refuseLabels(`${request.path} holds arrays`, request)
  const source = arraySource(found, request)
  if (source === null) throw noImages(`${request.path} holds vectors`)
  return source
}
