import type { Dataset } from './domain.ts'
import { counted, thousands } from './words.ts'

/** Sentences about a dataset that stand on its page and on the command line alike. */

const number = thousands

/** How many images are copies of others, and what became of them; null where there are none. */
export function copiesSentence({
  duplicates,
  movedToOneSide,
  kind,
}: Pick<Dataset, 'duplicates' | 'movedToOneSide' | 'kind'>): string | null {
  if (duplicates === 0) return null
  const [one, many] = kind === 'image' ? ['image', 'images'] : ['row', 'rows']
  const found = duplicates === 1 ? `1 ${one} is identical to another` : `${number(duplicates)} ${many} are identical to others`
  if (movedToOneSide === 0) return `${found}; none was moved from one part to another.`
  return `${found}; ${number(movedToOneSide)} ${movedToOneSide === 1 ? 'was' : 'were'} moved, so that none is on both sides of the split.`
}

/** Where the validation rows of a run on a dataset come from. */
export function validatedOn({ validationCount, kind }: Pick<Dataset, 'validationCount' | 'kind'>): string {
  const [one, many] = kind === 'image' ? ['image', 'images'] : ['row', 'rows']
  return validationCount > 0
    ? `the ${counted(validationCount, one, many)} that the dataset brings`
    : `a tenth of the training ${many}, drawn by the seed`
}
