import { dirname, extname } from 'node:path'
import { randomUUID } from 'node:crypto'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { type Result } from '../../../../shared/answers.ts'
import { fileFormats, type FileFormat } from '../../../../shared/explore.ts'
import {
  corruptionKinds,
  questionKinds,
  type Corruption,
  type ImageRef,
  type QuestionInput,
  type QuestionKind,
} from '../../../../shared/questions.ts'
import { formatSignificant } from '../../../../shared/quantities.ts'
import { checkTarget, writeChecked } from '../../export/targetFile.ts'
import { whileNoted } from '../../export/targetNotes.ts'
import { suggestion } from '../../suggestion.ts'
import type { Arguments, Command } from '../command.ts'
import type { Session } from '../session.ts'
import { table } from '../table.ts'
import { wholeNumber } from '../wholeNumber.ts'

/** What each question takes of the options, beside the images. */
const optionsOf: Record<QuestionKind, readonly string[]> = {
  reconstructions: ['count', 'corruption', 'seed'],
  map: ['method', 'count', 'split', 'dimensions', 'perplexity', 'neighbours', 'seed'],
  histograms: ['bins'],
  neighbours: ['count', 'metric', 'among'],
  agreement: ['count', 'metric', 'among'],
  chain: ['noise', 'chains', 'steps', 'every', 'corruption', 'sampled', 'seed'],
  generate: ['from', 'components', 'count', 'sampled', 'seed'],
  traverse: ['units', 'range', 'steps'],
  interpolate: ['path', 'steps'],
  manifold: ['size', 'slices', 'codes'],
  decode: ['code', 'space'],
  field: ['size', 'corruption', 'draws', 'paths', 'pathSteps', 'seed'],
  tangents: ['average', 'count'],
  walk: ['direction', 'range', 'steps'],
  contraction: ['images', 'largest', 'steps', 'seed'],
  units: ['offset', 'count', 'exciting', 'bins'],
  featureMaps: ['maps', 'images'],
  filters: ['layer', 'offset', 'count', 'exciting', 'images'],
  copying: ['dataset', 'count', 'seed'],
}
/** Fewest and most images that a question is about. */
const images: Partial<Record<QuestionKind, readonly [number, number]>> = {
  reconstructions: [0, 500],
  neighbours: [1, 1],
  chain: [0, 64],
  traverse: [0, 1],
  interpolate: [2, 2],
  field: [0, 3],
  tangents: [0, 1],
  walk: [1, 1],
  contraction: [0, 2],
  featureMaps: [0, 1],
}
const numbers = [
  'count',
  'seed',
  'dimensions',
  'bins',
  'chains',
  'steps',
  'every',
  'components',
  'size',
  'slices',
  'paths',
  'average',
  'direction',
  'images',
  'offset',
  'exciting',
  'neighbours',
  'codes',
  'draws',
  'pathSteps',
  'maps',
  'layer',
]
const reals = ['range', 'perplexity', 'largest']
const words = ['method', 'metric', 'among', 'from', 'path', 'dataset', 'split', 'space']

const usage = (message: string, field?: string): WorkbenchError =>
  new WorkbenchError('USAGE', message, field === undefined ? {} : { field })

/** An image as it was written: the number of a row, or a file. */
const imageOf = (text: string, given: Arguments): ImageRef =>
  /^\d+$/.test(text) ? { row: Number(text) } : { file: given.path(text) }

function corruptionOf(text: string): Corruption {
  const [kind = '', level] = text.split(':')
  if (!(corruptionKinds as readonly string[]).includes(kind) || (kind !== 'none' && !(Number(level) >= 0)))
    throw usage(
      `--corruption is KIND:LEVEL, e.g. masking:0.3 or gaussian:0.5 (${corruptionKinds.join(', ')}), not “${text}”.`,
      'corruption',
    )
  return { kind: kind as Corruption['kind'], level: kind === 'none' ? 0 : Number(level) }
}

function realNumber(name: string, text: string): number {
  if (text.trim() === '' || !Number.isFinite(Number(text))) throw usage(`--${name} is a number, not “${text}”.`, name)
  return Number(text)
}

/** The question that a command asks. @throws WorkbenchError USAGE */
export function questionOf(kind: QuestionKind, given: Arguments): QuestionInput {
  const { values } = given
  const foreign = Object.keys(values).find(
    (name) => !['out', 'force', 'image', 'checkpoint', 'side', 'json', 'home', 'help', 'bom', ...optionsOf[kind]].includes(name),
  )
  if (foreign !== undefined)
    throw usage(
      `“explore ${kind}” takes no --${foreign}; it takes ` +
        `${[...(images[kind] ? ['image'] : []), ...optionsOf[kind]].map((name) => `--${name}`).join(', ')}.`,
      foreign,
    )
  const refs = ((values['image'] as string[] | undefined) ?? []).map((text) => imageOf(text, given))
  const [fewest, most] = images[kind] ?? [0, 0]
  if (refs.length < fewest || refs.length > most)
    throw usage(
      `“explore ${kind}” is about ${fewest === most ? fewest : `${fewest} to ${most}`} ` +
        `${most === 1 ? 'image' : 'images'} (--image ROW or --image FILE${most > 1 ? ', several times' : ''}), and ` +
        `${refs.length} were given.`,
      'image',
    )
  if (kind === 'field' && refs.length > 0 && refs.length < 3)
    throw usage(
      '“explore field” is drawn on the plane through three images: give --image ' +
        `three times or not at all, and not ${refs.length === 1 ? 'once' : 'twice'}.`,
      'image',
    )
  const options: Record<string, unknown> = {}
  for (const name of optionsOf[kind]) {
    const value = values[name]
    if (value === undefined) continue
    if (numbers.includes(name)) options[name] = wholeNumber(name, String(value))
    else if (words.includes(name)) options[name] = value
    else if (name === 'sampled') options[name] = value === true
    else if (name === 'corruption') options[name] = corruptionOf(String(value))
    else if (reals.includes(name)) options[name] = realNumber(name, String(value))
    else if (name === 'units')
      options[name] = String(value)
        .split(',')
        .map((text) => wholeNumber(name, text))
  }
  // What stands for something else in the question is left out.
  return Object.fromEntries(
    Object.entries({ kind, ...options, ...about(kind, refs, given) }).filter(([, value]) => value !== undefined),
  ) as unknown as QuestionInput
}

/** How a question names its images, and what stands in their place. */
function about(kind: QuestionKind, refs: ImageRef[], { values }: Arguments): Record<string, unknown> {
  const rows = () =>
    refs.map((ref) => {
      if (!('row' in ref)) throw usage('Here images are rows of the dataset; give their numbers.', 'image')
      return ref.row
    })
  if (kind === 'reconstructions')
    return refs.length > 0
      ? { rows: { rows: rows() } }
      : values['count'] === undefined
        ? {}
        : { rows: { offset: 0, count: wholeNumber('count', String(values['count'])) }, count: undefined }
  if (kind === 'chain')
    return {
      start: refs.length === 1 ? refs[0] : refs.length > 1 ? { rows: rows() } : { noise: values['noise'] ?? 'uniform' },
      noise: undefined,
    }
  if (kind === 'interpolate') return { from: refs[0], to: refs[1] }
  if (kind === 'field') return refs.length === 0 ? {} : { through: refs }
  if (kind === 'contraction') return refs.length === 2 ? { between: refs } : refs.length === 1 ? { image: refs[0] } : {}
  if (kind === 'decode') {
    if (typeof values['code'] !== 'string')
      throw usage('Say what to decode with --code 0.5,-1: one number for each code unit.', 'code')
    return { coordinates: Float32Array.from(values['code'].split(','), Number), code: undefined }
  }
  return refs.length > 0 ? { image: refs[0] } : {}
}

/**
 * The three images through which a field's plane goes where nobody has named any: test images of different classes. Data in a
 * plane need none.
 */
async function throughImages({ call }: Session, question: QuestionInput, run: string): Promise<QuestionInput> {
  if (question.kind !== 'field' || question.through !== undefined) return question
  const { datasetId } = (await call('runs.show', { run })).run
  const dataset = (await call('datasets.list', {})).datasets.find(({ id }) => id === datasetId)
  if (dataset?.kind !== 'image') return question
  const { rows } = await call('datasets.images', { dataset: dataset.id, count: 3, preview: true, side: 1 })
  return rows.length < 3 ? question : { ...question, through: rows.map((row) => ({ row })) }
}

/** An answer's numbers as JSON: of pictures only their sizes. */
const plain = (result: Result): Record<string, unknown> =>
  JSON.parse(
    JSON.stringify(result, (key, value: unknown) =>
      key === 'pixels' && value instanceof Uint8Array
        ? undefined
        : ArrayBuffer.isView(value)
          ? Array.from(value as Float32Array)
          : value,
    ),
  ) as Record<string, unknown>

/** What an answer says in words. */
const saidOf = (result: Result): string[] =>
  'sentence' in result ? [result.sentence] : 'note' in result && result.note !== null ? [result.note] : []

/** The answer's table, its first rows. */
function describe(csv: Uint8Array, result: Result): string {
  const [head = '', ...lines] = new TextDecoder().decode(csv).trim().split('\r\n')
  const shown = lines.slice(0, 20).map((line) =>
    line
      .split(',')
      .slice(0, 10)
      .map((cell) => (cell !== '' && cell.includes('.') && Number.isFinite(Number(cell)) ? formatSignificant(Number(cell)) : cell)),
  )
  const more = lines.length > 20 ? [`and ${lines.length - 20} more rows (--out F.csv has all)`] : []
  return [table(head.split(',').slice(0, 10), shown), ...more, ...saidOf(result).flatMap((said) => ['', said])].join('\n')
}

export const explore: Command = {
  usage: 'QUESTION RUN [--image I] [--out F.png|.gif|.csv|.npz]',
  summary: 'Asks a trained network: what is near, what it makes of codes and noise, where it moves points.',
  help: [
    `QUESTION          ${questionKinds.slice(0, 9).join(', ')},`,
    `                  ${questionKinds.slice(9).join(', ')}`,
    '--image I         a row of the dataset or a file; several times where several are needed',
    '--out F           the answer as a picture, an animation, a table or arrays; the run and its settings are in it',
    '--bom             CSV with a byte order mark, for spreadsheets that take it for no UTF-8',
    '--force           replaces an existing file',
    '--checkpoint STEP  the weights of that step, of which there is a snapshot',
    '--side N          longest side of pictures',
    '--count N, --seed S, --steps N, --size N, --sampled, --corruption masking:0.3, ...  as the question takes them',
    '                  (given to one that does not, it says what it takes)',
  ],
  positionals: [2, 2],
  options: {
    out: { type: 'string' },
    force: { type: 'boolean' },
    bom: { type: 'boolean' },
    image: { type: 'string', multiple: true },
    checkpoint: { type: 'string' },
    side: { type: 'string' },
    sampled: { type: 'boolean' },
    ...Object.fromEntries(
      [...numbers, ...reals, ...words, 'noise', 'corruption', 'units', 'code'].map((name) => [name, { type: 'string' } as const]),
    ),
  },
  async run(session, given, terminal) {
    const [kind, run] = given.positionals as [QuestionKind, string]
    if (!questionKinds.includes(kind)) throw usage(`There is no question “${kind}”; ${suggestion(kind, questionKinds)}`, 'question')
    const { values } = given
    const asking = questionOf(kind, given)
    const out = typeof values['out'] === 'string' ? given.path(values['out']) : null
    const format = out === null ? null : (extname(out).slice(1).toLowerCase() as FileFormat)
    if (format !== null && !fileFormats.includes(format))
      throw usage(
        `${out} ends in none of ${fileFormats.map((each) => `.${each}`).join(', ')}; choose such a name for --out.`,
        'out',
      )
    const { home } = await session.call('engine.status', {})
    if (out !== null) await checkTarget(out, values['force'] === true, home)
    const whole = (name: string) => (values[name] === undefined ? {} : { [name]: wholeNumber(name, String(values[name])) })
    const question = await throughImages(session, asking, run)
    const view = randomUUID()
    const asked = { run, question, view, ...whole('checkpoint'), ...whole('side') }
    const stop = session.onEvent((event) => {
      if (event.type === 'explore' && event.view === view && event.share !== null)
        terminal.progress(kind, {
          done: Math.round(100 * event.share),
          total: 100,
          unit: 'per cent',
          perSecond: null,
          secondsLeft: null,
          stage: 'Computing',
        })
    })
    const release = terminal.onInterrupt(() => void session.call('explore.cancel', { view }).catch(() => {}))
    try {
      const { result } = await Promise.race([session.call('explore', asked), session.lost])
      if (out === null || format === null) {
        const { bytes } = await session.call('explore.file', { ...asked, format: 'csv' })
        return { json: plain(result), text: describe(bytes, result) }
      }
      const { bytes } = await Promise.race([
        session.call('explore.file', { ...asked, format, bom: values['bom'] === true }),
        session.lost,
      ])
      await whileNoted(home, [dirname(out)], () => writeChecked(out, bytes, values['force'] === true, async () => {}))
      return {
        json: { file: out, bytes: bytes.length, ...plain(result) },
        text: [out, ...saidOf(result)].join('\n'),
      }
    } finally {
      stop()
      release()
    }
  },
}
