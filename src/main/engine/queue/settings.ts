import { availableParallelism } from 'node:os'
import { queueSettingsSchema, type QueueSettings } from '../../../shared/experiments.ts'
import { defaultCopies } from '../checkpoint/snapshots.ts'
import { isObject } from '../../../shared/json.ts'
import type { ValueStore } from '../store/values.ts'

const key = 'queue'
/** One at a time: a machine with few cores gains nothing from two that share them. */
const defaults: QueueSettings = { trainers: 1, tasks: 2, keepAwake: true, background: false, copies: defaultCopies }

/** The queue's settings as they are kept in the database. */
export class KeptSettings {
  readonly #preferences: ValueStore
  readonly #fixed: { trainers?: number | undefined; threads?: number | undefined }
  readonly #raw: Record<string, unknown>
  #settings: QueueSettings
  #trainers: number

  /** @param fixed what the host of this engine wants of them, whatever is stored; it is not stored */
  constructor(preferences: ValueStore, fixed: { trainers?: number | undefined; threads?: number | undefined }) {
    this.#preferences = preferences
    this.#fixed = fixed
    const stored = preferences.get(key)
    const raw = (this.#raw = isObject(stored) ? stored : {})
    // What a newer version has set, and this one does not know, stays as it is; one setting never takes the others with it.
    const understood = Object.entries(queueSettingsSchema.shape).flatMap(([name, schema]) => {
      const found = schema.safeParse(raw[name])
      return name in raw && found.success ? [[name, found.data]] : []
    })
    this.#settings = { ...defaults, ...(Object.fromEntries(understood) as Partial<QueueSettings>) }
    this.#trainers = fixed.trainers ?? this.#settings.trainers
  }

  get(): QueueSettings {
    return { ...this.#settings, trainers: this.#trainers }
  }

  change(change: Partial<QueueSettings>): void {
    this.#settings = { ...this.#settings, ...change }
    this.#trainers = change.trainers ?? this.#trainers
    this.#preferences.set(key, { ...this.#raw, ...this.#settings })
  }

  /** Threads of one worker: the machine's cores, shared among the trainers. */
  get threads(): number {
    return this.#fixed.threads ?? Math.max(1, Math.floor(availableParallelism() / this.#trainers))
  }
}
