import { formatFigure, withSign, type FigureInfo } from '../../shared/figures.ts'
import { Collection } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

/** What the figures of an evaluation are called and how they are written, in the engine's words. */
class Figures extends Collection<FigureInfo & { id: string }> {
  constructor() {
    super(
      async () => (await call('figures.list', {})).figures.map((figure) => ({ id: figure.key, ...figure })),
      () => {},
    )
  }

  title(key: string): string {
    return this.byId.get(key)?.title ?? ''
  }

  /** For where there is little room. */
  short(key: string): string {
    return this.byId.get(key)?.short ?? ''
  }

  /** What stands behind a short name. */
  hint(key: string): string {
    const figure = this.byId.get(key)
    return figure ? `${figure.title}. ${figure.explanation}` : ''
  }

  /** A value of it, with the sign of per cent. */
  text(key: string, value: number | null | undefined): string {
    const figure = this.byId.get(key)
    return figure ? withSign(formatFigure(value, figure), value == null ? '' : figure.unit) : ''
  }
}

export const figures = new Figures()
