import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { campaigns, type Campaign, type Counts } from '../../test/campaign/index.ts'

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/**
 * `npm run bench -- campaign [NAME...] [--seed S] [--rounds N]`: attacks on the product in their long form, or with as many
 * rounds as are named; all of them, or those that are named. A campaign that finds something throws with the round and the
 * seed. What a long form came to is kept in campaign.json, and the table is made of it.
 */
export async function campaignCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seed: { type: 'string' }, rounds: { type: 'string' } },
  })
  const seed = Number(values.seed ?? 1)
  const unknown = positionals.find((name) => !campaigns.some((campaign) => campaign.name === name))
  if (unknown !== undefined)
    throw new Error(`there is no campaign “${unknown}”; choose of ${campaigns.map(({ name }) => name).join(', ')}`)
  const chosen = positionals.length === 0 ? campaigns : campaigns.filter(({ name }) => positionals.includes(name))
  const results: (Kept & { name: string })[] = []
  for (const campaign of chosen) {
    const rounds = values.rounds === undefined ? campaign.long : Number(values.rounds)
    const folder = mkdtempSync(join(tmpdir(), `campaign-${campaign.name}-`))
    const began = Date.now()
    try {
      const counts = await campaign.run({ seed, rounds, folder, log: (text) => console.error(text) })
      const seconds = (Date.now() - began) / 1000
      const result = { date: new Date().toISOString().slice(0, 10), seed, rounds, counts, seconds: Math.round(seconds) }
      results.push({ name: campaign.name, ...result })
      if (values.rounds === undefined) keep(campaign, result)
      console.error(`${campaign.name}: ${said(counts)} in ${seconds.toFixed(0)} s`)
    } catch (thrown) {
      // Whole: the sentence that a command ends with has only its first line.
      console.error(thrown)
      throw thrown
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  console.log(JSON.stringify({ campaigns: results }))
}

const said = (counts: Counts) =>
  Object.entries(counts)
    .map(([name, count]) => `${words(name)} ${count.toLocaleString('en')}`)
    .join(', ')
/** `startMB` as `start MB`. */
const words = (name: string) =>
  name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').replaceAll(/ [A-Z](?=[a-z])/g, (letter) => letter.toLowerCase())

/** What a campaign's long form came to when it was last run. */
interface Kept {
  date: string
  seed: number
  rounds: number
  counts: Counts
  seconds: number
}

function keep({ name }: Campaign, result: Kept): void {
  const file = beside('../campaign.json')
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Kept>) : {}
  const kept = { ...known, [name]: result }
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
  writeFileSync(beside('../campaign.md'), page(kept))
}

const page = (kept: Readonly<Record<string, Kept>>): string =>
  [
    '# What the product withstands',
    '',
    `\`npm run bench -- campaign\` (${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores).`,
    'A campaign ends with an error where anything is lost, wrong or unsaid; ' +
      'these ended without. A short form of each is among the tests.',
    '',
    '| campaign | what is done | date | seed | rounds | counts | minutes |',
    '|---|---|---|---|---|---|---|',
    ...campaigns
      .filter(({ name }) => Object.hasOwn(kept, name))
      .map(({ name, title }) => {
        const { date, seed, rounds, counts, seconds } = kept[name]!
        return (
          `| ${name} | ${title} | ${date} | ${seed} | ${rounds.toLocaleString('en')} ` +
          `| ${said(counts)} | ${(seconds / 60).toFixed(1)} |`
        )
      }),
    '',
  ].join('\n')
