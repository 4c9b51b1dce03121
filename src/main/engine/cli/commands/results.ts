import type { CallInput } from '../../../../shared/calls.ts'
import { textOf } from '../../../../shared/settings/text.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { parts, type Export } from '../../../../shared/domain.ts'
import { counted, thousands } from '../../../../shared/words.ts'
import { readIndex } from '../../export/folderIndex.ts'
import type { Command, Outcome } from '../command.ts'
import { figureName, figureText } from '../figures.ts'
import type { Session } from '../session.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { taskDone } from '../wait.ts'
import { imageShape, imageShapeHelp, imageShapeOptions } from '../imageShape.ts'
import { settingHelp, settingOptions, variantAndSettings } from './train.ts'

/** All completed runs of an experiment. */
async function exportMany(session: Session, asked: CallInput<'exports.many'>, terminal: Terminal): Promise<Outcome> {
  const folder = await taskDone(session, () => session.call('exports.many', asked), terminal)
  const index = await readIndex(folder)
  const rows = index.files.map(({ file, bytes, maxAbsDiff, sha256 }) => [
    file,
    thousands(bytes),
    maxAbsDiff.toExponential(1),
    sha256.slice(0, 12),
  ])
  const left = index.failed.map(({ name, message }) => `${name}: ${message}`)
  return {
    json: { folder, ...index },
    text: [
      `${folder}: ${counted(index.files.length, 'file')}, index.json, index.csv`,
      table(['file', 'bytes', 'difference', 'sha256'], rows),
      ...(left.length === 0 ? [] : ['Not exported:', ...left]),
    ].join('\n'),
  }
}

/** Error: USAGE. */
export const oneOf = <T extends string>(name: string, value: unknown, choices: readonly T[], otherwise?: T): T => {
  if (value === undefined && otherwise !== undefined) return otherwise
  if (choices.includes(value as T)) return value as T
  throw new WorkbenchError(
    'USAGE',
    `--${name} is one of ${choices.join(', ')}${value === undefined ? '; it is missing' : `, not “${String(value)}”`}.`,
    { field: name },
  )
}

export const exportRun: Command = {
  usage: 'RUN|--experiment E --part P --out F.onnx|FOLDER',
  summary: 'Writes a part of a trained network as ONNX, after checking it against ONNX Runtime.',
  help: [
    `--part P          ${parts.join(', ')}`,
    '--out F.onnx      the file',
    '--experiment E    instead of a run: all completed runs of an experiment, into',
    '                  the folder that --out names, with an index',
    '--input pixels|raw  uint8 images (default) or float32 rows',
    '--precision float32|float16|int8  of the weights; what it costs is measured',
    '--force           replaces an existing file',
  ],
  positionals: [0, 1],
  options: {
    experiment: { type: 'string' },
    part: { type: 'string' },
    out: { type: 'string' },
    input: { type: 'string' },
    precision: { type: 'string' },
    force: { type: 'boolean' },
  },
  async run(session, { values, positionals, path }, terminal) {
    const part = oneOf('part', values['part'], parts)
    const input = oneOf('input', values['input'], ['pixels', 'raw'] as const, 'pixels')
    const precision = oneOf('precision', values['precision'], ['float32', 'float16', 'int8'] as const, 'float32')
    const { out } = values
    if (typeof out !== 'string') throw new WorkbenchError('USAGE', 'Say where to write with --out F.onnx.', { field: 'out' })
    const { experiment } = values
    if ((typeof experiment === 'string') === (positionals.length === 1))
      throw new WorkbenchError('USAGE', 'Say what to export: a run, or the runs of an experiment with --experiment.', {
        field: 'run',
      })
    if (typeof experiment === 'string')
      return exportMany(session, { experiment, part, out: path(out), input, precision, force: values['force'] === true }, terminal)
    const id = await taskDone(
      session,
      () =>
        session.call('exports.create', {
          run: positionals[0]!,
          part,
          out: path(out),
          input,
          precision,
          force: values['force'] === true,
        }),
      terminal,
    )
    const { exports } = await session.call('exports.list', {})
    const exported = exports.find((each) => each.id === id)!
    const snippets = await session.call('exports.snippets', { export: id })
    return { json: { ...exportJson(exported), snippets }, text: `${describeExport(exported)}\n\n${snippets.python}` }
  },
}

/** Printed alone, so that it can be sent into a file. */
export const loader: Command = {
  usage: 'RUN',
  summary: "Prints a Python program that makes a run's checkpoint a module of PyTorch.",
  positionals: [1, 1],
  async run({ call }, { positionals }) {
    const { torch, file } = await call('exports.loader', { run: positionals[0]! })
    return { json: { loader: { torch, file } }, text: torch.trimEnd() }
  },
}

const exportJson = ({
  file,
  sha256,
  opset,
  maxAbsDiff,
  inputs,
  outputs,
  bytes,
  precision,
  reduction,
}: Export): Record<string, unknown> => ({ file, sha256, opset, maxAbsDiff, inputs, outputs, bytes, precision, reduction })

function describeExport({ file, sha256, opset, bytes, precision, maxAbsDiff, reduction }: Export): string {
  const facts = [
    file,
    `sha256 ${sha256}`,
    `opset ${opset}, ${precision}, ${thousands(bytes)} bytes, ` +
      `largest difference to the trained network ${maxAbsDiff.toExponential(1)}`,
  ]
  if (reduction !== null) {
    const { float32Bytes, relativeDifference, figure: key, float32, reduced } = reduction
    facts.push(
      `float32: ${thousands(float32Bytes)} bytes; the outputs differ ` +
        `by ${(100 * relativeDifference).toPrecision(2)}% of their spread`,
    )
    if (key !== null)
      facts.push(`${figureName(key)} ${figureText(key, { [key]: reduced })}, in float32 ${figureText(key, { [key]: float32 })}`)
  }
  return facts.join('\n')
}

export const objective: Command = {
  usage: '--variant V --in IN.safetensors --out OUT.safetensors [--size WxH --channels C]',
  summary: 'Loss, terms and gradients of an objective at given weights.',
  help: [
    ...settingHelp,
    ...imageShapeHelp,
    '--in F            weights, x, and what else the objective draws at random',
    '--out F           gets the gradients',
  ],
  options: { ...settingOptions, ...imageShapeOptions, in: { type: 'string' }, out: { type: 'string' } },
  async run(session, given) {
    const { in: input, out } = given.values
    const shape = imageShape(given.values)
    if (typeof input !== 'string' || typeof out !== 'string')
      throw new WorkbenchError('USAGE', 'Give the weights with --in and the file for the gradients with --out.')
    const chosen = await variantAndSettings(session, given)
    const { loss, terms } = await session.call('objective', {
      ...chosen,
      ...(shape ? { shape } : {}),
      in: given.path(input),
      out: given.path(out),
    })
    return {
      json: { loss, terms },
      text: [['loss', loss], ...Object.entries(terms)]
        .map(([name, value]) => `${String(name).padEnd(20)}${String(value)}`)
        .join('\n'),
    }
  },
}

export const variants: Command = {
  usage: '',
  summary: 'All variants with their settings.',
  async run({ call }) {
    const { variants: all } = await call('variants.list', {})
    const text = all
      .map(({ id, title, reference, settings }) => {
        const rows = settings.map(({ key, kind, choices, default: value, description }) => [
          `  ${key}`,
          choices?.join('|') ?? kind,
          textOf(value),
          description,
        ])
        return `${id}: ${title}. ${reference}\n${table(['  setting', 'values', 'default', ''], rows)}`
      })
      .join('\n\n')
    return { json: { variants: all }, text }
  },
}
