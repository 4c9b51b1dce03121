import type { ErrorInfo } from '../../../shared/errors.ts'
import type { Opened } from '../../../shared/explore.ts'
import type { QuestionKind } from '../../../shared/questions.ts'
import type { ExploreView } from '../../state/exploreAddress.ts'

/** What can be done about an error of a question, by name; the view knows how. */
export type Remedy = 'again' | 'otherRun' | 'otherImage' | 'newest' | 'train' | 'import'

export const remedyTitles: Record<Remedy, string> = {
  again: 'Ask again',
  otherRun: 'Choose another run',
  otherImage: 'Choose another image',
  newest: 'Show the trained weights',
  train: 'Train a run with its settings',
  import: 'Import images',
}

/** What each view asks above all. */
const asks: Record<ExploreView, QuestionKind> = {
  similar: 'neighbours',
  chain: 'chain',
  generate: 'generate',
  manifold: 'manifold',
  field: 'field',
  tangents: 'tangents',
  units: 'units',
  copying: 'copying',
  map: 'map',
  features: 'featureMaps',
}

/** Whether a run cannot show a view at all. */
export const lacks = (unavailable: Opened['unavailable'], view: ExploreView): boolean => unavailable[asks[view]] !== undefined

/** Other views that a run can show, at most two, those first that come nearest to making images, or to what filters show. */
export function otherViews(unavailable: Opened['unavailable'], view: ExploreView): ExploreView[] {
  const order: readonly ExploreView[] =
    view === 'features' ? ['units', 'tangents'] : ['chain', 'similar', 'units', 'map', 'tangents']
  return order.filter((one) => one !== view && !lacks(unavailable, one)).slice(0, 2)
}

/** The remedies for an error, the likeliest first. `moment`: an earlier moment of the run is looked at. */
export function remediesFor({ code, field = '' }: Pick<ErrorInfo, 'code' | 'field'>, moment: boolean): Remedy[] {
  const image = /image|row|through|between|from|to$/.test(field)
  switch (code) {
    case 'CHECKPOINT_MISSING':
      return moment ? ['newest', 'otherRun'] : ['otherRun', 'train']
    case 'CHECKPOINT_DAMAGED':
    case 'RUN_MISMATCH':
      return moment ? ['newest', 'otherRun'] : ['train', 'otherRun']
    case 'DATASET_UNKNOWN':
    case 'FILE_DAMAGED':
      return ['otherRun', 'import']
    case 'IMAGE_SIZE':
    case 'FILE_UNSUPPORTED':
    case 'PATH_MISSING':
    case 'PATH_UNREADABLE':
      return ['otherImage']
    case 'CALL_INVALID':
      return image ? ['otherImage'] : ['again']
    case 'QUESTION_UNSUITABLE':
    case 'RUN_UNKNOWN':
      return ['otherRun']
    default:
      return ['again', 'otherRun']
  }
}
