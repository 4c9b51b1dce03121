import type { PresetInfo } from '../../shared/presets.ts'
import { Collection } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

/** Published experiments that can be trained. */
class Presets extends Collection<PresetInfo> {
  /** In the engine's order. */
  readonly list = $derived([...this.byId.values()])

  constructor() {
    super(
      async () => (await call('presets.list', {})).presets,
      () => {},
    )
  }
}

export const presets = new Presets()
