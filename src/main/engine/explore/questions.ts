import type { QuestionKind } from '../../../shared/questions.ts'
import type { Answer } from './question.ts'
import { agreement } from './questions/agreement.ts'
import { chain } from './questions/chain.ts'
import { contraction } from './questions/contraction.ts'
import { copying } from './questions/copying.ts'
import { decode } from './questions/decode.ts'
import { featureMaps } from './questions/featureMaps.ts'
import { field } from './questions/field.ts'
import { filters } from './questions/filters.ts'
import { generate } from './questions/generate.ts'
import { histograms } from './questions/histograms.ts'
import { interpolate } from './questions/interpolate.ts'
import { manifold } from './questions/manifold.ts'
import { map } from './questions/map.ts'
import { neighbours } from './questions/neighbours.ts'
import { reconstructions } from './questions/reconstructions.ts'
import { tangents } from './questions/tangents.ts'
import { traverse } from './questions/traverse.ts'
import { units } from './questions/units.ts'
import { walk } from './questions/walk.ts'

/** Every question that can be asked: one file each, and a line here. */
export const answers: { [K in QuestionKind]: Answer<K> } = {
  reconstructions,
  map,
  histograms,
  neighbours,
  agreement,
  chain,
  generate,
  traverse,
  interpolate,
  manifold,
  decode,
  field,
  tangents,
  walk,
  contraction,
  units,
  featureMaps,
  filters,
  copying,
}
