import { toErrorInfo } from '../src/shared/errors.ts'

/** `npm run bench`: every benchmark; `npm run bench -- NAME ...`: one. Results are written beside this file. */
const [name, ...args] = process.argv.slice(2)
const benchmarks: Record<string, () => Promise<unknown>> = {
  step: async () => (await import('./step/command.ts')).stepCommand(args),
  cluster: async () => (await import('./cluster/command.ts')).clusterCommand(args),
  convolutions: async () => (await import('./step/convolutions.ts')).compareConvolutions(args),
  boltzmann: async () => (await import('./boltzmann/command.ts')).boltzmannCommand(args),
  curves: async () => (await import('./curves/command.ts')).curvesCommand(args),
  explore: async () => (await import('./explore/command.ts')).exploreCommand(args),
  campaign: async () => (await import('./campaign/command.ts')).campaignCommand(args),
  import: async () => (await import('./import/command.ts')).importCommand(),
  embed: async () => (await import('./embed/command.ts')).embedCommand(args),
  readme: async () => (await import('./variantsTable.ts')).writeVariantsTable(),
  objective: async () => (await import('./objective/command.ts')).objectiveCommand(),
  regularizers: async () => (await import('./regularizers/command.ts')).regularizersCommand(),
  networks: async () => (await import('./regularizers/networks.ts')).networksCommand(args),
  table: async () => (await import('./table/command.ts')).tableCommand(),
  steps: async () => (await import('./step/peers.ts')).comparePeers(args),
}

try {
  if (name === undefined) {
    await benchmarks['steps']!()
  } else {
    const benchmark = benchmarks[name]
    if (!benchmark) throw new Error(`there is no benchmark “${name}”; choose one of ${Object.keys(benchmarks).join(', ')}`)
    await benchmark()
  }
} catch (thrown) {
  const error = toErrorInfo(thrown)
  console.log(JSON.stringify({ error }))
  process.exitCode = 1
}
