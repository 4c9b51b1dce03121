import type { DatasetNote } from '../../../../shared/domain.ts'
import { listed } from '../layout/structure.ts'
import { looksLikeOther } from '../layout/words.ts'
import type { ImageList } from '../layout.ts'
import { readable } from '../names.ts'
import { prefixOf } from './pattern.ts'

/** Mentions where labels may be that were not asked for. */
export function mentionLabels(list: ImageList, notes: DatasetNote[]): void {
  const tables = new Set<string>(),
    look = (path: string) => {
      if (/\.(csv|tsv)$/i.test(path) || /(^|\/)(labels?|metadata|train|val|test|annotations?)\.(txt|jsonl?)$/i.test(path))
        tables.add(path)
    }
  for (const { path } of list.skipped.slice(0, 1000)) look(path)
  const { count } = list.names,
    tried = Math.min(count, 2000),
    prefixes = new Map<string, number>()
  for (let image = 0; image < count; image++) {
    const name = list.names.at(image)
    if (looksLikeOther(name)) look(readable(name))
  }
  if (tables.size > 0) {
    const message =
      `There ${tables.size === 1 ? 'is a table' : 'are tables'} with the images, ${listed([...tables])}, ` +
      'which may hold labels: give it as --labels to use them.'
    notes.push({ code: 'tableFound', message })
  }
  if (list.labelled) return
  let without = 0
  for (let i = 0; i < tried; i++) {
    const prefix = prefixOf(readable(list.names.at(Math.floor((i * count) / tried))))
    if (prefix === null) without++
    else prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + 1)
  }
  const often = [...prefixes].filter(([, times]) => times > 1).map(([prefix]) => prefix)
  if (often.length < 2 || without * 10 > tried || often.length * 3 > tried) return
  notes.push({
    code: 'labelsInNames',
    message: `Names begin with ${listed(often.sort(), 4)} before their number: give --labels names if these are labels.`,
  })
}
