import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mnistFolder } from '../mnist.ts'

const here = import.meta.dirname
const visible = 784,
  hidden = 1000,
  batch = 128,
  steps = 300

interface Contender {
  title: string
  command: string
  args: string[]
}

/**
 * `bench -- boltzmann [--rounds N]`: a step of contrastive divergence on 784 x 1000 against its arithmetic alone, and against
 * PyTorch, in turn.
 */
export function boltzmannCommand(args: string[]): void {
  const { values } = parseArgs({ args, options: { rounds: { type: 'string', default: '5' } } })
  const python = process.env['WORKBENCH_TORCH_PYTHON'] ?? 'python3'
  const hasTorch = spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0
  if (!hasTorch) console.error(`PyTorch is left out: ${python} has no torch; set WORKBENCH_TORCH_PYTHON.`)
  const contenders: Contender[] = [
    {
      title: 'five matrix products alone',
      command: process.execPath,
      args: [join(here, 'arithmetic.ts'), ...[visible, hidden, batch, steps].map(String)],
    },
    {
      title: 'this project, CD-1',
      command: process.execPath,
      args: [
        join(here, '..', 'bench.ts'),
        'step',
        '--variant',
        'rbm',
        '--set',
        `network.layers=${hidden}`,
        '--set',
        `training.batchSize=${batch}`,
        '--steps',
        String(steps),
        '--json',
      ],
    },
    ...(hasTorch
      ? [
          {
            title: 'PyTorch, CD-1',
            command: python,
            args: [
              join(here, 'torch_cd.py'),
              '--images',
              join(mnistFolder, 'train-images-idx3-ubyte'),
              '--hidden',
              String(hidden),
              '--batch',
              String(batch),
              '--steps',
              String(steps),
            ],
          },
        ]
      : []),
  ]
  const times = contenders.map((): number[] => [])
  for (let round = 1; round <= Number(values.rounds); round++) {
    contenders.forEach(({ command, args: own }, index) => {
      const output = execFileSync(command, own, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      times[index]!.push((JSON.parse(output.trim().split('\n').at(-1)!) as { msPerStep: number }).msPerStep)
    })
    console.error(
      `round ${round}: ${contenders.map(({ title }, index) => `${title} ${times[index]!.at(-1)!.toFixed(2)} ms`).join(', ')}`,
    )
  }
  const least = times.map((own) => Math.min(...own))
  const median = times.map((own) => own.toSorted((a, b) => a - b)[Math.floor(own.length / 2)]!)
  const rows = contenders.map(
    ({ title }, index) =>
      `| ${title} | ${least[index]!.toFixed(2)} | ${median[index]!.toFixed(2)} | ${(least[index]! / least[0]!).toFixed(2)} |`,
  )
  const table = `# Contrastive divergence, one step of ${visible} x ${hidden} units, batch ${batch}

Contenders in turn, ${values.rounds} rounds of ${steps} steps; the least and the median of each one's times.
The first row is the arithmetic limit: the products of the same
shapes by the same library, nothing else. ${cpus()[0]!.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}.

| | least ms | median ms | of the limit |
|---|---|---|---|
${rows.join('\n')}
`
  console.log(table)
  writeFileSync(join(here, '..', 'boltzmann.md'), table)
}
