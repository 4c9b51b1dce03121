import { planFolder } from './folder.ts'
import { checkOptions } from './options.ts'
import type { SourceRequest, Plan, PlanOptions } from './request.ts'
import { computedSet } from './sets/registry.ts'
import { findSource, refuseChoice } from './source.ts'
import { refuseLabels } from './table/request.ts'

/**
 * Understands what a request comes to, from names and headers: the one place where that is decided. An import packs the plan,
 * an inspection tells of it, so that the two cannot disagree. Whoever has the plan closes it. What reads a kind of source is loaded
 * with the first such source: most are folders of images.
 * @throws WorkbenchError CALL_INVALID, PATH_MISSING, PATH_UNREADABLE, FILE_DAMAGED, FILE_UNSUPPORTED, IMAGE_SIZE
 */
export async function planImport(request: SourceRequest, options: PlanOptions): Promise<Plan> {
  if (request.patches) return (await import('./patches/pack.ts')).planPatches(request, options)
  checkOptions(request)
  const set = computedSet(request.path)
  if (set !== null) {
    refuseChoice(`The set ${set.name} is made here`, request)
    refuseLabels(`The set ${set.name} has rows that are computed`, request)
    return (await import('./synthetic.ts')).planSynthetic(set, request)
  }
  const source = await findSource(request.path, request, { ...request, signal: options.signal })
  if (source.kind === 'folder') return planFolder(source, request, options)
  if (source.kind === 'container') return (await import('./containers/plan.ts')).planContainer(source, request, options)
  refuseLabels(`${request.path} holds arrays`, request)
  return (await import('./arrays.ts')).planArrays(source, request, options.signal)
}
