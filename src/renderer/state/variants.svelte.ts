import type { VariantInfo } from '../../shared/config.ts'
import { Collection } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

class Variants extends Collection<VariantInfo> {
  /** In the engine's order. */
  readonly list = $derived([...this.byId.values()])

  constructor() {
    super(
      async () => (await call('variants.list', {})).variants,
      () => {},
    )
  }
}

export const variants = new Variants()
