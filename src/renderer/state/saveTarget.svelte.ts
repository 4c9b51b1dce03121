import type { Task } from '../../shared/domain.ts'
import type { FileFilter } from '../../shared/host.ts'
import { chooser } from './chooser.svelte.ts'
import { call, connection } from './connection.svelte.ts'
import { downloads } from './downloads.svelte.ts'
import { host } from './host.ts'

const baseName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path

interface Options {
  /** Kinds of files for the dialog, the usual one first. */
  kinds?: FileFilter[]
  /** It is to be a folder. */
  folder?: boolean
}

/**
 * Where a file or folder is to be written: what the engine suggests, until the user has written something else. In the browser mode a name
 * without a folder is one that the browser downloads; a path is written to on this machine, there as in the desktop window.
 */
export class SaveTarget {
  path = $state('')
  readonly isFolder: boolean
  /** Whether the browser is to download it. */
  readonly downloaded = $derived.by(() => host === null && this.path.trim() !== '' && !/[\\/]/.test(this.path))
  /** What the last start made for a download; null where it went to a path. */
  download = $state<string | null>(null)
  /** The name or path that was suggested last and put in the field. */
  suggested = ''
  /** The whole path of it. */
  #place = ''
  /** A path about which a dialog has already asked. */
  #agreed = ''
  readonly #kinds: FileFilter[]
  #latest = 0
  /** Suggested while somebody was in the field. */
  #waiting: string | null = null
  #held = false

  /** Whether the field has the focus: somebody reads or is about to type there, and nothing is put under their hands. */
  get held(): boolean {
    return this.#held
  }
  set held(held: boolean) {
    this.#held = held
    if (!held && this.#waiting !== null) this.#put(this.#waiting)
  }

  /** For use while a component starts. @param ask for the path, by what it reads; null: there is nothing to suggest now */
  constructor(ask: () => Promise<string> | null, { kinds = [], folder = false }: Options = {}) {
    this.#kinds = kinds
    this.isFolder = folder
    $effect(() => {
      void connection.generation
      const mine = ++this.#latest
      ask()?.then(
        (path) => {
          if (mine !== this.#latest) return
          if (this.#held) this.#waiting = path
          else this.#put(path)
        },
        () => {},
      )
    })
  }

  #put(place: string): void {
    const path = host === null ? baseName(place) : place
    if (this.path === '' || this.path === this.suggested) this.path = path
    this.suggested = path
    this.#place = place
    this.#waiting = null
  }

  /** Asks for a place on this machine, and before a file is replaced there. */
  async choose(): Promise<void> {
    const typed = this.path.trim()
    const begin = this.downloaded ? this.#place.slice(0, -baseName(this.#place).length) + typed : typed || this.#place
    const chosen = host
      ? await (this.isFolder ? host.chooseFolder() : host.chooseSave(begin, this.#kinds))
      : await chooser.save(begin, this.#kinds, this.isFolder)
    if (chosen === null) return
    this.path = chosen
    if (!this.isFolder) this.#agreed = chosen
  }

  /** From a path back to its name alone. */
  toDownload(): void {
    this.path = baseName(this.path.trim().replace(/[\\/]+$/, '')) || this.suggested
  }

  /**
   * Has it written: to the path, or to a place of the engine's from which the browser then downloads it.
   * @param replace write over what is there @param start the call that writes it, to this path
   * @throws WorkbenchError of that call; EXPORT_UNWRITABLE for a name that no file can have
   */
  async begin(replace: boolean, start: (out: string, force: boolean) => Promise<{ task: Task }>): Promise<{ task: Task }> {
    const typed = this.path.trim()
    this.download = null
    if (!this.downloaded) return start(typed, replace || this.#agreed === typed)
    const { download, path } = await call('downloads.begin', { name: typed, folder: this.isFolder })
    try {
      const answer = await start(path, false)
      downloads.follow(download, typed, answer.task)
      this.download = download
      return answer
    } catch (thrown) {
      void call('downloads.end', { download }).catch(() => {})
      throw thrown
    }
  }
}
