import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { variantInfos } from '../src/main/engine/variants/index.ts'

const root = join(import.meta.dirname, '..')
const [begin, end] = ['<!-- variants -->', '<!-- /variants -->']

/** `bench -- readme`: writes the table of variants into the README, from the registry and the measured step times. */
export function writeVariantsTable(): void {
  const file = join(import.meta.dirname, 'step.json')
  const { machine, msPerStep } = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { machine: string; msPerStep: Record<string, number> })
    : { machine: '', msPerStep: {} }
  const rows = variantInfos().map((info) => {
    const settings = info.settings
      .filter(({ key }) => key.startsWith('regularizer.'))
      .map(({ key, default: value }) => `\`${key.slice('regularizer.'.length)}\` ${String(value)}`)
    // GitHub's mathematics knows no \htmlData, which the workbench uses to colour terms.
    const formula = info.formula.replace(/\\htmlData\{term=\w+\}/g, '')
    const time = msPerStep[info.id]
    return (
      `| \`${info.id}\` | $${formula.replaceAll('|', '\\vert ')}$ | ${info.reference.replaceAll('|', '\\|')} | ` +
      `${settings.join(', ') || '–'} | ` +
      `${time === undefined ? (info.iterative ? 'not measured' : 'no steps') : `${time} ms`} |`
    )
  })
  const table = [
    begin,
    '| variant | objective | reference | its own settings and defaults | a step |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    machine
      ? `A step: 784-512-64-512-784, batch 128, Adam, on ${machine}; measured ` +
        `by \`npm run bench\`, details in [bench/step.md](bench/step.md).`
      : '',
    end,
  ].join('\n')
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const from = readme.indexOf(begin)
  if (from < 0) throw new Error(`README.md has no ${begin} to put the table in`)
  const to = readme.indexOf(end)
  writeFileSync(
    join(root, 'README.md'),
    readme.slice(0, from) + table + readme.slice(to < 0 ? from + begin.length : to + end.length),
  )
}
