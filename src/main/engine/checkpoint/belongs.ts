import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { configSchema, withoutStatistics, type Config } from '../../../shared/config.ts'
import type { Dataset, Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { checkpointFile, type CheckpointName } from './checkpoint.ts'
import { readShapes } from './safetensors.ts'

/** What a run was trained as: two runs that agree in all but the name have the same weights. */
export interface Identity {
  name: string
  variant: string
  seed: number
  config: Config
  /** Fingerprint of its dataset. */ dataset: string
}

export const identityOf = ({ name, variant, seed, config }: Run, { sha256 }: Pick<Dataset, 'sha256'>): Identity => ({
  name,
  variant,
  seed,
  config,
  dataset: sha256,
})

/**
 * Refuses checkpoints that are another run's, copied into this one's folder: what such a run is said to have learned would be
 * wrong. Reads what the files say of themselves, no values. Files that are not there, and what earlier versions did not write,
 * are not compared.
 * @throws WorkbenchError CHECKPOINT_DAMAGED
 */
export function requireOwn(runFolder: string, names: readonly CheckpointName[], identity: Identity): void {
  for (const name of names) {
    const file = checkpointFile(runFolder, name)
    if (!existsSync(file)) continue
    const metadata = metadataOf(file)
    if (metadata === null) continue
    const foreign = foreignIn(metadata, identity)
    if (foreign === null) continue
    const remedy = 'put its own file back, or start a new run with its settings'
    const message = `The checkpoint ${file} is ${foreign}, and not of “${identity.name}”; ${remedy}.`
    throw new WorkbenchError('CHECKPOINT_DAMAGED', message, { field: 'run' })
  }
}

/** Whose a checkpoint is, in words, where it is not that run's by what it says of itself; null where it is. */
export function foreignIn(metadata: Readonly<Record<string, string>>, { variant, seed, config, dataset }: Identity): string | null {
  if (metadata['variant'] !== variant) return `of the variant ${metadata['variant']}`
  if (metadata['seed'] !== String(seed)) return `of seed ${metadata['seed']}`
  if (metadata['dataset'] !== undefined && metadata['dataset'] !== dataset) return 'of a run on another dataset'
  return sameSettings(metadata['config'], config) ? null : 'of a run with other settings'
}

/** Null where the file cannot be read: that is told by whoever needs what is in it. */
function metadataOf(file: string): Record<string, string> | null {
  try {
    return readShapes(file).metadata
  } catch {
    return null
  }
}

/** Both with the defaults of settings that came later. What cannot be understood is told by whoever reads the file whole. */
function sameSettings(text: string | undefined, config: Config): boolean {
  try {
    const [theirs, ours] = [configSchema.safeParse(JSON.parse(text ?? '')), configSchema.safeParse(config)]
    return !theirs.success || !ours.success || isDeepStrictEqual(withoutStatistics(theirs.data), withoutStatistics(ours.data))
  } catch {
    return true
  }
}
