import type { z } from 'zod'
import { configSchema, type Config } from '../../../shared/config.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { variants } from '../variants/registry.ts'
import { readSafetensors } from './safetensors.ts'

/** What checkpoints say that another version of the workbench wrote: that is no damage, and is refused by its own name. */

/** Of the checkpoints that this version writes. */
export const formatVersion = '1'

/**
 * The settings that a checkpoint says it was trained with.
 * @throws WorkbenchError FILE_UNSUPPORTED where it is of a format, a variant or a setting that this version does not know;
 * CHECKPOINT_DAMAGED where its checksum says that nobody wrote so; another error where it says nothing
 */
export function understoodConfig(file: string, metadata: Readonly<Record<string, string>>): Config {
  const unknown = (what: string): WorkbenchError => {
    // What rotted looks like what is new.
    readSafetensors(file)
    return new WorkbenchError(
      'FILE_UNSUPPORTED',
      `${file} ${what}, which this version of the workbench does not know; update the workbench, or choose another file.`,
      { field: 'weights' },
    )
  }
  const { formatVersion: format = formatVersion, variant } = metadata
  if (variant === undefined) throw new Error('it says nothing of its variant')
  if (format !== formatVersion) throw unknown(`is written in format ${format}`)
  if (!variants.some(({ id }) => id === variant)) throw unknown(`is of the variant “${variant}”`)
  const said: unknown = JSON.parse(metadata['config'] ?? '')
  const { data, error } = configSchema.safeParse(said)
  if (data) return data
  const setting = unknownSetting(error, said)
  throw setting === null ? error : unknown(`was trained with ${setting}`)
}

/** The first setting, or value of one, that a schema does not know, in words; null where something else is wrong. */
function unknownSetting({ issues }: z.ZodError, said: unknown): string | null {
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') return `the setting ${[...issue.path, issue.keys[0]!].join('.')}`
    const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], said)
    if (issue.code === 'invalid_value' && typeof value === 'string') return `${issue.path.join('.')} “${value}”`
  }
  return null
}
