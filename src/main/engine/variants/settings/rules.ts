import type { Config } from '../../../../shared/config.ts'
import { seenOf, validatedOf } from '../fromData.ts'
import { checkLayers } from '../layers.ts'
import type { Facts, Problem, Variant } from '../variant.ts'
import { dataProblems } from './dataRules.ts'
import { labelProblems } from './labelRules.ts'
import { lengthProblems } from './lengthRules.ts'
import { networkProblems } from './networkRules.ts'

/** What is wrong with a config whose single settings are in their ranges. */
export function problemsOf(config: Config, facts: Facts, variant: Variant): Problem[] {
  const available = seenOf(facts) ?? Infinity
  const rules = [
    ...dataProblems(config, facts, variant),
    ...lengthProblems(config, variant, available, validatedOf(facts)),
    ...networkProblems(config, variant),
    ...labelProblems(config, facts, available),
    ...(variant.check?.(config, facts) ?? []),
  ]
  return config.pretraining.kind !== 'none' && rules.length === 0 ? checkLayers(config, facts) : rules
}
