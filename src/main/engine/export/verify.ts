import { WorkbenchError } from '../../../shared/errors.ts'
import type { OnnxValue } from './onnxModel.ts'
import { openSession, type OnnxSession, type RuntimeValue } from './onnxruntime.ts'

/** Rows as the file's input takes them: bytes of images, or reals. */
export type Rows = Uint8Array | Float32Array

/** An output of the network as TensorFlow computed it. */
export interface ReferenceTensor { shape: number[]; data: Float32Array }

export interface Reference {
  /** `count` rows of real test data. */
  testRows(count: number): Rows
  /** What the network gives for them, by output name. */
  outputs(rows: Rows, count: number): Record<string, ReferenceTensor>
}

/** Batch sizes at which an exported file is compared with TensorFlow. */
export const verifiedBatches = [1, 7, 128] as const

/** Largest difference allowed from a reference value. */
export const allowedDifference = (reference: number): number => 1e-5 + 1e-4 * Math.abs(reference)

const disagrees = (how: string) => new WorkbenchError(
  'EXPORT_DISAGREES',
  `No file was written, because onnxruntime does not reproduce the trained network: ${how}; please report it with the run's settings.`,
)

const text = (value: { dtype?: string; type?: string; shape: readonly (number | string)[] }) => `${value.dtype ?? value.type} [${value.shape.join(', ')}]`

function compareDeclarations(declared: readonly OnnxValue[], found: readonly RuntimeValue[]): void {
  const wanted = declared.map((value) => `${value.name} ${text(value)}`).join(', ')
  const seen = found.map((value) => `${value.name} ${text(value)}`).join(', ')
  if (wanted !== seen) throw disagrees(`onnxruntime sees ${seen} instead of ${wanted}`)
}

/** Largest absolute difference of one output. */
function compareOutput(name: string, found: { type: string; shape: number[]; data: Rows }, wanted: ReferenceTensor, count: number): number {
  if (found.type !== 'float32' || found.shape.join() !== wanted.shape.join() || found.data.length !== wanted.data.length) {
    throw disagrees(`${name} is ${text(found)} instead of float32 [${wanted.shape.join(', ')}]`)
  }
  let largest = 0
  for (let index = 0; index < wanted.data.length; index++) {
    const reference = wanted.data[index]!
    const difference = Math.abs(found.data[index]! - reference)
    // Written so that what is not a number or not finite fails too.
    if (!(Number.isFinite(difference) && difference <= allowedDifference(reference))) {
      const row = Math.floor(index / (wanted.data.length / count))
      const values = `${found.data[index]} in onnxruntime and ${reference} in TensorFlow`
      throw disagrees(`${name} is ${values} (image ${row + 1} of ${count}), and ${allowedDifference(reference).toPrecision(2)} is allowed`)
    }
    largest = Math.max(largest, difference)
  }
  return largest
}

/**
 * Runs a file in onnxruntime on real rows and compares it with the reference, at batch sizes 1, 7 and 128: names, types, shapes
 * and every value, each within 1e-5 + 1e-4 of the reference's size.
 * @param beforeEach called before each batch; what it throws ends the comparison.
 * @returns the largest absolute difference.
 * @throws WorkbenchError EXPORT_DISAGREES saying where.
 */
export async function verifyFile(
  file: string, declared: { inputs: OnnxValue[]; outputs: OnnxValue[] }, reference: Reference, beforeEach: () => void = () => {},
): Promise<number> {
  let session: OnnxSession
  try {
    session = await openSession(file)
  } catch (cause) {
    throw disagrees(`onnxruntime cannot load it (${String((cause as Error).message).split('\n')[0]})`)
  }
  try {
    compareDeclarations(declared.inputs, session.inputs)
    compareDeclarations(declared.outputs, session.outputs)
    const [input] = declared.inputs
    let largest = 0
    for (const count of verifiedBatches) {
      beforeEach()
      const rows = reference.testRows(count)
      const shape = input!.shape.map((size) => (typeof size === 'number' ? size : count))
      const wanted = reference.outputs(rows, count)
      const found = await session.run({ [input!.name]: { type: input!.dtype, shape, data: rows } })
      for (const { name } of declared.outputs) {
        if (wanted[name] === undefined || found[name] === undefined) throw disagrees(`there is no output ${name}`)
        largest = Math.max(largest, compareOutput(name, found[name], wanted[name], count))
      }
    }
    return largest
  } finally {
    await session.close()
  }
}
