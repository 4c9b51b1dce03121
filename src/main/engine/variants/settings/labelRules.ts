import { counted } from '../../../../shared/words.ts'
import { keepsBest, type Config } from '../../../../shared/config.ts'
import type { Facts, Problem } from '../variant.ts'

/**
 * What is wrong with a classification by the labels that there are, the first alone; empty where there is none.
 * @param available rows for training
 */
export const labelProblems = (config: Config, facts: Facts, available: number): Problem[] =>
  config.fineTuning.kind === 'classification' ? labelRules(config, facts, available).slice(0, 1) : []

function labelRules(
  { fineTuning, training }: Config,
  { trainCount, classes = Infinity, labelled = trainCount }: Facts,
  available: number,
): Problem[] {
  const wanted = fineTuning.labelled
  const problems: Problem[] = []
  const none = 'set fineTuning.kind to reconstruction, or import it with labels'
  if (classes < 2) problems.push({ field: 'fineTuning.kind', message: `This dataset has no two classes to tell apart; ${none}.` })
  if (labelled !== trainCount && labelled !== undefined && trainCount !== undefined) {
    // Validation takes its share of each class, rounded up at most.
    const sure = Math.floor((labelled * available) / trainCount) - classes
    const only = `Of the ${trainCount} images that are not for testing ${labelled} ${labelled === 1 ? 'has' : 'have'} a label`
    if (sure < classes)
      problems.push({ field: 'fineTuning.kind', message: `${only}, too few to learn ${classes} classes from; ${none}.` })
    if (wanted === 0 || wanted > sure)
      problems.push({
        field: 'fineTuning.labelled',
        message: `${only}, some of them for validation; set fineTuning.labelled to a number from ${classes} to ${sure}.`,
      })
  }
  if (wanted > available) {
    problems.push({
      field: 'fineTuning.labelled',
      message:
        `The training split has ${counted(available, 'image')} beside those for validation; ` +
        `set fineTuning.labelled to at most that.`,
    })
  }
  if (wanted > 0 && classes !== Infinity && wanted < classes) {
    problems.push({
      field: 'fineTuning.labelled',
      message:
        `There ${classes === 1 ? 'is' : 'are'} ${counted(classes, 'class', 'classes')}; ` +
        `set fineTuning.labelled to at least that, so that each has an image.`,
    })
  }
  if (wanted > 0 && training.patience > 0) {
    problems.push({
      field: 'training.patience',
      message:
        'Early stopping would use the labels of the validation images, which ' +
        'are not among the labelled ones; set training.patience to 0.',
    })
  }
  if (wanted > 0 && keepsBest({ training })) {
    problems.push({
      field: 'training.keep',
      message:
        'The best weights would be chosen by the labels of the validation images, which are not among the labelled ones; ' +
        'set training.keep to last.',
    })
  }
  return problems
}
