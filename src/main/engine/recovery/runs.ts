import type { Config } from '../../../shared/config.ts'
import { configSchema, withoutStatistics } from '../../../shared/config.ts'
import type { Dataset, Run } from '../../../shared/domain.ts'
import { counted } from '../../../shared/words.ts'
import type { Shape } from '../../../shared/shape.ts'
import { isUnderWay } from '../../../shared/runStates.ts'
import { checkpointFile, type Position } from '../checkpoint/checkpoint.ts'
import { inputShapeIn, takesShape } from '../checkpoint/inputShape.ts'
import { readShapes } from '../checkpoint/safetensors.ts'
import { factsOf, runOf } from '../experiments/newRun.ts'
import { folderBytes } from '../folderBytes.ts'
import type { Home } from '../home.ts'
import type { Store } from '../store/store.ts'
import { resolveConfig, variantOf } from '../variants/index.ts'
import { isOutOfPatience } from '../variants/settings/lengthRules.ts'
import { foldersOf } from './missing.ts'
import { runRecord, type RunRecord } from './records.ts'

const importFirst = 'import it again, then recover once more (aebench doctor --recover)'
const again = "The database was lost and made again from this run's folder"

/** What a run's last checkpoint tells of it. */
interface LastCheckpoint {
  variant: string
  config: Config
  seed: number
  inputShape: Shape
  classes: readonly string[]
  position: Position
}

function readLastCheckpoint(folder: string): LastCheckpoint | null {
  try {
    const { metadata } = readShapes(checkpointFile(folder, 'last'))
    const variant = variantOf(metadata['variant'] ?? '').id
    const position = JSON.parse(metadata['position'] ?? '') as Omit<Position, 'stage'>
    return {
      variant,
      config: withoutStatistics(configSchema.parse(JSON.parse(metadata['config'] ?? ''))),
      seed: Number(metadata['seed']),
      inputShape: inputShapeIn(metadata),
      classes: JSON.parse(metadata['classes'] ?? '[]') as string[],
      position: { stage: 0, ...position },
    }
  } catch {
    return null
  }
}

/**
 * Puts back the runs whose folders hold a checkpoint or a record and that the store does not have: from their records where
 * they have one, else from what the checkpoint tells. Those that had been removed stay removed and can be restored.
 * @param chosen the dataset of those of which nothing tells it
 * @returns how many there are now
 */
export function adoptRuns(home: Home, store: Store, chosen: Dataset | null, notes: string[]): number {
  const { runs, removed, unknown } = foldersOf(home)
  for (const id of unknown) {
    if (store.runs.isStored(id)) continue
    notes.push(`The run in ${home.run(id)} was left out: nothing there tells what it was, neither a checkpoint nor a record.`)
  }
  const folders = [
    ...runs.map((id) => ({ id, folder: home.run(id), isRemoved: false })),
    ...removed.map((id) => ({ id, folder: home.trash(id), isRemoved: true })),
  ]
  const missing = folders.filter(({ id }) => store.runs.find(id) === null)
  const found = missing
    .map((each) => ({ ...each, lastCheckpoint: readLastCheckpoint(each.folder), record: runRecord(each.folder) }))
    .sort(inOrder)
  // Whose curves are gone.
  let bare = 0,
    unevaluated = 0
  for (const { id, folder, isRemoved, lastCheckpoint, record } of found) {
    const run =
      record === null ? fromCheckpoint(home, store, id, lastCheckpoint, chosen) : fromRecord(store, record, lastCheckpoint)
    if (typeof run === 'string') {
      notes.push(`The run in ${folder} was left out: ${run}.`)
      continue
    }
    store.transaction(() => {
      store.runs.adopt({ ...run, bytes: folderBytes(folder) }, record?.version ?? null)
      if (isRemoved) store.runs.update(id, { removedAt: new Date().toISOString() })
    })
    if (lastCheckpoint !== null) {
      bare += 1
    } else {
      // It failed, or was stopped, before there was anything to keep.
      notes.push(`The run “${run.name}” (${run.state}) has no checkpoint: its settings are back, and there are no weights.`)
    }
    if (run.state === 'completed' && run.evaluation === null) unevaluated += 1
  }
  if (bare > 0) {
    notes.push(
      `The curves and pictures of ${counted(bare, 'run')} were in the lost database only and are gone; ` +
        'weights and settings are as they were.',
    )
  }
  if (unevaluated > 0) {
    notes.push(
      `${counted(unevaluated, 'completed run')} ${unevaluated === 1 ? 'has' : 'have'} no evaluation any more: ` +
        "evaluate again (aebench evaluate RUN, or on the run's page).",
    )
  }
  return store.runs.list().length
}

interface Candidate {
  id: string
  lastCheckpoint: LastCheckpoint | null
  record: RunRecord | null
}

/** As they were made: by time, those of an experiment in its order; then those of which no time is known. */
const inOrder = (one: Candidate, other: Candidate): number => (keyOf(one) < keyOf(other) ? -1 : 1)
function keyOf({ id, lastCheckpoint, record }: Candidate): string {
  const padded = (number: number) => String(number).padStart(10, '0')
  if (record === null) return `9999 ${lastCheckpoint?.variant ?? ''} ${padded(lastCheckpoint?.seed ?? 0)} ${id}`
  return `${record.run.createdAt} ${padded(record.run.experiment?.cell ?? 0)} ${padded(record.run.seed)} ${id}`
}

/** The run, or why it cannot be taken back. */
function fromRecord(store: Store, { run, dataset: fingerprint }: RunRecord, lastCheckpoint: LastCheckpoint | null): Run | string {
  const dataset = store.datasets.find(run.datasetId) ?? store.datasets.findByFingerprint(fingerprint)
  if (dataset === null) return `its dataset “${run.dataset}” is not here any more; ${importFirst}`
  const wasOpen = run.place === null && (run.state === 'running' || run.state === 'queued')
  // What is elsewhere may go on there; where that is, is lost with the database, until it is collected again.
  const wasElsewhere = run.place !== null && isUnderWay(run.state)
  const experiment = run.experiment !== null && store.experiments.has(run.experiment.id) ? run.experiment : null
  return {
    ...run,
    datasetId: dataset.id,
    dataset: dataset.name,
    progress: null,
    experiment,
    latest: {},
    ...(wasOpen ? { state: 'interrupted' as const, error: interrupted(lastCheckpoint) } : {}),
    ...(wasElsewhere ? { state: 'unknown' as const } : {}),
    ...(lastCheckpoint === null
      ? {}
      : { step: lastCheckpoint.position.step, epoch: lastCheckpoint.position.epoch, seconds: lastCheckpoint.position.seconds }),
  }
}

function interrupted(lastCheckpoint: LastCheckpoint | null): NonNullable<Run['error']> {
  const way = lastCheckpoint === null || lastCheckpoint.position.step === 0 ? 'begin it again' : 'continue from its last checkpoint'
  return { code: 'RUN_FAILED', message: `${again}; resume it to ${way}.` }
}

function fromCheckpoint(
  home: Home,
  store: Store,
  id: string,
  lastCheckpoint: LastCheckpoint | null,
  chosen: Dataset | null,
): Run | string {
  if (lastCheckpoint === null) return 'its last checkpoint cannot be read'
  const all = store.datasets.list()
  const suits = (dataset: Dataset): boolean =>
    takesShape(lastCheckpoint.config.network, lastCheckpoint.inputShape, dataset) &&
    (lastCheckpoint.classes.length === 0 || lastCheckpoint.classes.join('\n') === dataset.classes.join('\n'))
  const suitable = all.filter(suits)
  const dataset = chosen !== null && suits(chosen) ? chosen : suitable.length === 1 ? suitable[0]! : null
  if (dataset === null) {
    return suitable.length === 0
      ? `no dataset here has rows of its size; ${importFirst}`
      : `it could be of ${suitable.map(({ name }) => `“${name}”`).join(' or ')}, and nothing tells which; ` +
          'recover again with --dataset NAME (aebench doctor --recover --dataset NAME)'
  }
  const { parameters } = resolveConfig(lastCheckpoint.variant, lastCheckpoint.config, factsOf(home, dataset))
  const planned = runOf(home, id, dataset, lastCheckpoint.variant, lastCheckpoint.seed, {
    config: lastCheckpoint.config,
    parameters,
  })
  const { step, epoch, seconds, best } = lastCheckpoint.position
  const { variant, config } = lastCheckpoint
  const startEpoch = planned.stages.at(-1)?.startEpoch ?? 0
  const stopped = best !== null && isOutOfPatience(variantOf(variant), config, { epoch, best }, startEpoch)
  const isDone = step >= planned.steps || stopped
  const now = new Date().toISOString()
  const why =
    chosen === dataset ? 'Its dataset was named by who recovered it.' : 'Its dataset is the only one here with rows of its size.'
  return {
    ...planned,
    name: store.runs.freeName(lastCheckpoint.variant),
    dataset: dataset.name,
    state: isDone ? 'completed' : 'interrupted',
    colour: store.runs.freeColour(),
    epoch,
    step,
    seconds,
    createdAt: now,
    startedAt: null,
    endedAt: now,
    stepsPerSecond: null,
    threads: null,
    place: null,
    processor: null,
    progress: null,
    latest: {},
    evaluation: null,
    error: isDone ? null : interrupted(lastCheckpoint),
    preset: null,
    origin: null,
    experiment: null,
    tags: ['recovered'],
    archived: false,
    bytes: null,
    notes: `${again}: its name, tags and notes are not those that it had. ${why}`,
  }
}
