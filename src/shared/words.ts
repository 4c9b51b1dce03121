/**
 * A number as people read it: `1,234`. As `toLocaleString('en')` writes it, which loads 9 MB of languages into every process
 * that asks for it.
 */
export const thousands = (value: number): string => String(value).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',')

/** A count with its noun, as people read it: `1 run`, `1,234 runs`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${thousands(count)} ${count === 1 ? one : many}`
