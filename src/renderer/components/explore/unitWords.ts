import type { ResultOf } from '../../../shared/answers.ts'

export type UnitState = ResultOf<'units'>['state'][number]

export const stateTitles: Record<UnitState, string> = {
  dead: 'Dead',
  sparse: 'Sparse',
  active: 'Active',
  alwaysOn: 'Always on',
  silent: 'Silent',
  collapsed: 'Collapsed',
}
export const stateHints: Record<UnitState, string> = {
  dead: 'The same for every image.',
  sparse: 'Active in fewer than a fifth of the images.',
  active: 'Distinguishes images.',
  alwaysOn: 'Active in nearly every image.',
  silent: 'Its posterior equals the prior, but the decoder still responds to it.',
  collapsed: 'Carries no information about the image, and the decoder ignores it.',
}
const order: readonly UnitState[] = ['active', 'sparse', 'alwaysOn', 'silent', 'dead', 'collapsed']

/** How many units are in each state, e.g. `3 active, 1 dead`. */
export function stateSentence(states: readonly UnitState[]): string {
  const parts = order.flatMap((state) => {
    const count = states.filter((one) => one === state).length
    return count > 0 ? [`${count} ${stateTitles[state].toLowerCase()}`] : []
  })
  return parts.join(', ')
}
