import type { Desk } from '../../state/exploreDesk.svelte.ts'

/** One of a view's options, which its address keeps. */
export interface ViewOption {
  desk: Desk
  /** Its key in the address. */
  option: string
  /** What it is called on screen. */
  title: string
}
