import type { CallInput } from '../../../shared/calls.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Command } from './command.ts'

/** Options that say how files of arrays are to be read. */

export const arrayHelp: string[] = [
  '--set NAME        which set, where a folder or file holds several',
  '--array NAME      which array of a file the images are',
  '--shape 32x32x3   height, width and channels of the images in rows of numbers',
  '--planes          of these, each channel lies by itself (as in CIFAR)',
]

export const arrayOptions: NonNullable<Command['options']> = {
  set: { type: 'string' },
  array: { type: 'string' },
  shape: { type: 'string' },
  planes: { type: 'boolean' },
}

/** Error: USAGE. */
export function arrayInput(
  values: Readonly<Record<string, unknown>>,
): Pick<CallInput<'datasets.import'>, 'set' | 'array' | 'rowShape'> {
  const { set, array, shape, planes } = values as { set?: string; array?: string; shape?: string; planes?: boolean }
  const sizes = shape === undefined ? null : /^(\d+)[x\u00d7](\d+)(?:[x\u00d7](\d+))?$/i.exec(shape.trim())
  if (shape !== undefined && sizes === null) {
    const message = `“${shape}” is not a shape; write height, width and channels like 32x32x3.`
    throw new WorkbenchError('USAGE', message, { field: 'shape' })
  }
  if (planes && !sizes)
    throw new WorkbenchError('USAGE', '--planes says how a --shape is to be read; give both.', { field: 'planes' })
  const rowShape = sizes && {
    height: Number(sizes[1]),
    width: Number(sizes[2]),
    channels: Number(sizes[3] ?? 1),
    planes: planes ?? false,
  }
  return { ...(set === undefined ? {} : { set }), ...(array === undefined ? {} : { array }), ...(rowShape ? { rowShape } : {}) }
}
