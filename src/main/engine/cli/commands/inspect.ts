import { fits } from '../../../../shared/domain.ts'
import { defaultSide, fitWords } from '../../../../shared/fitting.ts'
import { depthText, type Inspection, type LeftOut } from '../../../../shared/inspection.ts'
import { thousands } from '../../../../shared/words.ts'
import type { Command } from '../command.ts'
import { partTable } from '../partTable.ts'
import { sourceHelp, sourceInput, sourceOptions } from '../sourceOptions.ts'

const size = ({ width, height }: { width: number; height: number }): string => `${width} x ${height}`

/** What a source holds: `A folder with 120 files`. */
function what({ kind, images, files, count, truncated }: Inspection): string {
  const rows = `${thousands(count)} ${images ? 'images' : 'rows'}`
  if (kind !== 'folder') return `${kind}: ${rows}`
  const found = truncated
    ? `at least ${thousands(files)} files; the search ended there, and an import goes on`
    : `${thousands(files)} files`
  return `folder: ${rows} (${found})`
}

function sizes({ images, width, height, channels, sizes, sizedBy, fit, fitting, count }: Inspection): string[] {
  if (width === null || height === null) return []
  if (!images) return [`Values: ${width} a row`]
  const stored =
    `stored as ${size({ width, height })}, ${channels === 1 ? 'gray' : 'colour'}` +
    (sizedBy === 'reduced' ? ` (the longer side reduced to ${defaultSide} for quick training; --size takes another)` : '')
  const fittings =
    fitting && (fitting.crop.width ?? fitting.crop.height)
      ? fits.map((each) => `  ${each} ${fitWords(each, fitting, count)}${each === fit ? ' (chosen)' : ''}`)
      : []
  if (sizes === null) return [`Size: ${stored}`, ...fittings]
  const same = sizes.agree === 'all' && sizes.width === width && sizes.height === height
  const found =
    sizes.agree === 'differ' ? `from ${size(sizes.smallest)} to ${size(sizes.largest)}` : `${sizes.agree} are ${size(sizes)}`
  return [`Size: ${found}; ${stored}${same ? '' : ` (${fit})`}`, ...fittings]
}

const reason = ({ reason, count, names }: LeftOut): string =>
  `  ${thousands(count)} ${reason}: ${names.join(', ')}${count > names.length ? ' and others' : ''}`

/** An inspection for people. */
function inspectionText(found: Inspection): string {
  const { parts, brought, byClass, classes, labelsFrom, checked, files, skippedCount, skipped, notes, problem, depth, pages } =
    found
  const drawn = (part: 'validation' | 'test') => (brought.includes(part) ? '' : ' (drawn)')
  return [
    what(found),
    ...(parts
      ? [
          `Parts: ${thousands(parts.train)} train, ${parts.validation > 0 ? thousands(parts.validation) : 'no'} ` +
            `validation${parts.validation > 0 ? '' : ' (each run draws its own)'}, ` +
            `${thousands(parts.test)} test${drawn('test')}`,
        ]
      : []),
    labelsFrom === null ? 'Labels: none' : `Labels: ${thousands(classes.length)} classes, from ${labelsFrom}`,
    ...(byClass && classes.length > 0 ? [partTable(byClass)] : []),
    ...sizes(found),
    ...(depth === null ? [] : [`Depth: ${depthText(depth)}`]),
    ...(pages === null
      ? []
      : [`Pages: ${thousands(pages.files)} of ${thousands(pages.looked)} files have several, ${thousands(pages.pages)} in all`]),
    ...(checked < files
      ? [`The headers of ${thousands(checked)} of ${thousands(files)} files were read; the others are assumed to be images.`]
      : []),
    ...(skippedCount === 0 ? [] : [`Left out: ${thousands(skippedCount)}`, ...skipped.map(reason)]),
    ...notes.map(({ message }) => `Note: ${message}`),
    ...(problem === null ? [] : [`It would be refused: ${problem.message}`]),
  ].join('\n')
}

export const datasetsInspect: Command = {
  usage: '--path P',
  summary: 'Tells what an import would make of a source, and changes nothing.',
  help: sourceHelp,
  options: sourceOptions,
  async run(session, given, terminal) {
    const input = sourceInput(given),
      view = `command ${process.pid}`
    const stop = session.onEvent((event) => {
      if (event.type === 'inspection' && event.view === view && event.progress) terminal.progress('Looking', event.progress)
    })
    const release = terminal.onInterrupt(() => void session.call('datasets.stopInspecting', { view }).catch(() => {}))
    try {
      const found = await Promise.race([session.call('datasets.inspect', { ...input, view }), session.lost])
      return { json: { ...found }, text: inspectionText(found) }
    } finally {
      stop()
      release()
    }
  },
}
