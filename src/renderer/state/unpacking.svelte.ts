import { route, to } from './route.svelte.ts'

/** The form that unpacks experiments, on the view Experiments; opened there or by a dropped file. */
class Unpacking {
  open = $state(false)
  path = $state('')
  /** One sentence about a drop that could not be taken. */
  note = $state('')

  show(): void {
    this.note = ''
    this.open = true
    if (route.view !== 'experiments' || route.id !== null) route.go(to.experiments())
  }

  /** A dropped file; its path is empty where only its name is known. */
  take(path: string, name: string): void {
    this.show()
    if (path) this.path = path
    else this.note = `A browser does not say where “${name}” lies on the disk; choose it, or type its path.`
  }
}

export const unpacking = new Unpacking()
