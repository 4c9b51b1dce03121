import type { CallInput } from '../../../shared/calls.ts'

/** How parts, labels and groups of an import are found: a part of what sourceOptions.ts takes. */
export const layoutHelp = [
  '--val P           images of the validation part; else a folder called val is,',
  '                  or each run keeps a tenth aside by its seed',
  '--test P          images of the test part; else a folder called test is, or 15%',
  '                  are drawn',
]

const text = { type: 'string' } as const
export const layoutOptions = { val: text, test: text }

type Layout = Pick<CallInput<'datasets.import'>, 'valPath' | 'testPath'>

/** @param path makes a typed path absolute */
export function readLayout(values: Readonly<Record<string, string | undefined>>, path: (typed: string) => string): Layout {
  const { val, test } = values
  return { ...(val === undefined ? {} : { valPath: path(val) }), ...(test === undefined ? {} : { testPath: path(test) }) }
}
