import { availableParallelism } from 'node:os'
import { queueSettingsSchema, type QueueSettings } from '../../../shared/experiments.ts'
import { defaultCopies } from '../checkpoint/snapshots.ts'
import type { ValueStore } from '../store/values.ts'

const key = 'queue'
/** One at a time: a machine with few cores gains nothing from two that share them. */
const defaults: QueueSettings = { trainers: 1, tasks: 2, keepAwake: true, background: false, copies: defaultCopies }

/**
 * The queue's settings as they are kept in the database.
 * @param fixed what the host of this engine wants of them, whatever is stored; it is not stored
 */
export function queueSettings(preferences: ValueStore, fixed: { trainers?: number | undefined; threads?: number | undefined }) {
  const stored = queueSettingsSchema.partial().safeParse(preferences.get(key) ?? {})
  let settings: QueueSettings = { ...defaults, ...(stored.success ? stored.data : {}) }
  let trainers = fixed.trainers ?? settings.trainers
  return {
    get(): QueueSettings {
      return { ...settings, trainers }
    },
    change(change: Partial<QueueSettings>): void {
      settings = { ...settings, ...change }
      trainers = change.trainers ?? trainers
      preferences.set(key, settings)
    },
    /** Threads of one worker: the machine's cores, shared among the trainers. */
    get threads(): number {
      return fixed.threads ?? Math.max(1, Math.floor(availableParallelism() / trainers))
    },
  }
}
