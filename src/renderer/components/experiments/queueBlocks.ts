import type { RunRow } from '../../../shared/runTable.ts'

/** Runs that wait one behind the other and belong to one experiment; a run without one stands by itself. */
export interface Block {
  key: string
  experiment: string | null
  runs: RunRow[]
}

/** The waiting runs as blocks, in their order. Runs that are not known yet are left out. */
export function blocksOf(waiting: readonly string[], row: (id: string) => RunRow | undefined): Block[] {
  const blocks: Block[] = []
  for (const id of waiting) {
    const run = row(id)
    if (!run) continue
    const experiment = run.experiment?.id ?? null
    const last = blocks.at(-1)
    if (last && experiment !== null && last.experiment === experiment) last.runs.push(run)
    else blocks.push({ key: id, experiment, runs: [run] })
  }
  return blocks
}

/** Before which run a block is put to go one block up or down, or to the front; null: at the end; undefined: it is there already. */
export function placeFor(blocks: readonly Block[], index: number, to: 'front' | 'up' | 'down'): string | null | undefined {
  if (to === 'down') return index >= blocks.length - 1 ? undefined : (blocks[index + 2]?.runs[0]!.id ?? null)
  if (index <= 0) return undefined
  return blocks[to === 'front' ? 0 : index - 1]!.runs[0]!.id
}
