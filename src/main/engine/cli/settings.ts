import type { Field, Settings } from '../../../shared/config.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { isObject } from '../../../shared/json.ts'
import { readJsonFile } from './jsonFile.ts'

/** A value as it was typed, read as its field wants it; what cannot be read so stays text, and the engine says what it expects. */
function read(text: string, field: Field | undefined): unknown {
  const number = (word: string): unknown => (word.trim() === '' || Number.isNaN(Number(word)) ? word : Number(word))
  switch (field?.kind) {
    case 'number':
    case 'integer':
      return number(text)
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'integers':
      return text.split(',').map(number)
    default:
      return text
  }
}

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
      read(
        assignment.slice(at + 1),
        fields.find((field) => field.key === key),
      ),
    ] as const
  })
  const flat = file === undefined ? [] : flatten(readJsonFile(file, 'settings file', '{"training": {"epochs": 5}}'))
  return Object.fromEntries([...flat, ...typed])
}

/** Dotted keys, so that what comes later replaces single settings and not whole sections. */
const flatten = (settings: Record<string, unknown>, prefix = ''): [string, unknown][] =>
  Object.entries(settings).flatMap(([key, value]): [string, unknown][] =>
    isObject(value) ? flatten(value, `${prefix}${key}.`) : [[prefix + key, value]],
  )
