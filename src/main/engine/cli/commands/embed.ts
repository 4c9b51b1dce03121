import { rate } from '../../../../shared/amounts.ts'
import { extname } from 'node:path'
import { fits } from '../../../../shared/domain.ts'
import { codeFigures, pixelScales, type Embedding } from '../../../../shared/embeddings.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import type { Command } from '../command.ts'
import { figureName, figureText } from '../figures.ts'
import { table } from '../table.ts'
import { taskDone } from '../wait.ts'
import { oneOf } from './results.ts'

/** What is said of kept codes with `--json`. */
const jsonKeys = [
  ...(['id', 'name', 'run', 'model', 'modelSha256', 'dataset', 'folder', 'output', 'count', 'codeSize', 'skipped'] as const),
  ...(['file', 'bytes', 'linearProbeAccuracy', 'knnAccuracy', 'seconds'] as const),
]

function embeddingJson(embedding: Embedding): Record<string, unknown> {
  const known = { ...embedding, dataset: embedding.datasetId === null ? null : embedding.dataset }
  return Object.fromEntries(jsonKeys.map((key) => [key, known[key]]))
}

function describe(embedding: Embedding): string {
  const { name, id, count, codeSize, file, bytes, skipped, linearProbeAccuracy, seconds } = embedding
  const named = skipped.slice(0, 20).map((each) => `  ${each.path}: ${each.reason}`)
  return [
    `${name} (${id}): ${counted(count, 'code')} ` + `of ${counted(codeSize, 'value')}, ${rate(count / seconds)} images/s`,
    ...(file === null ? [] : [`${file}, ${thousands(bytes!)} bytes`]),
    ...(linearProbeAccuracy === null
      ? []
      : [codeFigures.map((key) => `${figureName(key)} ${figureText(key, embedding)}`).join(', ')]),
    ...(skipped.length === 0
      ? []
      : [
          `${skipped.length} skipped:`,
          ...named,
          ...(skipped.length > 20 ? [`  and ${skipped.length - 20} more (--json lists all)`] : []),
        ]),
  ].join('\n')
}

export const embed: Command = {
  usage: 'RUN|F.onnx --path FOLDER --out F.npz|F.csv|F.parquet',
  summary: 'Encodes the images of a folder or a dataset, by a run or any ONNX encoder.',
  help: [
    '--path FOLDER     images, one subfolder a class if they have any',
    '--dataset N       instead of a folder: a dataset, whose codes are also kept',
    '                  and measured (linear probe, nearest neighbours)',
    '--out F           codes with file names and labels: .npz, .csv or .parquet',
    '                  (in CSV an apostrophe stands before a text that a spreadsheet would run, such as',
    '                  =1 or @x, and before one that begins with an apostrophe: take one away)',
    '--bom             CSV with a byte order mark, for spreadsheets that take it for no UTF-8',
    '--force           replaces an existing file',
    '--name N          what the codes are called here',
    'Of an ONNX file that does not say it itself:',
    '--output NAME     which of its outputs is the code',
    `--scale ${pixelScales.join('|')}  how it wants its pixels: 0..255, 0..1,`,
    "                  -1..1, or ImageNet's means and deviations (default: unit)",
    `--fit ${fits.join('|')}  how images of other sizes are made to fit`,
  ],
  positionals: [1, 1],
  options: {
    path: { type: 'string' },
    dataset: { type: 'string' },
    out: { type: 'string' },
    force: { type: 'boolean' },
    bom: { type: 'boolean' },
    name: { type: 'string' },
    output: { type: 'string' },
    scale: { type: 'string' },
    fit: { type: 'string' },
  },
  async run(session, { values, positionals, path }, terminal) {
    const { dataset, out, name, output, scale, fit, path: folder } = values as Record<string, string | undefined>
    if ((folder === undefined) === (dataset === undefined))
      throw new WorkbenchError('USAGE', 'Say what to encode: a folder with --path, or a dataset with --dataset.', { field: 'path' })
    if (folder !== undefined && out === undefined)
      throw new WorkbenchError('USAGE', 'Say where to write the codes with --out F.npz (or .csv, .parquet).', { field: 'out' })
    const [encoder] = positionals as [string]
    const file = extname(encoder).toLowerCase() === '.onnx' || /[/\\]/.test(encoder)
    if (!file && (output ?? scale ?? fit) !== undefined)
      throw new WorkbenchError('USAGE', 'A run says itself how it wants its images; leave --output, --scale and --fit out.', {
        field: 'output',
      })
    const id = await taskDone(
      session,
      () =>
        session.call('embeddings.create', {
          encoder: file
            ? {
                model: path(encoder),
                ...(output === undefined ? {} : { output }),
                ...(scale === undefined ? {} : { scale: oneOf('scale', scale, pixelScales) }),
                ...(fit === undefined ? {} : { fit: oneOf('fit', fit, fits) }),
              }
            : { run: encoder },
          data: folder !== undefined ? { folder: path(folder) } : { dataset: dataset! },
          ...(out === undefined ? {} : { out: path(out) }),
          force: values['force'] === true,
          bom: values['bom'] === true,
          ...(name === undefined ? {} : { name }),
        }),
      terminal,
    )
    const { embeddings } = await session.call('embeddings.list', {})
    const embedding = embeddings.find((each) => each.id === id)!
    return { json: embeddingJson(embedding), text: describe(embedding) }
  },
}

export const embeddingsList: Command = {
  usage: '[--dataset N]',
  summary: 'Codes that encoders gave; of a dataset, beside those of its runs.',
  options: { dataset: { type: 'string' } },
  async run({ call }, { values }) {
    const { embeddings } = await call('embeddings.list', {})
    const wanted = values['dataset']
    const shown = embeddings.filter((each) => wanted === undefined || each.dataset === wanted || each.datasetId === wanted)
    const { runs } = wanted === undefined ? { runs: [] } : await call('runs.list', {})
    const rows = [
      ...shown.map((each) => [
        each.id,
        each.name,
        each.dataset ?? each.folder ?? '',
        String(each.count),
        String(each.codeSize),
        ...codeFigures.map((key) => figureText(key, each)),
        each.file ?? '',
      ]),
      ...runs
        .filter((run) => (run.dataset === wanted || run.datasetId === wanted) && run.evaluation !== null)
        .map((run) => [
          run.id,
          `run ${run.name}`,
          run.dataset,
          '',
          String(run.config.network.layers.at(-1)),
          ...codeFigures.map((key) => figureText(key, run.evaluation)),
          '',
        ]),
    ]
    return {
      json: { embeddings: shown.map(embeddingJson) },
      text:
        rows.length === 0
          ? 'No codes yet; “embed” makes some.'
          : table(['id', 'codes', 'of', 'images', 'size', ...codeFigures.map(figureName), 'file'], rows),
    }
  },
}
