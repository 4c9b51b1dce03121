import { thousands } from '../../../shared/words.ts'
import type { PlannedCell } from '../../../shared/experiments.ts'
import { enoughSteps, epochsFor, fewSteps } from '../../../shared/stepCounts.ts'
import { formatList } from '../compare/formats.ts'
import type { PlannedStage } from '../training/stages.ts'

/** A cell with the stages of its training; none where nothing is trained step by step. */
export interface Staged {
  cell: Pick<PlannedCell, 'title' | 'config'>
  stages: readonly PlannedStage[]
}

/** Passes over labelled images after which few steps are enough: there are few only because there are few labels. */
const enoughPasses = 100
/** Cells that are named. */
const named = 2

/**
 * One sentence about the cells whose last stage has fewer steps than seldom suffice, with how many epochs would; none where
 * there are no such cells.
 */
export function fewStepsWarnings(cells: readonly Staged[]): string[] {
  const trained = cells.flatMap(({ cell, stages }) =>
    cell.config === null || stages.length === 0 ? [] : [{ cell, last: stages.at(-1)! }],
  )
  const few = trained.filter(
    ({ cell, last }) =>
      last.steps < fewSteps && !(cell.config!.fineTuning.kind === 'classification' && last.epochs >= enoughPasses),
  )
  if (few.length === 0) return []
  const range = (values: readonly number[]): string =>
    [...new Set([Math.min(...values), Math.max(...values)])].map(thousands).join(' to ')
  const titles = few.map(({ cell }) => cell.title)
  const who =
    few.length === trained.length
      ? ''
      : `${titles.length > named + 1 ? `${titles.slice(0, named).join(', ')} and ${titles.length - named} more` : formatList(titles)}: `
  const counts = range(few.map(({ last }) => last.steps)),
    wanted = range(few.map(({ last }) => Number(epochsFor(enoughSteps, last.stepsPerEpoch).toPrecision(2))))
  return [
    `${who}${counts} ${counts === '1' ? 'step is' : 'steps are'} few, and networks will hardly ` +
      `have learnt by then; give training.epochs about ${wanted}, or training.batchSize less.`,
  ]
}
