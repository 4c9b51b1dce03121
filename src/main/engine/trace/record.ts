/** What a recorded computation is: native TensorFlow operations in the order in which they ran. */

export type DType = 'float32' | 'int32' | 'bool' | 'uint8' | 'int64'

export interface TensorSpec {
  name: string
  shape: number[]
  dtype: DType
}

export type Attribute =
  | { kind: 'type'; value: DType }
  | { kind: 'bool'; value: boolean }
  | { kind: 'int'; value: number }
  | { kind: 'ints'; value: number[] }
  | { kind: 'float'; value: number }
  | { kind: 'floats'; value: number[] }
  | { kind: 'string'; value: string }
  | { kind: 'shape'; value: number[] }

export interface Operation {
  /** Unique within the record. */
  name: string
  /** TensorFlow's name of the operation, e.g. `MatMul`. */
  op: string
  /** Names of the tensors it reads: those of `inputs`, `weights`, `constants` or of other operations' outputs. */
  inputs: string[]
  attributes: Record<string, Attribute>
  /** The first output has the operation's name, further ones `name:1`, `name:2`. */
  outputs: TensorSpec[]
}

export interface Constant extends TensorSpec {
  data: Uint8Array
}

export interface Recording {
  /** Fed at every call. */
  inputs: TensorSpec[]
  /** Named weights (e.g. `encoder/0/kernel`) that the computation reads. */
  weights: TensorSpec[]
  /** Values that were in the code: scalars, axes, shapes. */
  constants: Constant[]
  operations: Operation[]
  /** Result name -> name of the tensor that holds it. */
  outputs: Record<string, string>
}
