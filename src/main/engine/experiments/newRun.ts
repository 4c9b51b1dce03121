import type { Config } from '../../../shared/config.ts'
import type { Dataset, Run, Stage } from '../../../shared/domain.ts'
import { labelledCount, shortClassesNote } from '../data/labelled.ts'
import { splitCounts, type SplitCounts } from '../../../shared/split.ts'
import { shapeOf, sizeOf } from '../../../shared/shape.ts'
import { groupedCounts } from '../data/grouped-counts.ts'
import { pixelKindOf } from '../data/pixelKind.ts'
import type { Home } from '../home.ts'
import { stageOf, stagesOf, type PlannedStage } from '../training/stages.ts'
import { machineMemory } from '../machine.ts'
import { variantOf } from '../variants/registry.ts'
import type { Facts } from '../variants/variant.ts'

/** What the pixels of a dataset are; nothing where it has none, or they cannot be read. */
export function pixelsOf(home: Home, { kind, id }: Dataset): Pick<Facts, 'pixels'> {
  const pixels = kind === 'image' ? pixelKindOf(home.dataset(id)) : undefined
  return pixels ? { pixels } : {}
}

/** What of a dataset settings are checked against. */
export function factsOf(home: Home, dataset: Dataset): Facts {
  const unlabelled = dataset.count - dataset.classCounts.reduce((sum, count) => sum + count, 0)
  return {
    rowSize: sizeOf(dataset),
    ...(dataset.kind === 'image' ? { size: shapeOf(dataset) } : {}),
    ...splitCounts(dataset),
    kind: dataset.kind,
    classes: dataset.classes.length,
    memory: machineMemory(),
    ...pixelsOf(home, dataset),
    // Only where some have one and some have none is it to be counted which.
    ...(dataset.classes.length > 0 && unlabelled > 0 ? { labelled: labelledCount(home.dataset(dataset.id)) } : {}),
  }
}

/** What the labels of a run do not suffice for, though it can be trained. */
export function labelNotes(home: Home, { id }: Dataset, { fineTuning }: Config, seed: number): string[] {
  if (fineTuning.kind !== 'classification' || fineTuning.labelled === 0) return []
  const note = shortClassesNote(home.dataset(id), fineTuning.labelled, seed)
  return note === null ? [] : [note]
}

/**
 * What would be trained, in order; empty where nothing is trained step by step.
 * @param counts those of a run's own split, where it is known
 */
export const plannedStages = (
  variant: string,
  config: Config,
  dataset: Dataset,
  counts: SplitCounts = splitCounts(dataset),
): PlannedStage[] => stagesOf(variantOf(variant), config, { input: dataset, ...counts })

/** How many rows a run of this seed is trained and validated with: where groups stay together, that depends on the seed. */
function countsOfRun(home: Home, dataset: Dataset, seed: number): SplitCounts {
  return groupedCounts(home.dataset(dataset.id), seed) ?? splitCounts(dataset)
}

export interface Length {
  stages: Stage[]
  epochs: number
  steps: number
  /** Of the last stage. */ stepsPerEpoch: number | null
}

/** How long the training of a config is. */
export function lengthOf(variant: string, config: Config, dataset: Dataset, counts?: SplitCounts): Length {
  const plan = plannedStages(variant, config, dataset, counts),
    last = plan.at(-1)
  return {
    stages: plan.map(stageOf),
    epochs: last ? last.startEpoch + last.epochs : 0,
    steps: last ? last.startStep + last.steps : 0,
    stepsPerEpoch: last?.stepsPerEpoch ?? null,
  }
}

/** What a new run is made of, but for its name and colour. */
export function runOf(
  home: Home,
  id: string,
  dataset: Dataset,
  variant: string,
  seed: number,
  { config, parameters }: { config: Config; parameters: number | null },
) {
  const { stages, epochs, steps } = lengthOf(variant, config, dataset, countsOfRun(home, dataset, seed))
  return {
    id,
    datasetId: dataset.id,
    variant,
    seed,
    config,
    stages,
    epochs,
    steps,
    parameters: parameters ?? 0,
  } satisfies Partial<Run>
}
