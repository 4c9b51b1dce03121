import { addActivity } from './activityGraph.ts'
import { addCodeSum, addForward } from './forwardGraph.ts'
import { ModelGraph } from './modelGraph.ts'
import type { ModelSpec } from './modelSpec.ts'
import { addInputs, addStep } from './stepGraph.ts'
import { addValidation } from './validationGraph.ts'

/**
 * The graph of one variant with one config: what a session needs to train, validate, encode and reconstruct. Fetches: `step`,
 * `norms`, `validateN`, `codeSum`, `activeSum`, `code`, `reconstruction` or `probabilities`, `layerN/kernel`, `layerN/pre`,
 * `layerN/output`, `read/NAME`, `assigned/NAME`. Feeds: `batch`, `clean` (where inputs are drawn), `rows`, `labels`, `seed`, `rate`, `x`,
 * `assign/NAME`.
 */
export class Program extends ModelGraph {
  /** Names of what `norms` gives: `gradient/LAYER`, `updateRatio/LAYER`. */
  readonly norms: readonly string[] = []

  /** @param validationSizes batch sizes at which the objective is validated; none: the program does not train */
  constructor(spec: ModelSpec, validationSizes: readonly number[]) {
    super(spec, validationSizes.length > 0)
    const forward = addForward(this)
    if (!this.trains) return
    addInputs(this)
    this.norms = addStep(this)
    for (const size of new Set(validationSizes)) addValidation(this, size)
    addCodeSum(this, forward)
    addActivity(this)
  }
}
