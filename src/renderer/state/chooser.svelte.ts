import type { FileFilter } from '../../shared/host.ts'
import { host } from './host.ts'

export interface Asked {
  what: 'folder' | 'file' | 'save'
  /** The kinds of files that can be wanted, the first of them at first; none: those that can be imported. */
  kinds: FileFilter[]
  /** Where to begin; empty: in the user's own folder. */
  begin: string
  /** Of what is to be saved: it is a folder. */
  isFolder?: boolean
  answer(path: string | null): void
}

/** Files of any kind, after those that are usual. */
export const anyFile: FileFilter = { name: 'All files', extensions: ['*'] }

/** Asks for a folder or file: by the desktop's dialog, or by one of the page where there is none. */
class Chooser {
  /** What the page's dialog is to ask for now. */
  asked = $state.raw<Asked | null>(null)

  folder(begin = ''): Promise<string | null> {
    return host ? host.chooseFolder() : this.#ask({ what: 'folder', kinds: [], begin })
  }

  file(begin = '', kinds: FileFilter[] = []): Promise<string | null> {
    return host ? host.chooseFile(kinds) : this.#ask({ what: 'file', kinds, begin })
  }

  /**
   * A path to write to, for the page's dialog alone: a folder and a name in it, which is asked about where there is such a file.
   * @param begin a path, of whose name and folder neither need exist @param isFolder a folder is to be made or filled
   */
  save(begin: string, kinds: FileFilter[], isFolder: boolean): Promise<string | null> {
    return this.#ask({ what: 'save', kinds, begin, isFolder })
  }

  #ask(what: Omit<Asked, 'answer'>): Promise<string | null> {
    this.asked?.answer(null)
    return new Promise((resolve) => {
      const asked: Asked = {
        ...what,
        answer: (path) => {
          if (this.asked === asked) this.asked = null
          resolve(path)
        },
      }
      this.asked = asked
    })
  }
}

export const chooser = new Chooser()
