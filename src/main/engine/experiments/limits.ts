import { comparedBytes, duration } from '../../../shared/amounts.ts'
import type { Config } from '../../../shared/config.ts'
import type { ExpectedTime } from '../../../shared/expectedTime.ts'
import type { Shape } from '../../../shared/shape.ts'
import { counted } from '../../../shared/words.ts'
import { formatList } from '../compare/formats.ts'

/** Weights, a share of the machine's memory, and seconds of one run, above which a network is hardly what was meant. */
const limits = { parameters: 50e6, memoryShare: 0.7, seconds: 3 * 3600 }

/** What a run would take. */
export interface Costed {
  title: string
  config: Config | null
  parameters: number | null
  /** Of a trainer, in bytes. */
  memory: number | null
  expected: ExpectedTime | null
}

/** Cells that are named. */
const named = 2

/**
 * One sentence with a remedy for what is beyond each of the limits, about the run that is furthest beyond it; none where none is.
 * @param machine bytes of memory that there are
 * @param image the shape of the data where they are images
 */
export function sizeWarnings(cells: readonly Costed[], machine: number, image: Shape | undefined): string[] {
  return [
    beyond(
      cells,
      ({ parameters }) => parameters,
      limits.parameters,
      (cell) => {
        const most = counted(cell.parameters!, 'parameter')
        return `${most} are more than images can teach: it trains slowly and learns them by heart; ${remedyFor(cell.config!, image)}.`
      },
    ),
    beyond(
      cells,
      ({ memory }) => memory,
      limits.memoryShare * machine,
      (cell) => {
        const smaller = `make training.batchSize smaller, or ${remedyFor(cell.config!, image)}`
        return `Training takes about ${comparedBytes(cell.memory!)} of memory, and this machine has ${comparedBytes(machine)}; ${smaller}.`
      },
    ),
    beyond(
      cells,
      ({ expected }) => expected?.seconds ?? null,
      limits.seconds,
      ({ expected, config }) => {
        const epochs = config!.training.epochs
        const remedy = epochs > 1 ? 'give training.epochs less' : 'take fewer images'
        return `One run will train for about ${duration(expected!.seconds)}; ${remedy}, or make the network smaller.`
      },
    ),
  ].flat()
}

/** A sentence about the cell with the largest of these values, where that is above a limit, with the names of all that are. */
function beyond(
  cells: readonly Costed[],
  value: (cell: Costed) => number | null,
  limit: number,
  say: (largest: Costed) => string,
): string[] {
  const known = cells.filter(({ config }) => config !== null)
  const above = known.filter((cell) => (value(cell) ?? 0) > limit).sort((a, b) => value(b)! - value(a)!)
  if (above.length === 0) return []
  const titles = above.map(({ title }) => title)
  const who =
    above.length === known.length
      ? ''
      : `${titles.length > named + 1 ? `${titles.slice(0, named).join(', ')} and ${titles.length - named} more` : formatList(titles)}: `
  return [who + say(above[0]!)]
}

/** What makes a large network smaller. */
const remedyFor = ({ network }: Config, image: Shape | undefined): string =>
  network.convolutions.length > 0
    ? 'take fewer filters or larger strides in network.convolutions, or give network.layers smaller numbers'
    : image
      ? 'set network.convolutions to auto and network.layers to the code alone, or give network.layers smaller numbers'
      : 'give network.layers smaller numbers'
