import { availableParallelism } from 'node:os'
import { queueSettingsSchema, type QueueSettings } from '../../../shared/experiments.ts'
import { defaultCopies } from '../checkpoint/snapshots.ts'
import { isObject } from '../../../shared/json.ts'
import type { ValueStore } from '../store/values.ts'

const key = 'queue'
/** One at a time: a machine with few cores gains nothing from two that share them. */
const defaults: QueueSettings = { trainers: 1, tasks: 2, keepAwake: true, background: false, copies: defaultCopies }

/**
 * The queue's settings as they are kept in the database.
 * @param fixed what the host of this engine wants of them, whatever is stored; it is not stored
 */
export function queueSettings(preferences: ValueStore, fixed: { trainers?: number | undefined; threads?: number | undefined }) {
  const stored = preferences.get(key),
    raw = isObject(stored) ? stored : {}
  // What a newer version has set, and this one does not know, stays as it is; one setting never takes the others with it.
  const understood = Object.entries(queueSettingsSchema.shape).flatMap(([name, schema]) => {
    const found = schema.safeParse(raw[name])
    return name in raw && found.success ? [[name, found.data]] : []
  })
  let settings: QueueSettings = { ...defaults, ...(Object.fromEntries(understood) as Partial<QueueSettings>) }
  let trainers = fixed.trainers ?? settings.trainers
  return {
    get(): QueueSettings {
      return { ...settings, trainers }
    },
    change(change: Partial<QueueSettings>): void {
      settings = { ...settings, ...change }
      trainers = change.trainers ?? trainers
      preferences.set(key, { ...raw, ...settings })
    },
    /** Threads of one worker: the machine's cores, shared among the trainers. */
    get threads(): number {
      return fixed.threads ?? Math.max(1, Math.floor(availableParallelism() / trainers))
    },
  }
}
