import type { Run } from '../../src/shared/domain.ts'
import type { Outcome, PresetForm, PresetFormInfo, PresetInfo } from '../../src/shared/presets.ts'
import type { Origin } from './record.ts'

/** One run of a preset, as far as it is; without the rest where it was not trained yet. */
export interface Reproduced {
  id: string
  run?: Pick<Run, 'state' | 'seconds' | 'error'>
  outcome?: Outcome
  origin?: Origin
}

const intro = [
  '# Reproductions',
  '',
  'What the presets come to here, beside what was published. Written by `npm run reproduce -- quick` ' +
    'and `npm run reproduce -- paper`, which train every run through the engine as a user would and',
  'put here what came out. One seed each unless it says otherwise, so small ' +
    'differences mean nothing. Seconds are of training, without the evaluation.',
].join('\n')

/** A cell of a table: bars would end it. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const unique = (texts: readonly string[]): string[] => [...new Set(texts)]

/** `+0.93`, with as many decimals as the obtained value shows. */
function difference(obtained: number | null, shown: string, reference: number): string {
  if (obtained === null) return '–'
  const text = (obtained - reference).toFixed(shown.split('.')[1]?.length ?? 0)
  return /^-?[0.]+$/.test(text) ? text.replace('-', '') : text.startsWith('-') ? text.replace('-', '−') : `+${text}`
}

function rowsOf({ title, references }: PresetFormInfo['runs'][number], { run, outcome, origin }: Reproduced): string[] {
  const seconds = run === undefined ? '–' : run.state === 'completed' ? run.seconds.toFixed(0) : run.state
  if (references.length === 0)
    return [`| ${[title, 'none comparable', '–', '–', '–', seconds, origin?.commit ?? '–'].map(cell).join(' | ')} |`]
  return references.map((reference, index) => {
    const row = outcome?.rows.find((one) => one.figure === reference.figure)
    const unit = reference.unit === '' ? '' : ` (${reference.unit})`
    const cells = [
      index === 0 ? title : '',
      `${reference.title}${unit}`,
      row === undefined ? '–' : row.obtainedText,
      reference.text,
      difference(row?.obtained ?? null, row?.obtainedText ?? '', reference.value),
      index === 0 ? seconds : '',
      index === 0 ? (origin?.commit ?? '–') : '',
    ]
    return `| ${cells.map(cell).join(' | ')} |`
  })
}

/** The section of one form of a preset: a table, where its references stand, and why obtained and reference may differ. */
export function section(preset: PresetInfo, form: PresetFormInfo, reproduced: readonly Reproduced[]): string {
  const of = (id: string): Reproduced => reproduced.find((one) => one.id === id) ?? { id }
  const references = form.runs.flatMap((run) => run.references)
  const trained = reproduced.flatMap(({ origin }) => origin ?? [])
  const reasons = unique(
    form.runs.flatMap(({ id, title }) =>
      (of(id).outcome?.reasons ?? []).filter((reason) => reason !== form.note).map((reason) => `${title}: ${reason}`),
    ),
  )
  const failures = form.runs.flatMap(({ id, title }) => (of(id).run?.error ? [`${title}: ${of(id).run!.error!.message}`] : []))
  return [
    `### ${preset.title} (\`${preset.id}\`)`,
    '',
    `${preset.reference}.`,
    '',
    '| run | figure | obtained | reference | difference | s | commit |',
    '|---|---|---|---|---|---|---|',
    ...form.runs.flatMap((run) => rowsOf(run, of(run.id))),
    '',
    ...unique(references.map(({ text, says, where }) => `- ${text}: ${says.replace(/\.$/, '')} (${where}).`)),
    ...form.stated.map(({ title, text, where }) => `- Not trained here. ${title}: ${text} (${where}).`),
    '',
    [form.note, ...reasons, ...failures].join(' '),
    ...(trained.length === 0
      ? []
      : [
          '',
          `Trained ${unique(trained.map(({ date }) => date))
            .sort()
            .join(', ')} on ${unique(trained.map(({ machine }) => machine)).join('; ')}.`,
        ]),
  ].join('\n')
}

const mark = (form: PresetForm, id: string) => [`<!-- ${form} ${id} -->`, `<!-- /${form} ${id} -->`] as const
const titles: Record<PresetForm, string> = { quick: 'Quick forms', paper: 'Paper forms' }

/**
 * The whole file: the section that was made now takes the place of the one before, all others stay.
 * @param before the file as it is; empty where there is none
 */
export function document(
  before: string,
  presets: readonly Pick<PresetInfo, 'id'>[],
  made: { form: PresetForm; preset: string; text: string },
): string {
  const kept = (form: PresetForm, id: string): string | null => {
    const [start, end] = mark(form, id)
    const from = before.indexOf(start),
      to = before.indexOf(end)
    return from < 0 || to < from ? null : before.slice(from + start.length, to).trim()
  }
  const parts = (Object.keys(titles) as PresetForm[]).flatMap((form) => {
    const sections = presets.flatMap(({ id }) => {
      const text = made.form === form && made.preset === id ? made.text : kept(form, id)
      const [start, end] = mark(form, id)
      return text === null ? [] : [`${start}\n${text}\n${end}`]
    })
    return sections.length === 0 ? [] : [`## ${titles[form]}`, ...sections]
  })
  return `${[intro, ...parts].join('\n\n')}\n`
}
