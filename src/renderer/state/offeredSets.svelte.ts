import { type OfferedSet } from '../../shared/offeredSets.ts'
import { Collection } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

/** The name of the set that a dataset was made of, if it was: its source without the seed (`moons, seed 7`). */
const setNameOf = (source: string): string => source.replace(/, seed \d+$/, '')

/** The sets that come with the workbench, by name. */
class OfferedSets extends Collection<OfferedSet & { id: string }> {
  /** In the engine's order. */
  readonly list = $derived([...this.byId.values()])

  constructor() {
    super(
      async () => (await call('datasets.offered', {})).sets.map((set) => ({ ...set, id: set.name })),
      () => {},
    )
  }

  /** The set that a dataset was made of, by its source; null where it was made of something else. */
  of(source: string): OfferedSet | null {
    return this.byId.get(setNameOf(source)) ?? null
  }
}

export const offeredSets = new OfferedSets()
