// `npm test`: sets up what is missing, then runs every check and test. `npm test -- unit` runs one stage, `npm test --
// test/unit/zip.test.ts` one file.
// The last line is `tests: N passed, M failed, K skipped`. With WORKBENCH_NO_SKIP=1 a skipped test counts as failed.
import { resolve } from 'node:path'
import { ensureSetUp } from './setup.mjs'
import { fail, SetupError } from './setup/report.mjs'
import { stages } from './test/stages.mjs'

/** The stages to run and their files, by what the command line names: stages, files, or nothing for all. */
async function plan(args) {
  const known = []
  for (const stage of stages) known.push({ stage, files: stage.files ? await stage.files() : [] })
  if (args.length === 0) return known
  const chosen = []
  for (const { stage, files } of known) {
    if (args.includes(stage.name)) chosen.push({ stage, files })
    else {
      const named = files.filter((file) => args.some((each) => resolve(each) === file))
      if (named.length > 0) chosen.push({ stage, files: named })
    }
  }
  const unknown = args.find((each) => !known.some(({ stage, files }) => stage.name === each || files.includes(resolve(each))))
  if (unknown)
    throw new SetupError(
      `"${unknown}" is neither a stage of the tests (${stages.map((each) => each.name).join(', ')}) nor a test file.`,
    )
  return chosen
}

async function main(args) {
  await ensureSetUp()
  const began = Date.now()
  const total = { passed: 0, failed: 0, skipped: 0 }
  const skips = []
  for (const { stage, files } of await plan(args)) {
    const start = Date.now()
    console.log(`${stage.name}`)
    const counts = await stage.run(files)
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
    skips.push(...counts.skips)
    console.log(
      `  ${counts.failed ? 'FAILED' : 'done'} in ${((Date.now() - start) / 1000).toFixed(1)} ` +
        `s: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
    )
  }
  const allowed = process.env.WORKBENCH_NO_SKIP !== '1'
  if (skips.length > 0) {
    console.log(allowed ? '\nSkipped:' : '\nSkipped, which counts as failed here (WORKBENCH_NO_SKIP=1):')
    for (const { name, reason } of skips) console.log(`  ${name}: ${reason}`)
  }
  if (!allowed) {
    total.failed += total.skipped
    total.skipped = 0
  }
  console.log(`\nAll in ${((Date.now() - began) / 1000).toFixed(0)} s`)
  console.log(`tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed > 0 ? 1 : 0
}

await main(process.argv.slice(2)).catch(fail)
