import { thousands } from '../../../../shared/words.ts'
import { exportTables, type Comparison } from '../../../../shared/comparison.ts'
import { differenceUnit } from '../../../../shared/figures.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import type { Command, Values } from '../command.ts'
import { table } from '../table.ts'
import { runsOf } from './experiments.ts'

const titled = ({ title, unit }: { title: string; unit: string }): string => (unit === '' ? title : `${title} (${unit})`)

const figureHeads = ['figure', 'settings', 'compared with', 'difference (95% interval)', 'seeds', 'p corrected', 'verdict']

/**
 * Of the figures that can be ranked, what was measured with added noise aside, each difference between groups with its interval,
 * corrected p and verdict; null where there is none.
 */
function differencesText({ groups, groupFigures }: Comparison): string | null {
  const rows = groupFigures
    .filter(({ section, better }) => better !== 'neither' && section !== 'noise')
    .flatMap((row) =>
      row.differences
        .filter(({ mean }) => mean !== null)
        .map((one) => [
          titled({ title: row.title, unit: differenceUnit(row.unit) }),
          groups[one.group]!.title,
          groups[one.baseline]!.title,
          one.text,
          String(one.seeds.length),
          one.correctedText,
          one.verdictText,
        ]),
    )
  return rows.length === 0 ? null : table(figureHeads, rows)
}

/** Figures by group where seeds were repeated, else by run; then what is to be kept in mind, and what it comes to. */
function describe(comparison: Comparison): string {
  const { runs, figures, groups, groupFigures, differences, notes, sentences, correction } = comparison
  const differencesOf = differencesText(comparison)
  const repeated = groups.length < runs.length
  const names = repeated ? groups.map(({ title, counted }) => `${title} [${counted.length}]`) : runs.map((run) => run.name)
  const rows = repeated
    ? groupFigures
        .filter(({ estimates }) => estimates.some(({ n }) => n > 0))
        .map((row) => [titled(row), ...row.estimates.map(({ text }, index) => (row.best.includes(index) ? `${text}*` : text))])
    : figures.map((row) => [titled(row), ...row.texts.map((text, index) => (row.best.includes(index) ? `${text}*` : text))])
  return [
    table(['', ...names], rows),
    repeated ? '* best; mean ± half of its 95% interval over the seeds [number of seeds]' : '* best',
    ...(repeated || differences.length === 0
      ? []
      : [
          '',
          table(
            ['setting', ...names],
            differences.map(({ title, values }) => [title, ...values]),
          ),
        ]),
    ...(repeated && differencesOf !== null ? ['', differencesOf] : []),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    ...(correction === null ? [] : ['', correction]),
    '',
    ...sentences,
  ].join('\n')
}

export const compare: Command = {
  usage: 'RUN RUN... | --experiment E',
  summary: 'Two or more runs side by side: figures, differences over seeds, differing settings, what is not comparable.',
  help: [
    '--experiment E    all its completed runs',
    '--baseline RUN    the run whose settings the others are compared with',
    '--figure KEY      the figure that the sentences are about, e.g. squaredError',
    `--csv [--table T]  a table as CSV: ${exportTables.join(', ')}`,
    '--bom             CSV with a byte order mark, for spreadsheets that take it for no UTF-8',
    '--latex [--table T]  the same table for LaTeX',
    '--out F           writes the CSV or LaTeX there; F.html: the whole comparison as one file',
    '--force           replaces an existing file',
  ],
  positionals: [0, 1000],
  options: {
    experiment: { type: 'string' },
    baseline: { type: 'string' },
    figure: { type: 'string' },
    csv: { type: 'boolean' },
    latex: { type: 'boolean' },
    bom: { type: 'boolean' },
    table: { type: 'string' },
    out: { type: 'string' },
    force: { type: 'boolean' },
  },
  async run({ call }, { positionals, values, path }) {
    const text = (key: string): string | undefined => (typeof values[key] === 'string' ? values[key] : undefined)
    const experiment = text('experiment')
    const whole = experiment === undefined ? [] : await runsOf({ call }, experiment)
    const runs = [...positionals, ...whole.flatMap(({ id, state }) => (state === 'completed' ? [id] : []))]
    if (runs.length < 2)
      throw new WorkbenchError('USAGE', 'Name at least two runs, or an experiment with --experiment.', { field: 'runs' })
    const asked = {
      runs,
      ...(text('baseline') === undefined ? {} : { baseline: text('baseline')! }),
      ...(text('figure') === undefined ? {} : { figure: text('figure')! }),
    }
    const kind = kindOf(values)
    if (kind === null) {
      const { comparison } = await call('compare', asked)
      return { json: { ...comparison }, text: describe(comparison) }
    }
    const out = text('out')
    const { export: exported } = await call('compare.export', {
      ...asked,
      kind,
      ...tableOf(text('table')),
      ...(out === undefined ? {} : { out: path(out) }),
      force: values['force'] === true,
      bom: values['bom'] === true,
    })
    return {
      json: { ...exported },
      text: exported.file === null ? exported.text!.trimEnd() : `${exported.file}\n${thousands(exported.bytes)} bytes`,
    }
  },
}

function kindOf(values: Values): 'csv' | 'latex' | 'report' | null {
  const { csv, latex, out } = values
  if (csv === true && latex === true) throw new WorkbenchError('USAGE', 'Choose one of --csv and --latex.', { field: 'csv' })
  if (csv === true) return 'csv'
  if (latex === true) return 'latex'
  if (typeof out !== 'string') return null
  const ending = /\.(html?|csv|tex)$/i.exec(out)?.[1]?.toLowerCase()
  if (ending === undefined)
    throw new WorkbenchError(
      'USAGE',
      `Say what to write to ${out}: give it a name that ends in .html, .csv or .tex, or add --csv or --latex.`,
      { field: 'out' },
    )
  return ending === 'csv' ? 'csv' : ending === 'tex' ? 'latex' : 'report'
}

function tableOf(given: string | undefined): { table?: (typeof exportTables)[number] } {
  if (given === undefined) return {}
  const found = exportTables.find((one) => one === given)
  if (found === undefined)
    throw new WorkbenchError('USAGE', `--table is one of ${exportTables.join(', ')}, not “${given}”.`, { field: 'table' })
  return { table: found }
}
