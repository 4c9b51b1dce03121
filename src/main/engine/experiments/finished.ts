import type { Run } from '../../../shared/domain.ts'
import { EVALUATION_VERSION } from '../evaluate/version.ts'
import type { Store } from '../store/store.ts'
import { version } from '../version.ts'
import { canonical } from './timeKeys.ts'

/** Of runs whose config was read already: it never changes. */
const identities = new Map<string, string>()

/** The same for runs that are trained and measured in the same way on the same data, of one seed. */
export const identityOf = (variant: string, seed: number, config: Run['config']): string =>
  `${variant} ${seed} ${canonical(config)}`

/**
 * Completed runs of a dataset that were trained and measured by this version of the workbench, by identity: another run with
 * the same one would come to the same. (Equal fingerprints are one dataset.) Runs that were not trained themselves are not
 * among them. The oldest first.
 */
export function finishedRuns(store: Store, datasetId: string): Map<string, { id: string; name: string }> {
  const found = new Map<string, { id: string; name: string }>()
  for (const { id, name, variant, seed, config } of store.runs.finished(datasetId, version, EVALUATION_VERSION)) {
    let identity = identities.get(id)
    if (identity === undefined) identities.set(id, (identity = identityOf(variant, seed, JSON.parse(config) as Run['config'])))
    if (!found.has(identity)) found.set(identity, { id, name })
  }
  return found
}
