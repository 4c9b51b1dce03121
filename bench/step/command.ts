import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { settingsFrom } from '../../src/main/engine/cli/settings.ts'
import { resolveConfig, variantInfos } from '../../src/main/engine/variants/index.ts'
import { WorkbenchError } from '../../src/shared/errors.ts'
import type { Mode } from './measure.ts'

/** `bench -- step --variant V [--set key=value ...] [--mode compiled|plain|fit] [--steps N] [--json]` */
export async function stepCommand(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      variant: { type: 'string' },
      set: { type: 'string', multiple: true },
      config: { type: 'string' },
      mode: { type: 'string', default: 'compiled' },
      steps: { type: 'string', default: '400' },
      json: { type: 'boolean', default: false },
    },
  })
  const id = values.variant ?? 'classical'
  const fields = variantInfos().find((info) => info.id === id)?.settings ?? []
  const { config, problems } = resolveConfig(id, settingsFrom(values.set ?? [], values.config, fields), {
    rowSize: 784,
    trainCount: 60_000,
    kind: 'image',
  })
  if (!config) throw WorkbenchError.from(problems[0]!)
  const threads = String(process.env['TF_NUM_INTRAOP_THREADS'] ?? availableParallelism())
  process.env['TF_NUM_INTRAOP_THREADS'] = process.env['TF_NUM_INTEROP_THREADS'] = threads
  const { measureStep, modes } = await import('./measure.ts')
  if (!modes.includes(values.mode as Mode)) throw new WorkbenchError('USAGE', `--mode must be one of ${modes.join(', ')}.`)
  const measured = await measureStep(id, config, values.mode as Mode, Number(values.steps))
  const result = { ...measured, msPerStep: Math.round(measured.msPerStep * 1000) / 1000 }
  console.log(
    values.json
      ? JSON.stringify(result)
      : `${result.msPerStep} ms a step (${result.mode}, ${result.steps} steps, ${result.threads} threads)`,
  )
}
