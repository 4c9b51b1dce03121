import { WorkbenchError } from '../../../shared/errors.ts'
import type { DType } from '../trace/record.ts'
import type { DynamicConstant, DynamicOperation, DynamicRecording } from './dynamicRecording.ts'

/** The values of one weight, row by row. */
interface WeightValue {
  shape: number[]
  data: Float32Array
}

/** Where the values come from that do not depend on the input. */
export interface ValueSource {
  weights: Record<string, WeightValue>
  /** Outputs of operations that depend on weights and constants only, by tensor name; elements as bytes. */
  folded: ReadonlyMap<string, { shape: number[]; data: Uint8Array }>
}

export interface LoadedConstant {
  dtype: DType
  shape: number[]
  data: Uint8Array
  /** The weight that it is, or that it was computed from without changing shape: what a reader would call it. */
  weight: string | null
}

/** Operations whose outputs differ from call to call, so that no value of theirs may be frozen. */
const random = /Random|Multinomial|TruncatedNormal/

const bytesOf = (data: Float32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/**
 * What a value that was computed from these weights is called after: the only one, or of a layer that is normalised its kernel or
 * its bias.
 */
function mainOf(origins: readonly string[]): string | undefined {
  const layers = new Set(origins.map((name) => name.replace(/^state\//, '').replace(/[^/]*$/, '')))
  const [layer] = layers
  if (origins.length < 2 || layers.size > 1) return origins.length === 1 ? origins[0] : undefined
  return [`${layer}kernel`, `${layer}bias`].find((name) => origins.includes(name))
}

/** Knows which tensors of a recording are the same at every call, and their values. */
export class Constants {
  readonly #source: ValueSource
  readonly #constants: Map<string, DynamicConstant>
  readonly #weights: Set<string>
  readonly #makers = new Map<string, DynamicOperation>()
  /** Constant tensor -> the weights that it depends on. */
  readonly #origins = new Map<string, Set<string>>()

  constructor(recording: DynamicRecording, source: ValueSource) {
    this.#source = source
    this.#constants = new Map(recording.constants.map((constant) => [constant.name, constant]))
    this.#weights = new Set(recording.weights.map((weight) => weight.name))
    for (const name of this.#constants.keys()) this.#origins.set(name, new Set())
    for (const name of this.#weights) this.#origins.set(name, new Set([name]))
    for (const operation of recording.operations) {
      if (random.test(operation.op) || !operation.inputs.every((input) => this.has(input))) continue
      const origins = new Set(operation.inputs.flatMap((input) => [...this.#origins.get(input)!]))
      for (const output of operation.outputs) {
        this.#origins.set(output.name, origins)
        this.#makers.set(output.name, operation)
      }
    }
  }

  has(name: string): boolean {
    return this.#origins.has(name)
  }

  /**
   * The matrix behind a constant, and whether it is to be read transposed: a tied decoder reads the encoder's kernel.
   */
  matrix(name: string): { name: string; transposed: boolean } {
    const maker = this.#makers.get(name)
    if (maker?.op === 'Identity') return this.matrix(maker.inputs[0]!)
    if (maker?.op === 'Transpose' && maker.outputs[0]?.shape.length === 2) {
      const { data } = this.load(maker.inputs[1]!)
      const [first] = new Int32Array(data.slice().buffer)
      const inner = this.matrix(maker.inputs[0]!)
      return { name: inner.name, transposed: first === 1 ? !inner.transposed : inner.transposed }
    }
    return { name, transposed: false }
  }

  /**
   * @throws WorkbenchError EXPORT_UNSUPPORTED for a value that belongs to one batch size.
   */
  load(name: string): LoadedConstant {
    const constant = this.#constants.get(name)
    if (constant !== undefined) {
      return { dtype: constant.dtype, shape: this.#fixedShape(constant), data: this.#fixedData(constant), weight: null }
    }
    if (this.#weights.has(name)) {
      const value = this.#source.weights[name]
      if (value === undefined)
        throw new WorkbenchError(
          'CHECKPOINT_DAMAGED',
          `The checkpoint has no weight ${name}; export another checkpoint or train again.`,
        )
      return { dtype: 'float32', shape: value.shape, data: bytesOf(value.data), weight: name }
    }
    const maker = this.#makers.get(name)!
    this.#refuseBatchSizes(maker, new Set())
    const output = maker.outputs.find((each) => each.name === name)!
    const value = this.#source.folded.get(name)
    if (value === undefined)
      throw new WorkbenchError(
        'INTERNAL',
        `The value of ${name} (${maker.op}) was not recorded; please report it with the run's settings.`,
      )
    const origin = mainOf([...this.#origins.get(name)!])
    const sameShape = origin !== undefined && this.#source.weights[origin]?.shape.join() === value.shape.join()
    return { dtype: output.dtype, shape: value.shape, data: value.data, weight: sameShape ? origin : null }
  }

  #fixedShape(constant: DynamicConstant): number[] {
    return constant.shape.map((size) => {
      if (typeof size !== 'number') throw this.#belongsToBatch(constant.name)
      return size
    })
  }

  #fixedData(constant: DynamicConstant): Uint8Array {
    if (constant.data === null) throw this.#belongsToBatch(constant.name)
    return constant.data
  }

  /** A folded value must not come from a constant that changes with the batch. */
  #refuseBatchSizes(operation: DynamicOperation, seen: Set<string>): void {
    for (const input of operation.inputs) {
      if (seen.has(input)) continue
      seen.add(input)
      const constant = this.#constants.get(input)
      if (constant !== undefined) this.#fixedData(constant)
      const maker = this.#makers.get(input)
      if (maker !== undefined) this.#refuseBatchSizes(maker, seen)
    }
  }

  #belongsToBatch(name: string): WorkbenchError {
    return new WorkbenchError(
      'EXPORT_UNSUPPORTED',
      'This network cannot be exported for any number of images: its constant ' +
        `${name} depends on it; please report it with the run's settings.`,
    )
  }
}
