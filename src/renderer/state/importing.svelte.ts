import { isPack } from '../../shared/packs.ts'
import { host } from './host.ts'
import { route, to } from './route.svelte.ts'
import { unpacking } from './unpacking.svelte.ts'

/** What was dropped or asked for from elsewhere and waits for the import form, on whichever view has it. */
class Importing {
  /** A path to put into the form; the form takes it and sets it back to null. */
  path = $state<string | null>(null)
  /** With it: patches are to be taken, not whole images. */
  patches = $state(false)
  /** One sentence about a drop that could not be taken. */
  note = $state('')
  /** The form is open on the Datasets view. */
  open = $state(false)
  /** Something is being dragged over the window. */
  dragging = $state(false)

  /** Opens the form where the user is, or on the Datasets view. */
  show(path: string | null = null, { patches = false } = {}): void {
    this.path = path
    this.patches = patches
    this.open = true
    if (route.view !== 'start' && !(route.view === 'datasets' && route.id === null)) route.go(to.datasets())
  }

  drop(transfer: DataTransfer | null): void {
    const file = transfer?.files[0]
    if (!file) return
    const path = host?.pathOf(file) ?? ''
    if (isPack(file.name)) return unpacking.take(path, file.name)
    this.note = path ? '' : `A browser does not say where “${file.name}” lies on the disk; choose it, or type its path.`
    this.show(path || null)
  }
}

export const importing = new Importing()
