import { z } from 'zod'
import {
  configSchema,
  dataSchema,
  fineTuningSchema,
  networkSchema,
  pretrainingSchema,
  trainingSchema,
  withKept,
  type Config,
} from '../../../shared/config.ts'
import type { Run } from '../../../shared/domain.ts'
import { errorCodes, WorkbenchError, type ErrorInfo } from '../../../shared/errors.ts'
import { isObject } from '../../../shared/json.ts'

/**
 * Rows that this version did not write: a newer one may know more kinds, codes and settings. What can be understood of them is
 * shown, the rest is left alone in the database; one row never takes a list with it.
 */

/** Why something is shown and otherwise left as it is; for messages. */
export const newerText = (what: string, remedy: string): string =>
  `${what} was made by a newer version of the workbench and is left as it is; ${remedy}.`

/** Refuses to act on a run that a newer version wrote. @throws WorkbenchError RUN_STATE */
export function requireOurs({ name, newer }: Pick<Run, 'name' | 'newer'>): void {
  if (!newer) return
  throw new WorkbenchError('RUN_STATE', newerText(`The run “${name}”`, 'open it there, or start a new run'), { field: 'run' })
}

/** What a stored text says; null where it is no JSON, or nothing. */
export function said(text: unknown): unknown {
  if (typeof text !== 'string') return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** By a schema, or `otherwise` where this version cannot understand it. */
export function understood<T, O>(schema: z.ZodType<T>, value: unknown, otherwise: O): T | O {
  const found = schema.safeParse(value)
  return found.success ? found.data : otherwise
}

/** Those items of a list that this version understands; none where it is no list. */
export const itemsOf = <T>(schema: z.ZodType<T>, value: unknown): T[] =>
  Array.isArray(value)
    ? value.flatMap((item) => {
        const found = schema.safeParse(item)
        return found.success ? [found.data] : []
      })
    : []

const errorSchema = z.object({
  code: z.enum(errorCodes).catch('INTERNAL'),
  message: z.string().catch('It has an error that this version does not know.'),
  field: z.string().optional().catch(undefined),
})
/** An error of whatever code keeps its sentence. */
export const errorOf = (text: string | null): ErrorInfo | null => (text === null ? null : understood(errorSchema, said(text), null))

const sections = {
  network: networkSchema,
  training: trainingSchema,
  data: dataSchema,
  pretraining: pretrainingSchema,
  fineTuning: fineTuningSchema,
}
type Section = keyof typeof sections

/**
 * A stored config: settings that came after the run was made get their defaults, those that this version does not know are kept
 * as they are.
 * @returns `whole` false where a setting is missing or means nothing here: a run with it can be looked at, and is not trained
 */
export function configOf(text: string): { config: Config; whole: boolean } {
  const stored = said(text)
  const known = configSchema.safeParse(stored)
  if (known.success) return { config: known.data, whole: true }
  const raw = isObject(stored) ? stored : {}
  let whole = isObject(raw['network']) && isObject(raw['training']) && isObject(raw['regularizer'])
  const sectionOf = <S extends Section>(name: S): Config[S] => {
    const found = z.looseObject(sections[name].shape).safeParse((name === 'training' ? withKept(raw[name]) : raw[name]) ?? {})
    if (!found.success) whole = false
    return (found.success ? found.data : sections[name].parse({})) as Config[S]
  }
  const reconstruction = configSchema.shape.reconstruction.safeParse(raw['reconstruction'])
  const config: Config = {
    network: sectionOf('network'),
    training: sectionOf('training'),
    data: sectionOf('data'),
    pretraining: sectionOf('pretraining'),
    fineTuning: sectionOf('fineTuning'),
    reconstruction: reconstruction.success ? reconstruction.data : 'squaredError',
    regularizer: configSchema.shape.regularizer.safeParse(raw['regularizer']).data ?? {},
  }
  return { config, whole: whole && reconstruction.success }
}
