import type { FileFilter } from '../../shared/host.ts'
import { host } from './host.ts'

export interface Asked {
  what: 'folder' | 'file'
  /** Of the files that are wanted, e.g. `.onnx`; undefined: those that can be imported. */
  ending: string | undefined
  /** Where to begin; empty: in the user's own folder. */
  begin: string
  answer(path: string | null): void
}

/** Asks for a folder or file: by the desktop's dialog, or by one of the page where there is none. */
class Chooser {
  /** What the page's dialog is to ask for now. */
  asked = $state.raw<Asked | null>(null)

  folder(begin = ''): Promise<string | null> {
    return host ? host.chooseFolder() : this.#ask({ what: 'folder', ending: '', begin })
  }

  file(begin = '', filters?: FileFilter[]): Promise<string | null> {
    if (host) return host.chooseFile(filters)
    const extension = filters?.[0]?.extensions[0]
    return this.#ask({ what: 'file', ending: extension && `.${extension}`, begin })
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
