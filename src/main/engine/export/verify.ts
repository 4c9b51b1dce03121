import { WorkbenchError } from '../../../shared/errors.ts'
import type { OnnxValue } from './onnxModel.ts'
import { openSession, type OnnxSession, type RuntimeValue } from './onnxruntime.ts'

/** Rows as the file's input takes them: bytes of images, or reals. */
export type Rows = Uint8Array | Float32Array

/** An output of the network as it was computed elsewhere. */
interface ReferenceTensor {
  shape: number[]
  data: Float32Array
}

export interface Reference {
  /** `count` rows of real test data; fewer are the first of more. */
  testRows(count: number): Rows
  /** What the network gives for them, by output name. */
  outputs(rows: Rows, count: number): Record<string, ReferenceTensor>
}

/** The same of what another session computes. */
export type Outputs = (rows: Rows, count: number) => Promise<Record<string, ReferenceTensor>>
type AnyReference = Reference | (Pick<Reference, 'testRows'> & { outputs: Outputs })

/** Inputs and outputs that a file is to have. */
export interface Declared {
  inputs: OnnxValue[]
  outputs: OnnxValue[]
}

/** Batch sizes at which an exported file is compared with TensorFlow. */
export const verifiedBatches = [1, 7, 128] as const

/**
 * Largest difference allowed from a reference value: 1e-5 + 1e-4 of its size, which is the value's own or, where that is larger, the root
 * mean square of its unit over the images. Float32 rounds every product of a sum: what a unit's value is off by follows from the size of
 * what is added up, and not from the sum, which may happen to come out near 0. So of a unit whose values reach from -300 to 300 the value
 * 0.1 may be off by as much as its others.
 */
export const allowedDifference = (reference: number, unitScale = 0): number =>
  1e-5 + 1e-4 * Math.max(Math.abs(reference), unitScale)

/** Root mean square of every unit over the images: `data` [count, units]; 0 for a unit with a value that is not finite. */
export function unitScales(data: ArrayLike<number>, count: number): Float64Array {
  const units = data.length / count
  const squares = new Float64Array(units)
  for (let index = 0; index < data.length; index++) squares[index % units]! += data[index]! ** 2
  return squares.map((sum) => (Number.isFinite(sum) ? Math.sqrt(sum / count) : 0))
}

const disagrees = (how: string) =>
  new WorkbenchError(
    'EXPORT_DISAGREES',
    `No file was written, because onnxruntime does not reproduce the trained network: ${how}; please report it with the run's settings.`,
  )

const text = (value: { dtype?: string; type?: string; shape: readonly (number | string)[] }) =>
  `${value.dtype ?? value.type} [${value.shape.join(', ')}]`

function compareDeclarations(declared: readonly OnnxValue[], found: readonly RuntimeValue[]): void {
  const wanted = declared.map((value) => `${value.name} ${text(value)}`).join(', ')
  const seen = found.map((value) => `${value.name} ${text(value)}`).join(', ')
  if (wanted !== seen) throw disagrees(`onnxruntime sees ${seen} instead of ${wanted}`)
}

function requireShape(name: string, found: { type: string; shape: number[]; data: Rows }, wanted: ReferenceTensor): void {
  if (found.type !== 'float32' || found.shape.join() !== wanted.shape.join() || found.data.length !== wanted.data.length) {
    throw disagrees(`${name} is ${text(found)} instead of float32 [${wanted.shape.join(', ')}]`)
  }
}

/** Largest absolute difference of one output. @param scales of its units; null where every finite difference is allowed */
function compareOutput(
  name: string,
  found: { type: string; shape: number[]; data: Rows },
  wanted: ReferenceTensor,
  scales: Float64Array | null,
  count: number,
): number {
  requireShape(name, found, wanted)
  const units = wanted.data.length / count
  let largest = 0
  for (let index = 0; index < wanted.data.length; index++) {
    const reference = wanted.data[index]!
    const difference = Math.abs(found.data[index]! - reference)
    const allowed = scales === null ? Number.MAX_VALUE : allowedDifference(reference, scales[index % units])
    // Written so that what is not a number or not finite fails too.
    if (!(Number.isFinite(difference) && difference <= allowed)) {
      const row = Math.floor(index / units)
      const values = `${found.data[index]} in onnxruntime and ${reference} in the network`
      throw disagrees(
        `${name} is ${values} (image ${row + 1} of ${count})${scales === null ? '' : `, and ${allowed.toPrecision(2)} is allowed`}`,
      )
    }
    largest = Math.max(largest, difference)
  }
  return largest
}

/**
 * Loads a model, from a file or from its bytes. @throws WorkbenchError EXPORT_DISAGREES where onnxruntime does not take it, or
 * understands it in another way.
 */
export async function openDeclared(model: string | Uint8Array, declared: Declared): Promise<OnnxSession> {
  let session: OnnxSession
  try {
    session = await openSession(model)
  } catch (cause) {
    throw disagrees(`onnxruntime cannot load it (${String((cause as Error).message).split('\n')[0]})`)
  }
  try {
    compareDeclarations(declared.inputs, session.inputs)
    compareDeclarations(declared.outputs, session.outputs)
  } catch (thrown) {
    await session.close()
    throw thrown
  }
  return session
}

/** What a session gives for rows, in the form of a reference. */
export const outputsOf =
  (session: OnnxSession, { inputs: [input], outputs }: Declared): Outputs =>
  async (rows, count) => {
    const shape = input!.shape.map((size) => (typeof size === 'number' ? size : count))
    const found = await session.run({ [input!.name]: { type: input!.dtype, shape, data: rows } })
    return Object.fromEntries(
      outputs.map(({ name }) => {
        if (found[name] === undefined) throw disagrees(`there is no output ${name}`)
        return [name, found[name] as ReferenceTensor]
      }),
    )
  }

/**
 * Runs a model on real rows and compares it with the reference, at batch sizes 1, 7 and 128: types, shapes and every value, each within
 * `allowedDifference`. `strict: false` asks of the values only that they are finite: for files that are meant to differ.
 * @param beforeEach called before each batch; what it throws ends the comparison.
 * @returns the largest absolute difference.
 * @throws WorkbenchError EXPORT_DISAGREES saying where.
 */
export async function compareSession(
  session: OnnxSession,
  declared: Declared,
  reference: AnyReference,
  { beforeEach = () => {}, strict = true }: { beforeEach?: () => void; strict?: boolean } = {},
): Promise<number> {
  const most = Math.max(...verifiedBatches)
  const run = outputsOf(session, declared)
  const wantedOfAll = await reference.outputs(reference.testRows(most), most)
  const scales = Object.fromEntries(
    declared.outputs.map(({ name }) => {
      if (wantedOfAll[name] === undefined) throw disagrees(`there is no output ${name}`)
      return [name, unitScales(wantedOfAll[name].data, most)]
    }),
  )
  let largest = 0
  for (const count of verifiedBatches) {
    beforeEach()
    const rows = reference.testRows(count)
    const wanted = await reference.outputs(rows, count)
    const found = await run(rows, count)
    for (const { name } of declared.outputs) {
      largest = Math.max(
        largest,
        compareOutput(name, found[name] as ReferenceTensor & { type: string }, wanted[name]!, strict ? scales[name]! : null, count),
      )
    }
  }
  return largest
}

/** Loads a model and compares it as `compareSession` does. */
export async function verifyModel(
  model: string | Uint8Array,
  declared: Declared,
  reference: Reference,
  beforeEach: () => void = () => {},
): Promise<number> {
  const session = await openDeclared(model, declared)
  try {
    return await compareSession(session, declared, reference, { beforeEach })
  } finally {
    await session.close()
  }
}
