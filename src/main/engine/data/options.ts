import { WorkbenchError } from '../../../shared/errors.ts'
import { datasetReference } from '../../../shared/patches.ts'
import type { SourceRequest } from './request.ts'
import { computedSet } from './sets/registry.ts'
import type { ComputedSet } from './sets/set.ts'

/**
 * Refuses what has no meaning for the source: a number of rows and a seed for images that are read, a test set and, for points
 * of the plane, an image size for those that are computed. (Patches have rules of their own.)
 * @throws WorkbenchError CALL_INVALID, IMAGE_SIZE; each names the field
 */
export function checkOptions(request: SourceRequest): void {
  if (request.contrast !== undefined)
    throw new WorkbenchError(
      'CALL_INVALID',
      'The contrast of patches can be normalised, not that of whole images; leave it out, or take patches.',
      { field: 'contrast' },
    )
  if (datasetReference(request.path) !== null) {
    throw new WorkbenchError(
      'CALL_INVALID',
      `${request.path.trim()} is in the workbench already; only patches can be taken from it, so give their size.`,
      { field: 'patches' },
    )
  }
  const set = computedSet(request.path)
  if (set === null) {
    for (const field of ['count', 'seed'] as const) {
      if (request[field] !== undefined)
        throw new WorkbenchError(
          'CALL_INVALID',
          `A ${field} is for synthetic data and for patches only, and ${request.path} is read from files; leave it out.`,
          { field },
        )
    }
    return
  }
  refusePartPaths(set, request)
  refuseValueOptions(`The set ${set.name} is computed`, request)
  if (set.kind === 'plane') {
    const field = (['width', 'height', 'channels'] as const).find((key) => request[key] !== undefined)
    if (field)
      throw new WorkbenchError(
        'IMAGE_SIZE',
        `The set ${set.name} holds points of two numbers, which have no image size; leave size and channels out.`,
        { field },
      )
  }
}

/** @throws WorkbenchError CALL_INVALID */
export function refusePartPaths({ name }: ComputedSet, request: Pick<SourceRequest, 'testPath' | 'valPath'>): void {
  for (const [field, title] of [
    ['testPath', 'test'],
    ['valPath', 'validation'],
  ] as const) {
    if (request[field] === undefined) continue
    throw new WorkbenchError(
      'CALL_INVALID',
      `The set ${name} is computed and split like any other, so it takes no ${title} path; leave it out.`,
      { field },
    )
  }
}

/** For what is in bytes already: nothing is chosen of its channels, and nothing scaled. @throws WorkbenchError CALL_INVALID */
export function refuseValueOptions(what: string, request: Pick<SourceRequest, 'pick' | 'range' | 'pages'>): void {
  const field = (['pick', 'range', 'pages'] as const).find((key) => request[key] !== undefined)
  const message = `${what} in bytes of one or three channels, so no range, channels or pages of a source can be chosen; leave them out.`
  if (field) throw new WorkbenchError('CALL_INVALID', message, { field })
}
