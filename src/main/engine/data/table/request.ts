import { WorkbenchError } from '../../../../shared/errors.ts'
import type { LabelRequest } from '../request.ts'

/** Whether labels come from a table. */
export const isTable = ({ labels }: LabelRequest): boolean =>
  labels !== undefined && labels !== 'folders' && labels !== 'names' && labels !== 'none'

/** What `listFolder` is to make of folders of classes. */
export const labelling = ({ labels, labelPattern }: LabelRequest): 'folders' | 'elsewhere' | undefined =>
  labels === 'folders' ? 'folders' : labels === undefined && labelPattern === undefined ? undefined : 'elsewhere'

const labelFields = ['labels', 'labelPattern', 'fileColumn', 'labelColumn', 'partColumn', 'groupColumn', 'group'] as const

/** Whether labels, parts or groups are asked for that folders do not say. */
export const asksForLabels = (request: LabelRequest): boolean => labelFields.some((key) => request[key] !== undefined)

/** @param what begins a sentence @throws WorkbenchError CALL_INVALID where labels or groups are asked for that only files have */
export function refuseLabels(what: string, request: LabelRequest): void {
  const field = labelFields.find((key) => request[key] !== undefined)
  if (field === undefined) return
  throw new WorkbenchError(
    'CALL_INVALID',
    `${what}, which bring their own labels and have no names to go by; ` +
      `leave ${field === 'group' || field === 'groupColumn' ? 'groups' : 'labels'} out.`,
    { field },
  )
}
