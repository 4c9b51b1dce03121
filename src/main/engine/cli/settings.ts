import type { Field, Settings } from '../../../shared/config.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { flatten } from '../../../shared/settings/nested.ts'
import { valueOf } from '../../../shared/settings/text.ts'
import { readJsonFile } from './jsonFile.ts'

/**
 * The settings of a command: those of `--config FILE` (JSON, nested), then each `--set key=value` on top, in order.
 * Errors: USAGE, PATH_MISSING, PATH_UNREADABLE.
 */
export function settingsFrom(sets: readonly string[], file: string | undefined, fields: readonly Field[]): Settings {
  const typed = sets.map((assignment) => {
    const at = assignment.indexOf('=')
    if (at < 1)
      throw new WorkbenchError('USAGE', `“--set ${assignment}” is not of the form key=value, e.g. --set training.epochs=5.`)
    const key = assignment.slice(0, at).trim()
    return [
      key,
      valueOf(
        fields.find((field) => field.key === key),
        assignment.slice(at + 1),
      ),
    ] as const
  })
  // By dotted keys, so that what comes later replaces single settings and not whole sections.
  const flat = file === undefined ? [] : flatten(readJsonFile(file, 'settings file', '{"training": {"epochs": 5}}'))
  return Object.fromEntries([...flat, ...typed])
}
