import type { CallInput } from '../../../../shared/calls.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import type { Command } from '../command.ts'
import { taskDone } from '../wait.ts'
import { describe, everything, json } from './experiments.ts'

export const experimentPack: Command = {
  usage: 'E --out F.zip',
  summary: 'Writes an experiment with all of its runs into one file.',
  help: [
    '--out F.zip       the file',
    '--with-images     its dataset, too; else it has to be there where it is unpacked',
    '--force           replaces an existing file',
  ],
  positionals: [1, 1],
  options: { out: { type: 'string' }, 'with-images': { type: 'boolean' }, force: { type: 'boolean' } },
  async run(session, { positionals, values, path }, terminal) {
    const { out } = values
    if (typeof out !== 'string') throw new WorkbenchError('USAGE', 'Say where to write with --out F.zip.', { field: 'out' })
    const input: CallInput<'experiments.pack'> = {
      experiment: positionals[0]!,
      file: path(out),
      withDataset: values['with-images'] === true,
      force: values['force'] === true,
    }
    const experiment = await taskDone(session, () => session.call('experiments.pack', input), terminal)
    return { json: { experiment, file: input.file }, text: input.file }
  },
}

export const experimentUnpack: Command = {
  usage: 'F.zip',
  summary: 'Takes an experiment with all of its runs out of such a file, whole and verified.',
  positionals: [1, 1],
  async run(session, { positionals, path }, terminal) {
    const id = await taskDone(session, () => session.call('experiments.unpack', { file: path(positionals[0]!) }), terminal)
    const all = await everything(session, id)
    return { json: json(all), text: describe(all) }
  },
}
