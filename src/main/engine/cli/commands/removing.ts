import { bytes as size } from '../../../../shared/amounts.ts'
import type { Storage } from '../../../../shared/experiments.ts'
import { WorkbenchError } from '../../../../shared/errors.ts'
import { counted } from '../../../../shared/words.ts'
import type { Command } from '../command.ts'
import { table } from '../table.ts'
import { named } from './datasets.ts'

type Removed = Storage['removed'][number]

const untilDay = (until: string): string => until.slice(0, 10)
const restoring = (reference: string): string => `“trash restore ${reference}” brings`

export const runsRemove: Command = {
  usage: 'RUN...',
  summary: 'Puts runs into the trash, from which they can be restored for 30 days.',
  help: ['RUN...            by id, beginning of the id, or name'],
  positionals: [1, 10_000],
  async run({ call }, { positionals }) {
    // All are looked at before the first goes: a misspelt name removes nothing.
    const found = new Map<string, { name: string; state: string }>()
    for (const reference of positionals) {
      const { run } = await call('runs.show', { run: reference })
      found.set(run.id, run)
    }
    for (const [id, { name, state }] of found) {
      if (state === 'running') {
        const message = `The run “${name}” is training, so nothing was removed; cancel it first (“runs cancel ${id}”).`
        throw new WorkbenchError('RUN_STATE', message)
      }
    }
    const removed: { run: string; name: string; until: string }[] = []
    for (const [id, { name }] of found) removed.push({ ...(await call('runs.remove', { run: id })), name })
    const { run, name, until } = removed[0]!
    const what = removed.length === 1 ? `The run “${name}” was` : `${counted(removed.length, 'run')} were`
    const which = removed.length === 1 ? 'it' : 'the first of them'
    return { json: { removed }, text: `${what} removed; until ${untilDay(until)} ${restoring(run)} ${which} back.` }
  },
}

export const experimentRemove: Command = {
  usage: 'E [--keep-runs]',
  summary: 'Puts an experiment and the runs that it alone made into the trash, for 30 days.',
  help: ['--keep-runs       its runs stay'],
  positionals: [1, 1],
  options: { 'keep-runs': { type: 'boolean' } },
  async run({ call }, { positionals, values }) {
    const {
      experiment: { id, name },
    } = await call('experiments.show', { experiment: positionals[0]! })
    const { runs, until } = await call('experiments.remove', { experiment: id, runs: values['keep-runs'] !== true })
    const removed = { experiment: id, name, runs, until }
    const withRuns = runs.length === 0 ? '' : ` with ${counted(runs.length, 'run')}`
    const text = `The experiment “${name}” was removed${withRuns}; until ${untilDay(until)} ${restoring(id)} all of it back.`
    return { json: { removed }, text }
  },
}

export const datasetsRemove: Command = {
  usage: 'NAME',
  summary: 'Removes a dataset that no run uses, for good; what it was imported from stays as it is.',
  positionals: [1, 1],
  async run({ call }, { positionals }) {
    const { datasets } = await call('datasets.list', {})
    const reference = positionals[0]!
    const dataset = named(datasets, reference)
    // An unknown name is the engine's to refuse.
    const gone = await call('datasets.remove', { dataset: dataset?.id ?? reference })
    const { id, name, source } = dataset!
    const removed = { dataset: id, name, ...gone }
    const also = [
      ...(removed.trashed > 0 ? [`${counted(removed.trashed, 'run')} of it that lay in the trash`] : []),
      ...(removed.codes > 0
        ? [`${counted(removed.codes, 'set')} of its codes that ${removed.codes === 1 ? 'was' : 'were'} kept`]
        : []),
    ]
    const withIt = also.length === 0 ? '' : `, and with it ${also.join(' and ')}`
    const text = `The dataset “${name}” was removed for good${withIt}; its source (${source}) was not touched.`
    return { json: { removed }, text }
  },
}

export const embeddingsRemove: Command = {
  usage: 'CODES...',
  summary: 'Removes kept codes for good; files that were written of them stay.',
  help: ['CODES...          by id or name; “embeddings list” shows them'],
  positionals: [1, 10_000],
  async run({ call }, { positionals }) {
    const { embeddings } = await call('embeddings.list', {})
    const found = positionals.map((reference) =>
      only(embeddings, reference, {
        none: `There are no codes “${reference}”; “embeddings list” shows those that exist.`,
        several: 'codes',
        code: 'CALL_INVALID',
        field: 'embedding',
      }),
    )
    const removed = [...new Map(found.map(({ id, name }) => [id, { embedding: id, name }])).values()]
    for (const { embedding } of removed) await call('embeddings.remove', { embedding })
    const what = removed.length === 1 ? `The codes “${removed[0]!.name}” were` : `${counted(removed.length, 'set')} of codes were`
    return { json: { removed }, text: `${what} removed for good.` }
  },
}

export const trashList: Command = {
  usage: '',
  summary: 'What was removed and can be restored, and until when.',
  async run({ call }) {
    const {
      storage: { removed },
    } = await call('storage.show', {})
    const rows = removed.map(({ kind, id, name, removedAt, until, bytes }) => [
      id,
      kind,
      name,
      untilDay(removedAt),
      untilDay(until),
      size(bytes),
    ])
    return {
      json: { removed },
      text: rows.length === 0 ? 'The trash is empty.' : table(['id', 'what', 'name', 'removed', 'kept until', 'on disk'], rows),
    }
  },
}

export const trashRestore: Command = {
  usage: 'NAME...',
  summary: 'Brings removed runs and experiments back, experiments with their runs.',
  help: ['NAME...           a run or experiment of “trash list”, by id, beginning of the id, or name'],
  positionals: [1, 10_000],
  async run({ call }, { positionals }) {
    const { storage } = await call('storage.show', {})
    const found = positionals.map((reference) =>
      only(storage.removed, reference, {
        none: `There is nothing called “${reference}” in the trash; “trash list” shows what is there.`,
        several: 'removed runs or experiments',
        code: 'RUN_UNKNOWN',
        field: 'name',
      }),
    )
    // An experiment brings its own runs back: it goes first, and what came with it is there already.
    const chosen = [...new Set(found)].sort((a, b) => Number(a.kind === 'run') - Number(b.kind === 'run'))
    for (const { kind, id } of chosen) {
      if (kind === 'experiment') await call('experiments.restore', { experiment: id })
      else await call('runs.restore', { run: id })
    }
    const left = new Set((await call('storage.show', {})).storage.removed.map(({ id }) => id))
    const restored = storage.removed.filter(({ id }) => !left.has(id)).map(({ kind, id, name }) => ({ kind, id, name }))
    const count = (kind: Removed['kind']) => restored.filter((one) => one.kind === kind).length
    const parts = (['experiment', 'run'] as const).filter((kind) => count(kind) > 0).map((kind) => counted(count(kind), kind))
    return { json: { restored }, text: `${parts.join(' and ') || 'Nothing'} restored.` }
  },
}

interface MissingWords {
  none: string
  several: string
  code: 'CALL_INVALID' | 'RUN_UNKNOWN'
  field: string
}

/** The one with this id or, if it is one's alone, this name or beginning of an id. Errors: as `words` says. */
function only<T extends { id: string; name: string }>(items: readonly T[], reference: string, words: MissingWords): T {
  const exact = items.find(({ id }) => id === reference)
  if (exact !== undefined) return exact
  const named = items.filter(({ name }) => name === reference)
  const found = named.length > 0 ? named : items.filter(({ id }) => id.startsWith(reference))
  if (found.length === 1) return found[0]!
  const ids = `${found
    .slice(0, 3)
    .map(({ id }) => id)
    .join(', ')}${found.length > 3 ? ', ...' : ''}`
  const message = found.length === 0 ? words.none : `Several ${words.several} match “${reference}” (${ids}); give the whole id.`
  throw new WorkbenchError(words.code, message, { field: words.field })
}
