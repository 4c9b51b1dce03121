import type { Comparison, SettingSection } from '../../../shared/comparison.ts'
import { words } from '../settings/words.ts'

/** A line of the table of settings that differ: the head of a section, or a setting with the value of each column. */
export type SettingLine =
  | { kind: 'section'; key: string; title: string; depth: number }
  | { kind: 'setting'; key: string; title: string; depth: number; values: string[] }

/** Names of datasets and variants stay as they are; the choices of a setting are read as words. */
const settingText = (key: string, value: string): string => (key.includes('.') || key === 'reconstruction' ? words(value) : value)

export function settingLines(sections: Comparison['settings'], by: 'group' | 'run', depth = 0): SettingLine[] {
  return sections
    .flatMap((section: SettingSection): SettingLine[] => [
      { kind: 'section', key: `${depth} ${section.key} ${section.title}`, title: section.title, depth },
      ...section.rows
        // Within a group of seeds only the seed differs, and that is what the group is over.
        .filter(({ key }) => by === 'run' || key !== 'seed')
        .map(({ key, title, values, groupValues }): SettingLine => ({
          kind: 'setting',
          key,
          title,
          depth: depth + 1,
          values: (by === 'run' ? values : groupValues).map((value) => settingText(key, value)),
        })),
      ...settingLines(section.sections, by, depth + 1),
    ])
    .filter(
      (line, index, all) =>
        line.kind === 'setting' ||
        (all[index + 1] !== undefined && (all[index + 1]!.kind === 'setting' || all[index + 1]!.depth > line.depth)),
    )
}

/** What a file of the table holds: a row a setting, named with the sections that it stands in. */
export function settingTexts(lines: readonly SettingLine[], titles: readonly string[]) {
  const above: string[] = []
  const rows: string[][] = []
  for (const line of lines) {
    if (line.kind === 'section') {
      above.length = line.depth
      above.push(line.title)
    } else rows.push([`${above.join(' / ')}: ${line.title}`, ...line.values])
  }
  return {
    columns: [{ title: 'Setting', unit: '', numeric: false }, ...titles.map((title) => ({ title, unit: '', numeric: false }))],
    rows,
  }
}
