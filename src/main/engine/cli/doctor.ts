import { checkIntegrity, type Integrity, type Known } from '../doctor/integrity.ts'
import { runDoctor } from '../doctor.ts'
import { counted } from '../../../shared/words.ts'
import { homeAt } from '../home.ts'
import { recover, recoveryText } from '../recovery/recover.ts'
import type { Outcome } from './command.ts'
import { openSession } from './session.ts'
import type { Terminal } from './terminal.ts'

export const doctorOptions = { check: { type: 'boolean' }, recover: { type: 'boolean' }, dataset: { type: 'string' } } as const
export interface DoctorValues {
  check?: boolean | undefined
  recover?: boolean | undefined
  dataset?: string | undefined
}
export const doctorHelp = [
  '--check  also reads every checkpoint, every dataset and all kept codes whole, and compares them with their checksums',
  '--recover  where the database is lost or damaged, makes a new one from the newest sound backup and the folders of datasets and runs',
  '--dataset D  with --recover: the dataset of runs of which nothing tells which one they are of',
]

/**
 * Checks what the workbench needs of this machine; with `check`, also everything that is kept. With `recover` it makes a new
 * database.
 */
export async function doctor(
  folder: string,
  { check, recover: recovers, dataset }: DoctorValues,
  terminal: Terminal,
): Promise<Outcome> {
  const home = homeAt(folder)
  if (recovers) {
    const recovery = recover(home, dataset === undefined ? {} : { dataset })
    return { json: { recovery }, text: recoveryText(home, recovery) }
  }
  const checks = await runDoctor(home)
  const failed = checks.filter(({ ok }) => !ok)
  const lines = checks.map(({ name, ok, detail }) => `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(26)}${detail}`)
  if (!check)
    return outcome(
      { checks },
      lines,
      failed.map(({ name, detail }) => `${name}: ${detail}`),
    )

  const controller = new AbortController()
  const release = terminal.onInterrupt(() => controller.abort())
  try {
    const integrity = await checkIntegrity(home, await knownOf(folder, terminal), {
      signal: controller.signal,
      onProgress: (done, total, stage) =>
        terminal.progress('Checking', { done, total, unit: 'folders', perSecond: null, secondsLeft: null, stage }),
    })
    const { findings } = integrity
    const wrong = [
      ...failed.map(({ name, detail }) => `${name}: ${detail}`),
      ...findings.map(({ name, problem }) => `${name}: ${problem}`),
    ]
    const found = findings.map(
      ({ kind, name, file, problem, remedy }) => `FAIL  ${kind} of “${name}”: ${problem}\n      ${file}\n      ${remedy}`,
    )
    return outcome({ checks, ...integrity }, [...lines, ...found, summaryOf(integrity)], wrong)
  } finally {
    release()
  }
}

function outcome(json: Record<string, unknown>, lines: readonly string[], wrong: readonly string[]): Outcome {
  const text = lines.join('\n')
  return wrong.length === 0
    ? { json, text }
    : {
        json,
        text,
        error: {
          code: 'INTERNAL',
          message: `Not everything is in order: ${wrong.map((text) => text.replace(/\.$/, '')).join('; ')}.`,
        },
      }
}

function summaryOf({ findings, looked: { checkpoints, datasets, codes, withoutChecksum } }: Integrity): string {
  const old =
    withoutChecksum === 0
      ? ''
      : `; ${counted(withoutChecksum, 'was', 'were')} written by a version without checksums, of which only the form was looked at`
  const read = `${counted(checkpoints, 'checkpoint')}, ${counted(datasets, 'dataset')} and ${counted(codes, 'set')} of kept codes`
  const faults = counted(findings.length, 'is not as it was', 'are not as they were')
  return `${findings.length === 0 ? 'ok  ' : '    '}  Read whole: ${read}; ${faults} written${old}`
}

/** What the database knows of what lies in the folders; null where it cannot be opened, which the other checks tell. */
async function knownOf(folder: string, terminal: Terminal): Promise<Known | null> {
  try {
    const session = await openSession(folder)
    try {
      const [{ runs }, { datasets }] = [await session.call('runs.list', {}), await session.call('datasets.list', {})]
      const { embeddings } = await session.call('embeddings.list', {})
      return { runs, datasets, embeddings }
    } finally {
      await session.close(terminal)
    }
  } catch {
    return null
  }
}
