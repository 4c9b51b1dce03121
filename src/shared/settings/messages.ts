import type { Field } from '../config.ts'
import { choiceWords, inSentence } from '../words.ts'
import { fieldsByKey } from './applies.ts'

/**
 * The engine's sentences name settings by their keys, as commands and files take them. A window says their titles instead, by which
 * they are found in its form; the command line says nothing but keys.
 */

/** A field's title; what belongs to the pretraining says so where the whole network has a setting of that title. */
const titleOf = (field: Field, fields: readonly Field[]): string =>
  field.key.startsWith('pretraining.') && fields.some(({ key, title }) => key !== field.key && title === field.title)
    ? `Pretraining: ${inSentence(field.title)}`
    : field.title

/** What a sentence that begins with a title ends with, where that says no more than which setting it is about. */
const change = /; change ([\w.]+)\.$/

/**
 * A sentence for a window: titles in the place of keys, and no remedy that only names the field beside it.
 * @param fields that it may name
 */
export function inTitles(message: string, fields: readonly Field[]): string {
  const byKey = fieldsByKey(fields)
  // Variants have titles of their own, which a sentence about a choice among them need not know.
  const choices = new Set(fields.flatMap(({ key, choices = [] }) => (key.endsWith('.variant') ? [] : choices)))
  return message
    .replace(change, (end, key: string) => (byKey.has(key) ? '.' : end))
    .replace(/\b(?:[a-z]\w*(?:\.\w+)+|reconstruction(?= to \w))/gi, (key) => {
      const field = byKey.get(key)
      return field ? `“${titleOf(field, fields)}”` : key
    })
    .replace(/\b[a-z]+[A-Z]\w*/g, (word) => (choices.has(word) ? choiceWords(word) : word))
}

/** What is wrong and what is to be considered, for a window; see `inTitles`. */
export const answerInTitles = <P extends { message: string }>(
  { problems, warnings }: { problems: readonly P[]; warnings: readonly string[] },
  fields: readonly Field[],
): { problems: P[]; warnings: string[] } => ({
  problems: problems.map((problem) => ({ ...problem, message: inTitles(problem.message, fields) })),
  warnings: warnings.map((warning) => inTitles(warning, fields)),
})

/** A sentence for the command line: the key, as `--set` takes it, in the place of the title that it begins with. */
export function inKeys(message: string, fields: readonly Field[] = []): string {
  const [end, key] = change.exec(message) ?? []
  const [, title] = /^(.+?) has no effect\b/.exec(message) ?? []
  const named = fields.filter((field) => field.title === title)
  if (named.length === 1) return `${named[0]!.key}${message.slice(title!.length)}`
  return end !== undefined && / must be /.test(message)
    ? `${message.slice(0, -end.length).replace(/^.+? must be /, `${key} must be `)}.`
    : message
}
