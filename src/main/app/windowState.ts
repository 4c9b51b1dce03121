import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Where the window was when it was last closed, in the screen's device-independent pixels. */
export interface WindowState {
  x: number
  y: number
  width: number
  height: number
  maximised: boolean
}
export interface Area {
  x: number
  y: number
  width: number
  height: number
}

const smallest = { width: 900, height: 600 }
export const smallestWindow = smallest

/** The remembered place, or null when there is none that can be used: no file, a damaged one, or a screen that is gone. */
export function readWindowState(file: string, screens: Area[]): WindowState | null {
  let state: Partial<WindowState>
  try {
    state = JSON.parse(readFileSync(file, 'utf8')) as Partial<WindowState>
  } catch {
    return null
  }
  const { x, y, width, height, maximised } = state ?? {}
  if (![x, y, width, height].every((value) => Number.isSafeInteger(value))) return null
  const area = { x: x!, y: y!, width: Math.max(smallest.width, width!), height: Math.max(smallest.height, height!) }
  // Enough of the title bar has to be on a screen to drag the window by.
  const reachable = screens.some(
    (screen) =>
      area.x + area.width > screen.x + 100 &&
      area.x < screen.x + screen.width - 100 &&
      area.y >= screen.y &&
      area.y < screen.y + screen.height - 50,
  )
  return reachable ? { ...area, maximised: maximised === true } : null
}

/** Losing this file costs nothing, so a failure to write it is not worth a word. */
export function writeWindowState(file: string, state: WindowState): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, JSON.stringify(state))
    renameSync(`${file}.new`, file)
  } catch {
    /* see above */
  }
}
