import type { Run } from '../../../shared/domain.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import { presetForms, type PresetForm, type PresetInfo, type Reference as ReferenceInfo } from '../../../shared/presets.ts'
import { suggestion } from '../suggestion.ts'
import berthelot2019 from './berthelot2019.ts'
import burda2015 from './burda2015.ts'
import burgess2018 from './burgess2018.ts'
import { figureOf } from './figures.ts'
import ghosh2020 from './ghosh2020.ts'
import hinton2006 from './hinton2006.ts'
import kingma2014 from './kingma2014.ts'
import ng2011 from './ng2011.ts'
import type { Form, Preset, PresetRun, Reference } from './preset.ts'
import rifai2011 from './rifai2011.ts'
import vincent2010 from './vincent2010.ts'

type PresetRef = NonNullable<Run['preset']>

/** One line a preset, in the order in which they are offered. */
export const presets: readonly Preset[] = [
  hinton2006,
  vincent2010,
  rifai2011,
  ng2011,
  kingma2014,
  burda2015,
  burgess2018,
  berthelot2019,
  ghosh2020,
]

/** Throws PRESET_UNKNOWN. */
export function presetOf(id: string): Preset {
  const preset = presets.find((candidate) => candidate.id === id)
  if (preset) return preset
  throw new WorkbenchError(
    'PRESET_UNKNOWN',
    `There is no preset “${id}”; ${suggestion(
      id,
      presets.map((known) => known.id),
    )}`,
    { field: 'preset' },
  )
}

export interface PlannedRun {
  preset: Preset
  form: Form
  run: PresetRun
}

/** The run of a preset that a run was made from; null where this version has none such. */
export function findPresetRun({ id, form, run: wanted }: PresetRef): PlannedRun | null {
  const preset = presets.find((candidate) => candidate.id === id)
  const run = preset?.forms[form].runs.find((candidate) => candidate.id === wanted)
  return preset && run ? { preset, form: preset.forms[form], run } : null
}

/** Throws PRESET_UNKNOWN for what is not there, CALL_INVALID for a run of another variant than that of the preset. */
export function requirePreset(wanted: PresetRef | undefined, variant: string): void {
  if (wanted === undefined) return
  const preset = presetOf(wanted.id)
  const found = findPresetRun(wanted)
  if (found === null) {
    const known = preset.forms[wanted.form].runs.map((run) => run.id).join(', ')
    throw new WorkbenchError(
      'PRESET_UNKNOWN',
      `The ${wanted.form} form of the preset ${preset.id} has no run “${wanted.run}”; choose one of ${known}.`,
      { field: 'preset' },
    )
  }
  if (found.run.variant !== variant) {
    throw new WorkbenchError(
      'CALL_INVALID',
      `The run “${wanted.run}” of the preset ${preset.id} is one of ${found.run.variant}, not of ${variant}; leave the preset out.`,
      { field: 'preset' },
    )
  }
}

/** A reference as it is shown, with the name and unit of the figure beside which it stands. */
export function referenceInfo({ figure, value, text, says, where, relativeTo }: Reference): ReferenceInfo {
  const { title, unit } = figureOf(figure)
  return {
    figure,
    title: relativeTo === undefined ? title : `${title} over ${relativeTo.toUpperCase()}’s`,
    unit: relativeTo === undefined ? unit : '',
    value,
    text: text ?? String(value),
    says,
    where,
  }
}

const formInfo = (preset: Preset, form: PresetForm): PresetInfo['forms'][number] => {
  const { note, seconds, runs } = preset.forms[form]
  const name = (title: string) => `${preset.cite}: ${title}${form === 'quick' ? '' : ` (${form})`}`
  return {
    form,
    note,
    seconds,
    stated: preset.stated ?? [],
    runs: runs.map((run) => ({ ...run, name: name(run.title), references: run.references.map(referenceInfo) })),
  }
}

/** What a window or the command line needs to know of every preset. */
export const presetInfos = (): PresetInfo[] =>
  presets.map((preset) => {
    const { id, title, cite, reference, summary, dataset } = preset
    return {
      id,
      title,
      cite,
      reference,
      summary,
      dataset: { title: dataset.title, source: dataset.source, shape: dataset.shape ?? null, command: dataset.command },
      forms: presetForms.map((form) => formInfo(preset, form)),
    }
  })
