import type { Result, ResultOf } from '../../../shared/answers.ts'
import type { QuestionInput, QuestionKind } from '../../../shared/questions.ts'
import { call, connection } from '../../state/connection.svelte.ts'
import { latest } from './latest.svelte.ts'

/**
 * A question to a network, asked again when it changes; one that takes long is ended when a newer one comes. For use while a
 * component starts.
 * @param view under which the engine tells how far it is; no two at once may have the same
 */
export function exploring<K extends QuestionKind>(
  view: string,
  question: () => { run: string; checkpoint?: number; question: QuestionInput & { kind: K } } | null,
) {
  let share = $state<number | null>(null)
  const text = $derived(JSON.stringify(question()))
  const asked = latest(question, async (input) => {
    const { result } = await call('explore', { ...input, view } as Parameters<typeof call<'explore'>>[1])
    return result as Result as ResultOf<K>
  })
  $effect(() =>
    connection.onEvent((event) => {
      if (event.type === 'explore' && event.view === view) share = event.share
    }),
  )
  $effect(() => {
    void text
    return () => {
      if (asked.busy) call('explore.cancel', { view }).catch(() => {})
    }
  })
  return {
    get value(): ResultOf<K> | null {
      return asked.value
    },
    /** Not that it was ended for a newer question. */
    get error() {
      return asked.error?.code === 'CANCELLED' ? null : asked.error
    },
    get busy() {
      return asked.busy
    },
    get share() {
      return share
    },
    again: () => asked.again(),
  }
}
