import type { Config, Field, Origin, Settings } from '../../../../shared/config.ts'
import type { ErrorInfo } from '../../../../shared/errors.ts'
import { isAuto } from '../../../../shared/convolutions.ts'
import { vectorOf } from '../../../../shared/shape.ts'
import { fieldsByKey } from '../../../../shared/settings/applies.ts'
import { flatten } from '../../../../shared/settings/nested.ts'
import type { NetworkLayer } from '../../../../shared/networkLayers.ts'
import { countParameters } from '../../network/weights.ts'
import { autoFor } from '../fromData.ts'
import { memoryProblems } from '../memory.ts'
import { likelihoodNotes } from '../likelihoodNotes.ts'
import { variantOf } from '../registry.ts'
import { describedLayersOf, weightsOf, type Facts } from '../variant.ts'
import { chosenOf } from './chosen.ts'
import { defaultsOf, setAt } from './defaults.ts'
import { fieldsOf } from './fields.ts'
import { problemWithoutField } from './given.ts'
import { parse } from './parse.ts'
import { fromData, warningsFor, withoutEffect } from './remarks.ts'
import { problemsOf } from './rules.ts'

export interface Resolved {
  /** Null while there are problems. */
  config: Config | null
  fields: Field[]
  /** Whose word each setting is, by dotted key: that of a layer of the defaults, or of what was given. */
  from: Record<string, Origin>
  problems: ErrorInfo[]
  warnings: string[]
  /**
   * Defaults that are what they are because of the data, where nothing else was said: `Reconstruction: squared error, because
   * these are colour images.`
   */
  fromData: string[]
  /** Number of trained values; null without a config or without knowing the data. */
  parameters: number | null
  /** Of the network, from the input on; empty without a config or without knowing the data. */
  layers: NetworkLayer[]
}

/** Settings on top of the defaults, nested or by dotted keys. */
export interface Given {
  from: Origin
  settings: Settings
}

/**
 * Settings on top of the variant's defaults, checked. Every problem names its field and the allowed range; nothing is silently
 * ignored: an unknown key is a problem too.
 * @param settings a user's; or several layers of them, the later winning, each with the name that its values are said to be from
 * @throws WorkbenchError VARIANT_UNKNOWN
 */
export function resolveConfig(variantId: string, settings: Settings | Given[], facts: Facts = {}): Resolved {
  const variant = variantOf(variantId)
  const given = mergedOf(isLayers(settings) ? settings : [{ from: 'given', settings }])
  const values = new Map([...given].map(([key, { value }]) => [key, value]))
  const chosen = chosenOf(variant, values)
  const defaults = defaultsOf(variant, facts, chosen)
  const fields = fieldsOf(variant, facts, chosen, defaults),
    byKey = fieldsByKey(fields)
  const { sections } = defaults,
    from = new Map(defaults.from)
  const problems: ErrorInfo[] = []
  // What a variant determines follows from its own settings: these first.
  const isRegularizers = ([key]: [string, unknown]) => key.startsWith('regularizer.')
  for (const [key, { value, from: origin }] of [
    ...[...given].filter(isRegularizers),
    ...[...given].filter((each) => !isRegularizers(each)),
  ]) {
    if (byKey.has(key)) {
      setAt(sections, key, value)
      from.set(key, origin)
      continue
    }
    const problem = problemWithoutField(variant, chosen, byKey, sections, key, value)
    if (problem) problems.push(problem)
  }
  if (isAuto(sections.network['convolutions'])) sections.network['convolutions'] = autoFor(facts)
  const config = problems.length === 0 ? parse(variant, chosen.layers, fields, sections, problems) : null
  if (config) for (const problem of problemsOf(config, facts, variant)) problems.push({ code: 'SETTING_INVALID', ...problem })
  const input = facts.size ?? (facts.rowSize === undefined ? null : vectorOf(facts.rowSize))
  const parameters =
    input && config && problems.length === 0 ? countParameters(weightsOf(variant, config, input, facts.classes)) : null
  if (input && config && parameters !== null && facts.memory !== undefined)
    for (const problem of memoryProblems(variant, config, input, parameters, facts.memory))
      problems.push({ code: 'SETTING_INVALID', ...problem })
  const sound = problems.length === 0 ? config : null
  return {
    config: sound,
    fields,
    from: Object.fromEntries(from),
    problems,
    warnings: sound
      ? [
          ...withoutEffect(byKey, values, sound, variant),
          ...warningsFor(sound, variant, facts),
          ...likelihoodNotes(sound, variant, facts),
          ...(variant.warnings?.(sound, facts) ?? []),
        ]
      : [],
    fromData: sound ? fromData(fields, values, sound) : [],
    parameters: sound ? parameters : null,
    layers: sound && input ? describedLayersOf(variant, sound, input, facts.classes) : [],
  }
}

const isLayers = (settings: Settings | Given[]): settings is Given[] => Array.isArray(settings)

/** What is given, by dotted key, the last word of each. */
const mergedOf = (layers: readonly Given[]): Map<string, { value: unknown; from: Origin }> =>
  new Map(layers.flatMap(({ from, settings }) => flatten(settings).map(([key, value]) => [key, { value, from }])))
