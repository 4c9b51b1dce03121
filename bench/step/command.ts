import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { imageShape, imageShapeOptions } from '../../src/main/engine/cli/imageShape.ts'
import { settingsFrom } from '../../src/main/engine/cli/settings.ts'
import { resolveConfig, variantInfos } from '../../src/main/engine/variants/index.ts'
import { WorkbenchError } from '../../src/shared/errors.ts'
import { sizeOf } from '../../src/shared/shape.ts'
import type { Mode } from './measure.ts'

/** What MNIST's images are. */
const digits = { width: 28, height: 28, channels: 1 }

/**
 * `bench -- step --variant V [--size WxH [--channels C]] [--set key=value ...] [--mode compiled|plain|loop|fit] [--steps N] [--json]`:
 * on MNIST, or on random images of a size.
 */
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
      ...imageShapeOptions,
    },
  })
  const id = values.variant ?? 'classical'
  const fields = variantInfos().find((info) => info.id === id)?.settings ?? []
  const asked = imageShape(values)
  const size = asked ?? digits
  const { config, problems } = resolveConfig(id, settingsFrom(values.set ?? [], values.config, fields), {
    rowSize: sizeOf(size),
    trainCount: 60_000,
    kind: 'image',
    size,
  })
  if (!config) throw WorkbenchError.from(problems[0]!)
  const threads = String(process.env['TF_NUM_INTRAOP_THREADS'] ?? availableParallelism())
  process.env['TF_NUM_INTRAOP_THREADS'] = process.env['TF_NUM_INTEROP_THREADS'] = threads
  const { measureStep, modes } = await import('./measure.ts')
  if (!modes.includes(values.mode as Mode)) throw new WorkbenchError('USAGE', `--mode must be one of ${modes.join(', ')}.`)
  if ((values.mode === 'loop' || values.mode === 'fit') && config.network.convolutions.length > 0)
    throw new WorkbenchError('USAGE', `--mode ${values.mode} knows dense networks only; set network.convolutions to none.`)
  const measured = await measureStep(id, config, values.mode as Mode, Number(values.steps), asked)
  const result = { ...measured, msPerStep: thousandths(measured.msPerStep) }
  const { limit } = result
  console.log(
    values.json
      ? JSON.stringify(result)
      : `${result.msPerStep} ms a step (${result.mode}, ${result.steps} steps, ${result.threads} threads)` +
          (limit === null
            ? ''
            : `; median ${result.median}, least ${result.least}\n${limit.gigaflop} GFLOP a step, matrix products reach ` +
              `${limit.peak} GFLOP/s: at least ${limit.ms} ms; the median step reaches ${percent(limit.ms / result.median)}`),
  )
}

const thousandths = (value: number): number => Math.round(value * 1000) / 1000
const percent = (share: number): string => `${(100 * share).toFixed(0)}%`
