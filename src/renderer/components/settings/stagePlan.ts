import { encoderSizes } from '../../../shared/networkSizes.ts'
import type { Config } from '../../../shared/config.ts'
import type { Dataset, Stage } from '../../../shared/domain.ts'
import { counted } from '../../format.ts'

export interface PlannedStage {
  prefix: string
  title: string
  network: string
  work: string
}

/** Sizes of the layers of a stage's network, from its input to its output: `784 → 500 → 784`. */
function networkOf({ kind, layer }: Stage, sizes: readonly string[], classes: number): string {
  const trainedSizes = layer === null ? sizes : sizes.slice(layer, layer + 2)
  const back = kind === 'classification' ? [String(classes)] : trainedSizes.slice(0, -1).reverse()
  return [...trainedSizes, ...back].join(' → ')
}

/** The stages of a run that is being planned, as they are read; and all of them together. */
export function stagePlan(
  stages: readonly Stage[],
  config: Config,
  dataset: Pick<Dataset, 'width' | 'height' | 'channels' | 'classes'>,
): { stages: PlannedStage[]; total: string } {
  const sizes = encoderSizes(config.network, dataset)
  const work = (epochs: number, steps: number) => `${counted(epochs, 'epoch')}, ${counted(steps, 'step')}`
  return {
    stages: stages.map((stage) => ({
      prefix: stage.prefix,
      title: stage.title,
      network: networkOf(stage, sizes, dataset.classes.length),
      work: work(stage.epochs, stage.steps),
    })),
    total: work(
      sum(stages, ({ epochs }) => epochs),
      sum(stages, ({ steps }) => steps),
    ),
  }
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((total, item) => total + of(item), 0)
