import type { About } from '../compare/dataNotes.ts'
import { pixelsOf } from '../experiments/newRun.ts'
import type { Context } from './context.ts'

/** What is known of datasets, by id, each looked up once; null for those that are gone. */
export function datasetsKnown({ home, store }: Pick<Context, 'home' | 'store'>): (id: string) => About | null {
  const known = new Map<string, About | null>()
  return (id) => {
    const dataset = known.has(id) ? null : store.datasets.find(id)
    if (!known.has(id)) known.set(id, dataset && { dataset, facts: pixelsOf(home, dataset) })
    return known.get(id)!
  }
}
