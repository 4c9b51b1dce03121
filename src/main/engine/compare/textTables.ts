import type { Comparison, SettingSection } from '../../../shared/comparison.ts'
import { differenceUnit, estimateInFull, textInFull } from '../../../shared/figures.ts'
import { aimNote } from './aims.ts'
import { saidOfRow } from './rowNotes.ts'
import { absent } from '../../../shared/quantities.ts'
import { choiceWords } from '../../../shared/words.ts'
import { probabilityText } from './verdict.ts'

/** A table as it is shown, to be written as CSV or LaTeX. */
export interface TextTable {
  key: string
  title: string
  columns: { title: string; unit: string; numeric: boolean }[]
  /** One text a column. The first column holds names, which may be anything. */
  rows: {
    cells: string[]
    best: number[]
    /** Numbers as they were measured, of which cells show the digits that make sense, or a bound only; by column. */
    numbers?: Record<number, string>
    /** What is to be known of its figures: a sentence each. */
    said?: readonly string[]
  }[]
  /** Said below it. */
  note: string | null
}

const column = (title: string, unit = '', numeric = true) => ({ title, unit, numeric })

/** Figures by run: one row a run. Figures that no run has are left out. */
function runTable({ runs, figures, differences, likelihoods }: Comparison): TextTable {
  const shown = figures.filter(({ values }) => values.some((value) => value !== null))
  return {
    key: 'runs',
    title: 'Figures by run',
    note: aimNote(runs.map((run) => ({ name: run.name, run }))),
    columns: [
      column('Run', '', false),
      ...differences.map(({ title }) => column(title, '', false)),
      ...shown.map(({ title, unit }) => column(title, unit)),
    ],
    rows: runs.map(({ name }, index) => ({
      said: saidOfRow([runs[index]!], (run) => likelihoods[run] ?? [], null),
      cells: [
        name,
        ...differences.map(({ key, values }) => settingText(key, values[index]!)),
        ...shown.map(({ texts }) => texts[index]!),
      ],
      numbers: Object.fromEntries(
        shown.map(({ values, texts, unit }, figure) => [
          1 + differences.length + figure,
          textInFull([values[index]!], unit, texts[index]!),
        ]),
      ),
      best: shown.flatMap(({ best }, figure) => (best.includes(index) ? [1 + differences.length + figure] : [])),
    })),
  }
}

/** Figures by group: mean and 95% interval over the seeds. */
function groupTable({ groups, groupFigures, runs, likelihoods }: Comparison): TextTable {
  const shown = groupFigures.filter(({ estimates }) => estimates.some(({ n }) => n > 0))
  return {
    key: 'groups',
    title: 'Figures over seeds',
    note:
      'Mean ± half of the 95% interval of the mean (Student’s t) over the seeds; a single value where there is one seed.' +
      aimsOf({ groups, runs }),
    columns: [column('Settings', '', false), column('Seeds'), ...shown.map(({ title, unit }) => column(title, unit))],
    rows: groups.map(({ title, counted, runs: members }, index) => ({
      said: saidOfRow(membersOf(runs, members), (run) => likelihoods[run] ?? [], null),
      cells: [title, String(counted.length), ...shown.map(({ estimates }) => estimates[index]!.text)],
      numbers: Object.fromEntries(
        shown.map(({ estimates, unit }, figure) => {
          return [2 + figure, estimateInFull(estimates[index]!, unit)]
        }),
      ),
      best: shown.flatMap(({ best }, figure) => (best.includes(index) ? [2 + figure] : [])),
    })),
  }
}

const membersOf = (runs: Comparison['runs'], members: readonly string[]): Comparison['runs'] =>
  runs.filter(({ id }) => members.includes(id))

/** What the groups were trained for, as one more sentence; empty where all were for the same. */
function aimsOf({ groups, runs }: Pick<Comparison, 'groups' | 'runs'>): string {
  const byId = new Map(runs.map((run) => [run.id, run]))
  const said = aimNote(
    groups.flatMap(({ title, runs: [first] }) => {
      const run = byId.get(first ?? '')
      return run ? [{ name: title, run }] : []
    }),
  )
  return said === null ? '' : ` ${said}`
}

/** Differences to the baseline: one row for each group and figure that was compared. */
function differenceTable({ groups, groupFigures, correction, runs, likelihoods }: Comparison): TextTable {
  return {
    key: 'differences',
    title: 'Differences, paired by seed',
    note: correction,
    columns: [
      column('Settings', '', false),
      column('Compared with', '', false),
      column('Figure', '', false),
      column('Difference'),
      column('95% from'),
      column('to'),
      column('Seeds'),
      column('p'),
      column('p corrected (Holm)'),
      column('Verdict', '', false),
    ],
    rows: groupFigures.flatMap(({ key, title, unit, differences }) =>
      differences
        .filter(({ mean }) => mean !== null)
        .map((difference) => ({
          cells: [
            groups[difference.group]!.title,
            groups[difference.baseline]!.title,
            unit === '' ? title : `${title} (${differenceUnit(unit)})`,
            ...numbersOf(difference.text),
            String(difference.seeds.length),
            probabilityText(difference.p),
            difference.correctedText,
            difference.verdictText,
          ],
          best: [],
          said: saidOfRow(
            membersOf(
              runs,
              [difference.group, difference.baseline].flatMap((at) => groups[at]!.runs),
            ),
            (run) => likelihoods[run] ?? [],
            [key],
          ),
          numbers: {
            ...Object.fromEntries(
              [difference.mean, difference.low, difference.high].map((value, at) => [3 + at, textInFull([value], unit, '')]),
            ),
            7: textInFull([difference.p], '', ''),
            8: textInFull([difference.corrected], '', ''),
          },
        })),
    ),
  }
}

/** `1.2 (0.7 to 1.7)` as three numbers. */
function numbersOf(text: string): [string, string, string] {
  const [, mean, low, high] = /^(\S+) \((\S+) to (\S+)\)$/.exec(text) ?? []
  return mean === undefined ? [text, absent, absent] : [mean, low!, high!]
}

/**
 * Sections as groups are told apart: without the settings that some merely lack, as PCA lacks those of training: who reads what
 * differs wants what was chosen. The regularizers' own stay, since they are what was chosen.
 */
export function chosenSettings(sections: readonly SettingSection[]): SettingSection[] {
  return sections
    .map((section) => ({
      ...section,
      rows: section.rows.filter(
        ({ key, lacking, groupValues }) => new Set(groupValues).size > 1 && (!lacking || /(^|\.)regularizer\./.test(key)),
      ),
      sections: chosenSettings(section.sections),
    }))
    .filter(({ rows, sections: inner }) => rows.length > 0 || inner.length > 0)
}

/** What differs in the settings, by group. */
function settingTable({ groups, settings }: Comparison): TextTable {
  const flat = (sections: readonly SettingSection[], above: string): { title: string; values: string[] }[] =>
    sections.flatMap((section) => {
      const name = above === '' ? section.title : `${above} / ${section.title}`
      return [
        ...section.rows.map(({ key, title, groupValues }) => ({
          title: `${name}: ${title}`,
          values: groupValues.map((value) => settingText(key, value)),
        })),
        ...flat(section.sections, name),
      ]
    })
  const rows = flat(chosenSettings(settings), '')
  return {
    key: 'settings',
    title: 'Settings that differ',
    note: null,
    columns: [column('Settings', '', false), ...rows.map(({ title }) => column(title, '', false))],
    rows: groups.map(({ title }, index) => ({ cells: [title, ...rows.map(({ values }) => values[index]!)], best: [] })),
  }
}

/** By the name that each is asked for by. */
export const textTables = { groups: groupTable, differences: differenceTable, runs: runTable, settings: settingTable } as const

/** Names stay as they are; choices are read as words. */
export const settingText = (key: string, value: string): string => (isChoice(key) ? choiceWords(value) : value)
export const isChoice = (key: string): boolean => key.includes('.') || key === 'reconstruction'
