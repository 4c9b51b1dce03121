import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { bytes, duration } from '../../../shared/amounts.ts'
import type { Place, PlaceFinding } from '../../../shared/places.ts'
import { toErrorInfo } from '../../../shared/errors.ts'
import { prologue, quoted } from '../remote/arrayScript.ts'
import { engineGlibc } from '../remote/engineFolder.ts'
import { newId } from '../store/ids.ts'
import { hasEnded } from './jobs.ts'
import { endOfName } from './machine.ts'
import type { Site } from './site.ts'
import { directivesOf } from './slurm.ts'

/** Milliseconds between two looks, and until it is given up. */
const every = 1500,
  most = 15 * 60_000
/** A node's own disk should have so much for a dataset, and the shared folder for engines and weights. */
const wantedBytes = 2 * 2 ** 30
/** Clocks that differ by more are worth a word; nothing depends on them. */
const fewSeconds = 60

/** What one small job finds out, as lines of `name value`. */
const script = (place: Place, id: string, folder: string): string => `#!/bin/sh
#SBATCH --job-name=workbench-check${endOfName(id)}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=${place.cpus ?? 1}
#SBATCH --output=results/check.log
${directivesOf(place)
  .map((each) => `#SBATCH ${each}\n`)
  .join('')}
cd ${quoted(folder)} || exit 1
${prologue(place.before)}
disk=\${WORKBENCH_SCRATCH:-\${SLURM_TMPDIR:-\${TMPDIR:-/tmp}}}
{
  echo "node $(uname -n)"
  echo "system $(uname -sm)"
  echo "glibc $(${place.container === undefined ? '' : `${place.container} `}getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/^glibc //')"
  echo "avx $(grep -c -w -m1 avx /proc/cpuinfo)"
  echo "clock $(date +%s)"
  echo "disk $disk"
  echo "scratch $(df -Pk "$disk" 2>/dev/null | awk 'NR==2 {print $4}')"
  echo "shared $(df -Pk . 2>/dev/null | awk 'NR==2 {print $4}')"
  echo "limit $(squeue -h -j "$SLURM_JOB_ID" -o %l 2>/dev/null)"
} >results/said.partial && mv results/said.partial results/said
`

/**
 * Hands one small job over and tells what it found: whether the scheduler takes it, the node sees the shared folder, and the engine will
 * run there. Nothing of it stays.
 * @throws the signal's reason
 */
export async function checkPlace(
  place: Place,
  site: Site,
  { signal, onStage }: { signal: AbortSignal; onStage: (stage: string) => void },
): Promise<PlaceFinding[]> {
  const found: PlaceFinding[] = []
  const say = (isGood: boolean, sentence: string): void => void found.push({ isGood, sentence })
  const id = newId(),
    folder = join(site.root, `check-${id}`),
    file = join(folder, 'results', 'said')
  let job: string | null = null
  try {
    onStage('Asking the scheduler')
    for (const each of ['results', 'scripts']) mkdirSync(join(folder, each), { recursive: true })
    const text = script(place, id, site.at(folder))
    writeFileSync(join(folder, 'scripts', `${id}.sh`), text)
    await site.scheduler.test(site.root, text)
    await site.send(folder, false)
    const begun = Date.now()
    job = await site.scheduler.submit(site.at(folder), text)
    say(true, `The scheduler took a job (${job}).`)
    let endedAt: number | null = null,
      words = ''
    for (;;) {
      signal.throwIfAborted()
      await site.exchange(folder)
      if (existsSync(file)) break
      const listed = (await site.scheduler.list()).filter((each) => each.job === job)
      const here = listed.at(-1)
      words = here === undefined ? 'it is not listed' : `${here.state} ${here.reason}`.trim()
      onStage(here === undefined ? 'Waiting for the job' : `The job: ${words}`)
      if (here === undefined || hasEnded(here)) endedAt ??= Date.now()
      if ((endedAt !== null && Date.now() - endedAt > 60_000) || Date.now() - begun > most) break
      await wait(every, undefined, { signal })
    }
    if (!existsSync(file)) {
      say(
        false,
        endedAt === null
          ? `The job did not begin within ${duration(most / 1000)} (${words}) and was cancelled: choose another partition.`
          : `The job ended (${words}), and what it wrote is not seen here: choose a folder that the nodes share.`,
      )
      return found
    }
    tell(readFileSync(file, 'utf8'), await engineGlibc(), (Date.now() - begun) / 1000, say)
    job = null
  } catch (thrown) {
    signal.throwIfAborted()
    say(false, toErrorInfo(thrown).message)
  } finally {
    if (job !== null) await site.scheduler.cancel([job]).catch(() => {})
    rmSync(folder, { recursive: true, force: true })
    await site.remove(folder).catch(() => {})
  }
  return found
}

/** What the job's lines mean. */
function tell(text: string, needed: string | null, seconds: number, say: (isGood: boolean, sentence: string) => void): void {
  const lines = new Map(text.split('\n').map((line) => [line.split(' ')[0]!, line.slice(line.indexOf(' ') + 1).trim()]))
  const value = (name: string): string => lines.get(name) ?? ''
  const node = value('node')
  say(true, `${node} ran it after ${duration(seconds)} and wrote into the folder; that is seen here.`)
  const isLinux = value('system') === 'Linux x86_64'
  say(
    isLinux,
    isLinux ? 'It runs Linux on x86-64, as the engine does.' : `It is ${value('system')}, and the engine is for Linux on x86-64.`,
  )
  const glibc = value('glibc'),
    minor = (version: string): number => Number(/^2\.(\d+)/.exec(version)?.[1] ?? 0)
  const isNewEnough = needed === null || minor(glibc) >= minor(needed)
  say(
    isNewEnough,
    isNewEnough
      ? `Its C library (glibc ${glibc || 'unknown'}) is new enough; the engine needs ${needed ?? 'none in particular'}.`
      : `Its C library (${glibc === '' ? 'not glibc' : `glibc ${glibc}`}) is too old: the engine needs ${needed}; ` +
          'use other nodes, or a container.',
  )
  const hasAvx = value('avx') === '1'
  say(hasAvx, hasAvx ? 'Its processor has AVX.' : "Its processor has no AVX, which TensorFlow's library needs; use other nodes.")
  for (const [name, what] of [
    ['scratch', `its own disk (${value('disk')})`],
    ['shared', 'the shared folder'],
  ] as const) {
    const room = Number(value(name)) * 1024
    if (Number.isFinite(room) && value(name) !== '')
      say(
        room >= wantedBytes,
        `There is ${bytes(room)} of space on ${what}${room >= wantedBytes ? '.' : ', which is little: an engine alone takes 0.5 GB.'}`,
      )
  }
  const limit = value('limit')
  if (limit !== '')
    say(
      true,
      `Jobs have ${limit === 'UNLIMITED' ? 'no limit of time' : `${limit} of time`}; a run that takes longer goes on in the next one.`,
    )
  const apart = Math.abs(Number(value('clock')) - Date.now() / 1000)
  if (apart > fewSeconds)
    say(true, `Its clock differs from this one by ${duration(apart)}; times of runs there are moved between start and now.`)
}
