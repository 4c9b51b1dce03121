import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Puts what was measured into its part of convolutions.md: between `<!-- part -->` and `<!-- /part -->`. */
export function keepPart(part: 'steps' | 'networks', report: string): void {
  const file = join(import.meta.dirname, 'convolutions.md'),
    marks = [`<!-- ${part} -->`, `<!-- /${part} -->`] as const
  const before = readFileSync(file, 'utf8')
  const [from, to] = marks.map((mark) => before.indexOf(mark)) as [number, number]
  if (from < 0 || to < from) throw new Error(`${file} has lost the marks ${marks.join(' and ')}`)
  writeFileSync(file, `${before.slice(0, from + marks[0].length)}\n${report}\n${before.slice(to)}`)
}
