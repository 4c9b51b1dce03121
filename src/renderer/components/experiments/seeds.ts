import { piecesOf } from '../../../shared/settings/text.ts'

const mostSeeds = 1000
const largestSeed = 2_147_483_647

/** `1-3`, `1, 2, 5`, `1-3, 10`: whole numbers from 0 on, each once; or why they are none. */
export function readSeeds(text: string): { seeds: number[] } | { message: string } {
  const seeds: number[] = []
  const help = 'Write them with commas between them (1, 2, 3), or as a range (1-3).'
  for (const part of piecesOf(text.replace(/\s*(?:-|–|to|\.\.)\s*/g, '-'), /[\s,;]+/)) {
    const found = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part)
    if (!found) return { message: `“${part}” is not a seed; seeds are whole numbers, 0 or larger. ${help}` }
    const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])]
    if (last > largestSeed) return { message: `The seed ${last} is too large; the largest is 2,147,483,647.` }
    if (last < first) return { message: `The range ${part} runs backwards; write ${last}-${first}.` }
    if (last - first >= mostSeeds || seeds.length + last - first >= mostSeeds)
      return { message: `An experiment has at most ${mostSeeds} seeds.` }
    for (let seed = first; seed <= last; seed += 1) {
      if (seeds.includes(seed))
        return { message: `The seed ${seed} is listed twice, which would be the same run again; write each once.` }
      seeds.push(seed)
    }
  }
  return seeds.length > 0 ? { seeds } : { message: `An experiment needs at least one seed. ${help}` }
}

/** `[1, 2, 3, 7]` as `1-3, 7`. */
export function textOfSeeds(seeds: readonly number[]): string {
  const parts: string[] = []
  for (let begin = 0; begin < seeds.length;) {
    let end = begin
    while (end + 1 < seeds.length && seeds[end + 1] === seeds[end]! + 1) end += 1
    if (end - begin >= 2) parts.push(`${seeds[begin]}-${seeds[end]}`)
    else for (let at = begin; at <= end; at += 1) parts.push(String(seeds[at]))
    begin = end + 1
  }
  return parts.join(', ')
}
