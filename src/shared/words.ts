/**
 * A number as people read it: `1,234`. As `toLocaleString('en')` writes it, which loads 9 MB of languages into every process
 * that asks for it.
 */
export const thousands = (value: number): string => String(value).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',')

/** A count with its noun, as people read it: `1 run`, `1,234 runs`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${thousands(count)} ${count === 1 ? one : many}`

/** A setting's choice as words: `saltAndPepper` as `salt and pepper`; names of functions stay as they are. */
export const choiceWords = (choice: string): string =>
  choice.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)

/**
 * A title as it stands within a sentence: `Linear probe accuracy` as `linear probe accuracy`; `PCA`, `KL` and names of people as
 * they are.
 */
export function inSentence(title: string): string {
  return /^(Hoyer|Jacobian)/.test(title) ? title : title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
}
