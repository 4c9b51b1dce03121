import type { QuestionKind } from '../../shared/questions.ts'
import { asking, type Ask, type AskedOf } from './exploreAsk.svelte.ts'
import type { Desk, Side } from './exploreDesk.svelte.ts'

export type SideAsk<K extends QuestionKind> = Ask<K> & { again(): void }
type QuestionFor<K extends QuestionKind> = AskedOf<K>['question']

/** Pictures are asked for with at most so many pixels on their longest side: what a row of them is drawn with. */
export const rowSide = Math.round(128 * (window.devicePixelRatio || 1))

/**
 * The same question to each of the networks that are looked into; null for those that cannot be asked it, or not now. For use
 * while a component starts.
 * @param options `side`: longest side of the pictures in the answer
 */
export function askSides<K extends QuestionKind>(
  of: () => Desk,
  kind: K,
  question: (side: Side) => QuestionFor<K> | null,
  { mode = 'replace', side: longest = rowSide }: { mode?: 'replace' | 'live' | 'background'; side?: number } = {},
): [SideAsk<K>, SideAsk<K>] {
  const asked = (slot: 0 | 1) => (): AskedOf<K> | null => {
    const side = of().sides[slot]
    if (!side?.opened || side.error || side.opened.unavailable[kind] !== undefined) return null
    const given = question(side)
    return given === null ? null : { ...side.network, side: longest, question: given }
  }
  return [asking(asked(0), mode), asking(asked(1), mode)]
}
