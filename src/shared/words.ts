/** A count with its noun, as people read it: `1 run`, `1,234 runs`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count.toLocaleString('en')} ${count === 1 ? one : many}`
