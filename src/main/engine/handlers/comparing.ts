import { WorkbenchError } from '../../../shared/errors.ts'
import type { Run } from '../../../shared/domain.ts'
import { compareRuns } from '../compare/comparison.ts'
import { variantInfos } from '../variants/index.ts'
import type { Context, Handlers } from './context.ts'

/** What is shown of several runs at once. */
export const comparingHandlers = ({ store, queue }: Context) => {
  /** The runs that some references name, each once, in their order. */
  const runsOf = (references: readonly string[]): Run[] => {
    const found = new Map(references.map((reference) => queue.view(store.runs.resolve(reference))).map((run) => [run.id, run]))
    return [...found.values()]
  }
  return {
    'compare': ({ runs: references, baseline, figure }) => {
      const runs = runsOf(references)
      if (runs.length < 2) throw new WorkbenchError('CALL_INVALID', 'A comparison needs at least two different runs; name another one.', { field: 'runs' })
      return { comparison: compareRuns(runs, variantInfos(), { baseline: baselineIn(runs, baseline), figure }) }
    },
  } satisfies Partial<Handlers>

  /** A group's id as it is; a run by any reference. */
  function baselineIn(runs: readonly Run[], reference: string | undefined): string | undefined {
    if (reference === undefined || reference.startsWith('group:')) return reference
    const { id, name } = store.runs.resolve(reference)
    if (runs.some((run) => run.id === id)) return id
    throw new WorkbenchError('CALL_INVALID', `The run "${name}" is not among the compared ones, so it cannot be their baseline; add it to them, or name another.`, { field: 'baseline' })
  }
}
