import { counted } from '../../../../shared/words.ts'
import type { Config } from '../../../../shared/config.ts'
import { trainingRows } from '../../../../shared/split.ts'
import { checkLayers } from '../layers.ts'
import type { Facts, Problem, Variant } from '../variant.ts'
import { dataProblems } from './dataRules.ts'
import { labelProblems } from './labelRules.ts'
import { networkProblems } from './networkRules.ts'

/** What is wrong with a config whose single settings are in their ranges. */
export function problemsOf(config: Config, facts: Facts, variant: Variant): Problem[] {
  const { trainCount, validationCount } = facts
  const available = trainCount === undefined ? Infinity : trainingRows({ trainCount, validationCount })
  const rules = [
    ...dataProblems(config, facts, variant),
    ...lengthRules(config, variant, available),
    ...networkProblems(config, variant),
    ...labelProblems(config, facts, available),
    ...(variant.check?.(config, facts) ?? []),
  ]
  return config.pretraining.kind !== 'none' && rules.length === 0 ? checkLayers(config, facts) : rules
}

/** @param available rows for training */
function lengthRules({ training, pretraining, fineTuning }: Config, variant: Variant, available: number): Problem[] {
  const problems: Problem[] = []
  // A handful of labelled images is one batch.
  const few = fineTuning.kind === 'classification' && fineTuning.labelled > 0
  const tooLarge = (field: string): Problem => ({
    field,
    message: `The training split has ${counted(available, 'image')}; set ${field} to at most that.`,
  })
  if (!variant.fit && !few && training.batchSize > available) problems.push(tooLarge('training.batchSize'))
  if (pretraining.kind !== 'none' && pretraining.batchSize > available) problems.push(tooLarge('pretraining.batchSize'))
  if (!variant.fit && training.warmupEpochs > training.epochs) {
    problems.push({
      field: 'training.warmupEpochs',
      message: `Warm-up cannot last longer than training; set training.warmupEpochs to at most ${training.epochs}.`,
    })
  }
  return problems
}
