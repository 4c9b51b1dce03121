import { innerWidth } from 'svelte/reactivity/window'

/** Pictures are larger on a large screen, which is looked at from further away. */
export const zoom = (): number => ((innerWidth.current ?? 0) >= 2000 ? 1.5 : 1)
