import type { Dataset, Run } from '../../../../shared/domain.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { type Result } from '../../../../shared/answers.ts'
import { fileFormats, type FileFormat } from '../../../../shared/explore.ts'
import { type Question } from '../../../../shared/questions.ts'
import { encodeGif } from '../../files/gif.ts'
import type { NamedArray } from '../../files/npy.ts'
import { encodePng } from '../../files/png.ts'
import { version } from '../../version.ts'
import type { Content } from './content.ts'
import { contents } from './contents.ts'
import { encodeNpz } from './npz.ts'
import { encodeCsv } from './table.ts'

export interface About {
  run: Run
  dataset: Pick<Dataset, 'name' | 'classes'>
  checkpoint: number | null
  question: Question
}

/** Hundredths of a second between the frames of an animation. */
const delay = 12

/**
 * An answer as a file, with what it is of. @param bom CSV with a byte order mark @throws WorkbenchError QUESTION_UNSUITABLE where it
 * has no such form
 */
export function fileOf(
  result: Result,
  format: FileFormat,
  { run, dataset, checkpoint, question }: About,
  bom = false,
): { name: string; bytes: Uint8Array<ArrayBuffer> } {
  const content = contents[result.kind] as Content<Result['kind']>
  const names = { classes: dataset.classes }
  const settings = JSON.stringify(
    {
      run: run.id,
      name: run.name,
      dataset: dataset.name,
      variant: run.variant,
      seed: run.seed,
      step: checkpoint ?? run.step,
      question,
      config: run.config,
    },
    (_, value: unknown) => (ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : value),
  )
  const texts = { Title: `${run.name}: ${result.kind}`, Description: settings, Software: `Autoencoder Workbench ${version}` }
  const name = `${run.name.replace(/[^\p{L}\p{N}._ -]+/gu, '-').slice(0, 100)} ${result.kind}.${format}`
  const { picture, frames } = content
  const missing = (what: boolean) => {
    if (what) return
    const possible = fileFormats.filter((each) => (each === 'png' ? picture : each === 'gif' ? frames : true))
    throw new WorkbenchError(
      'QUESTION_UNSUITABLE',
      `An answer about ${result.kind} is no ${format === 'gif' ? 'animation' : 'picture'}; save it as ${possible.join(' or ')}.`,
      { field: 'format' },
    )
  }
  if (format === 'csv') return { name, bytes: encodeCsv(content.table(result as never, names), bom) }
  if (format === 'npz') return { name, bytes: encodeNpz(arraysOf(result, content.shapes?.(result as never) ?? {}), { settings }) }
  missing(format === 'png' ? picture !== undefined : frames !== undefined)
  return {
    name,
    bytes:
      format === 'png'
        ? encodePng(picture!(result as never, names), texts)
        : encodeGif(frames!(result as never, names), delay, `${texts.Title}\n${settings}`),
  }
}

/** Everything in an answer that is numbers, by its place in it (`code/distances`); images [n, height, width, channels], points [n, 2]. */
function arraysOf(result: Result, shapes: Record<string, readonly number[]>): Record<string, NamedArray> {
  const arrays: Record<string, NamedArray> = {}
  const add = (path: string, value: unknown): void => {
    if (value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array)
      arrays[path] = { shape: shapes[path] ?? [value.length], data: value }
    else if (typeof value === 'number') arrays[path] = { shape: [], data: Float64Array.of(value) }
    else if (Array.isArray(value)) value.forEach((each, index) => add(`${path}/${index}`, each))
    else if (typeof value === 'object' && value !== null) {
      const each = value as Record<string, unknown>
      if ('pixels' in each && each['pixels'] instanceof Uint8Array && 'channels' in each)
        arrays[path] = { shape: ['count', 'height', 'width', 'channels'].map((key) => each[key] as number), data: each['pixels'] }
      else if ('values' in each && each['values'] instanceof Float32Array && 'count' in each)
        arrays[path] = { shape: [each['count'] as number, 2], data: each['values'] }
      else
        for (const [key, inner] of Object.entries(each))
          add(
            (key === 'images' || key === 'points') && typeof inner === 'object' ? path : path === '' ? key : `${path}/${key}`,
            inner,
          )
    }
  }
  add('', result)
  return arrays
}
