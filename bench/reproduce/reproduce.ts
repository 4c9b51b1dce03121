import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { WorkbenchError, toErrorInfo } from '../../src/shared/errors.ts'
import type { Dataset, Run } from '../../src/shared/domain.ts'
import type { PresetForm, PresetFormInfo, PresetInfo } from '../../src/shared/presets.ts'
import { about, findPreset, formNamed, formOf, onTop, presetDataset } from '../../src/main/engine/cli/commands/presets.ts'
import { wholeNumber } from '../../src/main/engine/cli/wholeNumber.ts'
import { openSession, type Session } from '../../src/main/engine/cli/session.ts'
import { terminalOn } from '../../src/main/engine/cli/terminal.ts'
import { runEnded } from '../../src/main/engine/cli/wait.ts'
import { originHere, recordsIn, type Origin, type Records } from './record.ts'
import { document, section, type Reproduced } from './report.ts'

/**
 * `npm run reproduce -- quick|paper [ID...] [--home DIR] [--out FILE] [--epochs N]`: trains every run of the presets' forms,
 * those that are complete with the same settings and sources excepted, and writes what came out beside what was published to
 * bench/reproductions.md. Ctrl-C pauses with a checkpoint; the same command goes on from there. `--epochs` cuts every stage
 * short, to try it out.
 */
const root = resolve(import.meta.dirname, '../..')
const terminal = terminalOn(process.stderr)

interface Plan {
  preset: PresetInfo
  form: PresetForm
  planned: PresetFormInfo['runs'][number]
  epochs: number | null
}
interface Work {
  session: Session
  records: Records
  here: Origin
}

/** What a run of the plan is asked for with. */
function requestOf({ preset, form, planned, epochs }: Plan, dataset: Dataset) {
  const { id, name, variant, settings, seed } = planned
  const pretrained = (settings['pretraining'] as { kind?: string } | undefined)?.kind !== undefined
  const cut = epochs === null ? {} : { 'training.epochs': epochs, ...(pretrained ? { 'pretraining.epochs': epochs } : {}) }
  return { dataset: dataset.id, name, variant, seed, settings: onTop(settings, cut), preset: { id: preset.id, form, run: id } }
}

/** The newest run of the plan that these sources trained, completed or on its way; null where it is to be begun. */
async function runBefore({ session, records, here }: Work, request: ReturnType<typeof requestOf>): Promise<Run | null> {
  const { config } = await session.call('runs.check', request)
  const { runs } = await session.call('runs.list', {})
  return (
    runs.findLast(
      (run) =>
        records.of(run.id)?.sources === here.sources &&
        run.datasetId === request.dataset &&
        run.seed === request.seed &&
        isDeepStrictEqual(run.preset, request.preset) &&
        isDeepStrictEqual(run.config, config) &&
        (run.state === 'completed' ? run.evaluation !== null : ['queued', 'running', 'paused', 'interrupted'].includes(run.state)),
    ) ?? null
  )
}

/** Trains one run of the plan, or goes on with it, or finds it done. */
async function reproduce(work: Work, plan: Plan): Promise<{ run: Run; interrupted: boolean }> {
  const { session, records, here } = work
  const request = requestOf(plan, await presetDataset(session, plan.preset, terminal))
  const before = await runBefore(work, request)
  if (before?.state === 'completed') {
    terminal.tell(`  done before, at ${records.of(before.id)!.commit}`)
    return { run: before, interrupted: false }
  }
  if (before) return runEnded(session, () => session.call('runs.resume', { run: before.id }), terminal)
  return runEnded(
    session,
    async () => {
      const { warnings } = await session.call('runs.check', request)
      warnings.forEach((warning) => terminal.tell(`  ${warning}`))
      const created = await session.call('runs.create', request)
      records.set(created.run.id, here)
      return created
    },
    terminal,
  )
}

async function main(): Promise<number> {
  const {
    values,
    positionals: [named, ...ids],
  } = parseArgs({
    allowPositionals: true,
    options: { home: { type: 'string' }, out: { type: 'string' }, epochs: { type: 'string' } },
  })
  if (named === undefined)
    throw new WorkbenchError('USAGE', 'Say which forms: npm run reproduce -- quick, or npm run reproduce -- paper.')
  const form = formNamed(named)
  const epochs = values.epochs === undefined ? null : wholeNumber('epochs', values.epochs)
  const home = resolve(values.home ?? resolve(root, 'out/reproduce')),
    out = resolve(values.out ?? resolve(root, 'bench/reproductions.md'))
  const session = await openSession(home)
  try {
    const { presets } = await session.call('presets.list', {})
    const chosen = ids.length === 0 ? presets : await Promise.all(ids.map((id) => findPreset(session, id)))
    const work: Work = { session, records: recordsIn(home), here: originHere() }
    const total = chosen.reduce((sum, preset) => sum + formOf(preset, form).runs.length, 0)
    terminal.tell(
      `${total} runs, about ${about(chosen.reduce((sum, preset) => sum + formOf(preset, form).seconds, 0))} ` +
        `on 2 cores; everything is kept in ${home}.`,
    )
    let number = 0,
      failed = 0
    for (const preset of chosen) {
      const made = new Map<string, Run>()
      for (const planned of formOf(preset, form).runs) {
        terminal.tell(`${(number += 1)} of ${total}: ${planned.name}`)
        const { run, interrupted } = await reproduce(work, { preset, form, planned, epochs })
        if (interrupted) {
          terminal.tell(`Paused at step ${run.step} of ${run.steps}; the same command goes on from there.`)
          return 130
        }
        made.set(planned.id, run)
        if (run.state === 'completed') continue
        failed += 1
        terminal.tell(`  ${run.state}${run.error === null ? '' : `: ${run.error.message}`}`)
      }
      await write(work, out, presets, preset, form, made)
    }
    terminal.tell(`Written to ${out}.`)
    if (failed > 0) terminal.tell(`${failed} of ${total} runs did not complete.`)
    return failed > 0 ? 1 : 0
  } finally {
    await session.close(terminal)
    terminal.finish()
  }
}

/** Puts a preset's section into the file, which so grows preset by preset: all of it takes a while. */
async function write(
  { session, records }: Work,
  out: string,
  presets: readonly PresetInfo[],
  preset: PresetInfo,
  form: PresetForm,
  made: ReadonlyMap<string, Run>,
): Promise<void> {
  const reproduced: Reproduced[] = []
  for (const [id, run] of made) {
    const { outcome } = await session.call('presets.outcome', { run: run.id })
    outcome?.rows.forEach((row) => terminal.tell(`  ${row.sentence}`))
    const origin = records.of(run.id)
    reproduced.push({ id, run, ...(outcome === null ? {} : { outcome }), ...(origin === undefined ? {} : { origin }) })
  }
  mkdirSync(dirname(out), { recursive: true })
  const before = existsSync(out) ? readFileSync(out, 'utf8') : ''
  const text = section(preset, formOf(preset, form), reproduced)
  writeFileSync(`${out}.new`, document(before, presets, { form, preset: preset.id, text }))
  renameSync(`${out}.new`, out)
}

try {
  process.exit(await main())
} catch (thrown) {
  terminal.tell(
    thrown instanceof TypeError
      ? `${thrown.message}; use: npm run reproduce -- quick|paper [ID...] [--home DIR] [--out FILE]`
      : toErrorInfo(thrown).message,
  )
  process.exit(thrown instanceof WorkbenchError && thrown.code === 'USAGE' ? 2 : 1)
}
