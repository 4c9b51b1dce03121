import { untrack } from 'svelte'
import { toErrorInfo, type ErrorInfo } from '../../../shared/errors.ts'
import type { Task } from '../../../shared/domain.ts'
import { call, connection } from '../../state/connection.svelte.ts'
import { runs } from '../../state/runs.svelte.ts'
import { tasks } from '../../state/tasks.svelte.ts'
import type { PlanDraft } from './planDraft.svelte.ts'

/** Milliseconds without a change after which the engine is asked, and after which it measures what it does not know. */
const pause = 150
const calm = 1500

/** What the engine says of a plan while it is being written. For use while a component starts. */
export class PlanChecking {
  refused = $state.raw<ErrorInfo | null>(null)
  /** The plan has changed since the latest answer. */
  waiting = $state(false)
  /** Measures how long the plan's steps take. */
  #task = $state<string | null>(null)
  #again = $state(0)
  readonly #draft: PlanDraft
  readonly measuring: Task | null = $derived(this.#task === null ? null : (tasks.byId.get(this.#task) ?? null))
  readonly isMeasuring: boolean = $derived(this.measuring?.state === 'running')
  /** Why a measurement failed. */
  readonly unmeasured: ErrorInfo | null = $derived(this.measuring?.state === 'failed' ? this.measuring.error : null)

  constructor(draft: PlanDraft) {
    this.#draft = draft
    $effect(() => this.#fields())
    $effect(() => this.#check())
    $effect(() => {
      if (this.measuring && this.measuring.state !== 'running')
        untrack(() => {
          this.#again += 1
        })
    })
    $effect(() => this.#measureWhenCalm())
  }

  /** The fields of each variant depend on the other settings: what one switches on, which defaults it has. */
  #fields(): void | (() => void) {
    const { dataset, planned } = this.#draft
    void connection.generation
    const questions = planned.map((one) => ({ one, variant: one.variant, settings: this.#draft.settingsFor(one) }))
    if (connection.status !== 'open') return
    let current = true
    const timer = setTimeout(() => {
      for (const { one, variant, settings } of questions) {
        const key = JSON.stringify([variant, settings, dataset])
        if (one.asked === key) continue
        call('runs.check', { variant, settings, ...(dataset ? { dataset } : {}) }).then(
          ({ fields }) => {
            if (!current || one.variant !== variant) return
            one.asked = key
            one.answered = fields
          },
          () => {},
        )
      }
    }, pause / 2)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }

  #check(): void | (() => void) {
    const { plan } = this.#draft
    void connection.generation
    void this.#again
    if (connection.status !== 'open') return
    if (plan === null) {
      untrack(() => {
        this.#draft.checked = null
        this.refused = null
        this.waiting = false
      })
      return
    }
    let current = true
    untrack(() => {
      this.waiting = true
    })
    const timer = setTimeout(() => {
      call('experiments.check', { plan }).then(
        ({ check }) => {
          if (!current) return
          this.#draft.answer(check)
          this.refused = null
          this.waiting = false
        },
        (thrown: unknown) => {
          if (!current) return
          this.#draft.checked = null
          this.refused = toErrorInfo(thrown)
          this.waiting = false
        },
      )
    }, pause)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }

  /** Without being asked where nothing trains: beside a training both would be slower than they are. */
  #measureWhenCalm(): void | (() => void) {
    const { checked, plan } = this.#draft
    const wanted =
      checked !== null &&
      plan !== null &&
      !this.waiting &&
      checked.problems.length === 0 &&
      !this.#draft.unreadable &&
      checked.measured.known < checked.measured.total
    if (
      !wanted ||
      this.isMeasuring ||
      runs.live.some(({ place }) => place === null) ||
      untrack(() => this.measuring?.state === 'failed' || this.#stopped)
    )
      return
    const timer = setTimeout(() => void this.measure(), calm)
    return () => clearTimeout(timer)
  }
  /** The user does not want it. */
  #stopped = false

  async measure(): Promise<void> {
    const { plan } = this.#draft
    if (plan === null || this.isMeasuring) return
    this.#stopped = false
    try {
      const { task } = await call('experiments.estimate', { plan })
      tasks.put(task)
      this.#task = task.id
    } catch (thrown) {
      this.refused = toErrorInfo(thrown)
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const task = this.#task
    if (task === null || !this.isMeasuring) return
    try {
      tasks.put((await call('tasks.cancel', { task })).task)
    } catch {
      // It has just ended.
    }
  }
}
