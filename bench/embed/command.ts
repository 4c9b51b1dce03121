import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeDigits } from '../digitFiles.ts'
import { encodeModel, irVersion, opsetVersion, type OnnxNode } from '../../src/main/engine/export/onnxModel.ts'
import { encodeNpz } from '../../src/main/engine/explore/files/npz.ts'
import { initialValues } from '../../src/main/engine/network/initialise.ts'

const count = 10_000,
  sizes = [784, 512, 64]
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** An encoder 784-512-64 of drawn weights, as ONNX with image input and as the arrays that the other side loads. */
function drawnEncoder(): { onnx: Uint8Array; npz: Uint8Array } {
  const layers = sizes.slice(1).map((units, index) => {
    const shape = [sizes[index]!, units]
    return {
      shape,
      kernel: initialValues({ name: `encoder/${index}/kernel`, shape, role: 'kernel', scale: Math.sqrt(2 / sizes[index]!) }, 1),
      bias: initialValues({ name: `encoder/${index}/bias`, shape: [units], role: 'bias', scale: 0.1 }, 1),
    }
  })
  const bytes = (data: Float32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const node = (
    name: string,
    op: string,
    inputs: string[],
    outputs: string[],
    attributes: OnnxNode['attributes'] = {},
  ): OnnxNode => ({ name, op, inputs, outputs, attributes })
  const onnx = encodeModel({
    opset: opsetVersion,
    irVersion,
    producer: 'bench',
    producerVersion: '1',
    doc: '',
    metadata: {},
    graph: {
      name: 'encoder',
      intermediates: [],
      inputs: [{ name: 'image', dtype: 'uint8', shape: ['N', 28, 28, 1] }],
      outputs: [{ name: 'code', dtype: 'float32', shape: ['N', sizes.at(-1)!] }],
      initialisers: [
        { name: 'range', dtype: 'float32', shape: [], data: bytes(Float32Array.of(255)) },
        ...layers.flatMap(({ shape, kernel, bias }, index) => [
          { name: `kernel${index}`, dtype: 'float32' as const, shape, data: bytes(kernel) },
          { name: `bias${index}`, dtype: 'float32' as const, shape: [shape[1]!], data: bytes(bias) },
        ]),
      ],
      nodes: [
        node('float', 'Cast', ['image'], ['float'], { to: { kind: 'int', value: 1 } }),
        node('scale', 'Div', ['float', 'range'], ['scaled']),
        node('flatten', 'Flatten', ['scaled'], ['h0'], { axis: { kind: 'int', value: 1 } }),
        ...layers.flatMap((_, index) => {
          const last = index === layers.length - 1
          return [
            node(`dense${index}`, 'Gemm', [`h${index}`, `kernel${index}`, `bias${index}`], [last ? 'code' : `z${index}`]),
            ...(last ? [] : [node(`relu${index}`, 'Relu', [`z${index}`], [`h${index + 1}`])]),
          ]
        }),
      ],
    },
  })
  const npz = encodeNpz(
    Object.fromEntries(
      layers.flatMap(({ shape, kernel, bias }, index) => [
        [`kernel${index}`, { shape, data: kernel }],
        [`bias${index}`, { shape: [shape[1]!], data: bias }],
      ]),
    ),
  )
  return { onnx, npz }
}

/** Runs a program; seconds by the clock from start to end, and those that it says itself. */
function timed(program: string, args: string[]): { wall: number; own: number } {
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  const wall = (performance.now() - start) / 1000
  const own = Number(stdout.trim().split('\n').at(-1))
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`)
  return { wall, own: Number.isFinite(own) ? own : wall }
}

/**
 * `npm run bench -- embed`: the codes of 10,000 gray PNGs of 28x28 in ten folders by an encoder 784-512-64, by the embedding's
 * job, by the whole command line, and by a PyTorch loop with Pillow on all cores, in turn, each in processes of its own. The
 * codes of both are compared first.
 */
export function embedCommand(args: string[]): void {
  const rounds = Number(args[0] ?? 5)
  const python = process.env['WORKBENCH_TORCH_PYTHON'] ?? 'python3'
  const torch = spawnSync(python, ['-c', 'import PIL, torch; print(torch.__version__)'], { encoding: 'utf8' })
  const version = torch.status === 0 ? torch.stdout.trim() : null
  if (version === null) console.error(`PyTorch is left out: ${python} has no torch and Pillow; set WORKBENCH_TORCH_PYTHON.`)
  const place = mkdtempSync(join(tmpdir(), 'bench-embed-'))
  try {
    const images = join(place, 'images'),
      model = join(place, 'encoder.onnx'),
      weights = join(place, 'weights.npz')
    writeDigits(images, count)
    const { onnx, npz } = drawnEncoder()
    writeFileSync(model, onnx)
    writeFileSync(weights, npz)
    let turn = 0
    const out = () => join(place, `${turn++}.npz`)
    const job = () => {
      const work = join(place, `work-${turn}`)
      mkdirSync(work)
      const file = out()
      return { file, ...timed(process.execPath, [beside('once.ts'), model, images, work, file]) }
    }
    const cli = () =>
      timed(process.execPath, [
        beside('../../src/main/engine/cli.ts'),
        '--home',
        join(place, 'home'),
        'embed',
        model,
        '--path',
        images,
        '--out',
        out(),
      ])
    const peer = () => {
      const file = out()
      return { file, ...timed(python, [beside('torch_embed.py'), images, weights, file]) }
    }
    let difference: number | null = null
    if (version !== null) {
      const compare =
        'import numpy, sys; a, b = numpy.load(sys.argv[1]), numpy.load(sys.argv[2]); assert ' +
        '(a["paths"] == b["paths"]).all(); print(abs(a["codes"] - b["codes"]).max())'
      difference = Number(spawnSync(python, ['-c', compare, job().file, peer().file], { encoding: 'utf8' }).stdout)
    }
    const contenders = [
      { who: 'embedding', run: job },
      { who: 'embedding, whole command', run: cli },
      ...(version === null ? [] : [{ who: `PyTorch ${version} and Pillow`, run: peer }]),
    ].map((contender) => ({ ...contender, own: [] as number[], wall: [] as number[] }))
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        const { own, wall } = contender.run()
        contender.own.push(own)
        contender.wall.push(wall)
      }
    }
    const fixed = (values: number[]) =>
      `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`
    const table = [
      '# What an embedding costs',
      '',
      `Codes of ${count.toLocaleString('en')} gray PNGs of 28x28 in ten folders by an encoder ` +
        `784-512-64, written as .npz; ${rounds} rounds in turn, each in processes of its own`,
      `(${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ` +
        `${new Date().toISOString().slice(0, 10)}). The work: without the start of the first process and what it ` +
        'loads; that of the decoding',
      'processes, which both sides start, is included. The files are in the page cache for ' +
        `both.${
          difference === null || Number.isNaN(difference)
            ? ''
            : ` The codes of the two differ by at most ${difference.toPrecision(2)}.`
        }`,
      '',
      '| | seconds of work, median (range) | images/s | seconds from start to end |',
      '|---|---|---|---|',
      ...contenders.map(
        ({ who, own, wall }) =>
          `| ${who} | ${fixed(own)} | ${Math.round(count / median(own)).toLocaleString('en')} | ${fixed(wall)} |`,
      ),
      '',
    ].join('\n')
    console.log(table)
    writeFileSync(beside('../embed.md'), table)
    console.log(
      JSON.stringify({
        rounds,
        cores: availableParallelism(),
        difference,
        rows: contenders.map(({ who, own, wall }) => ({ who, own, wall })),
      }),
    )
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
